//! The feed's JSON, parsed with the browser's `JSON.parse`. serde would add a tenth to the code
//! that every reader loads. The types, and the serde format that the server writes, are in
//! `domain`.

use domain::{
    Batch, Change, Deleted, EntryChange, EntryId, Epoch, Head, Language, Rev, Timestamp, UpdateId,
    Upserted,
};
use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A type that can be parsed from the feed's JSON.
pub trait FromWire: Sized {
    /// Converts a JSON value. Returns `None` if it does not have this type's shape.
    fn from_wire(value: &JsonValue) -> Option<Self>;

    /// Parses JSON text.
    fn from_json(json: &str) -> Option<Self> {
        Self::from_wire(&JsonValue(JSON::parse(json).ok()?))
    }
}

/// A value returned by `JSON.parse`.
pub struct JsonValue(JsValue);

impl JsonValue {
    fn get(&self, name: &str) -> Option<Self> {
        let value = Reflect::get(&self.0, &JsValue::from_str(name)).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.0.as_string()
    }

    /// Returns a string field, or an empty string if the field is missing.
    fn text_or_empty(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Some(value) => value.0.as_string(),
            None => Some(String::new()),
        }
    }

    /// Returns a number field. Revisions and times are integers far below 2^53.
    #[expect(clippy::cast_possible_truncation, reason = "an integer far below 2^53")]
    fn number(&self, name: &str) -> Option<i64> {
        Some(self.get(name)?.0.as_f64()? as i64)
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.0.is_truthy())
    }

    fn list<T: FromWire>(&self, name: &str) -> Option<Vec<T>> {
        let Some(list) = self.get(name) else {
            return Some(Vec::new());
        };
        let list: Array = list.0.dyn_into().ok()?;
        list.iter()
            .map(|value| T::from_wire(&Self(value)))
            .collect()
    }

    fn epoch(&self) -> Option<Epoch> {
        Epoch::parse(&self.text("epoch")?).ok()
    }

    fn rev(&self, name: &str) -> Option<Rev> {
        self.number(name)
    }
}

impl FromWire for Batch {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        Some(Self {
            epoch: value.epoch()?,
            from: value.rev("from")?,
            to: value.rev("to")?,
            head: value.rev("head")?,
            more: value.is_true("more"),
            changes: value.list("changes")?,
            // A missing entry is valid, a malformed one is not: a change that is skipped while the
            // cursor moves on would be lost.
            entry: match value.get("entry") {
                Some(entry) => Some(Box::new(EntryChange::from_wire(&entry)?)),
                None => None,
            },
            entries: value.list("entries")?,
        })
    }
}

impl FromWire for Change {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        let id = UpdateId(value.number("id")?);
        let rev = value.rev("rev")?;
        Some(if value.is_true("deleted") {
            Self::Deleted(Deleted { id, rev })
        } else {
            Self::Upserted(Upserted {
                id,
                rev,
                entry_id: EntryId(value.number("entry_id")?),
                posted_at: Timestamp(value.number("posted_at")?),
                html: value.text("html")?,
            })
        })
    }
}

impl FromWire for EntryChange {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        Some(Self {
            id: EntryId(value.number("id")?),
            rev: value.rev("rev")?,
            state: value.text("state")?.parse().ok()?,
            title: value.text("title")?,
            since: value.text("since")?,
            since_html: value.text_or_empty("since_html")?,
            slug: value.text("slug")?,
            summary: value.text("summary")?,
            time_zone: value.text("time_zone")?,
            language: Language::new_unchecked(value.text("language")?),
            default_order: value.text("default_order")?.parse().ok()?,
            highlights: value.text_or_empty("highlights")?,
            summary_html: value.text_or_empty("line")?,
        })
    }
}

impl FromWire for Head {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        Some(Self {
            epoch: value.epoch()?,
            head: value.rev("head")?,
            state: value.text("state")?.parse().ok()?,
            interval_ms: value.number("interval_ms")?.try_into().ok()?,
            transport: value.text("transport")?.parse().ok()?,
            build: value.text("build")?,
            now: Timestamp(value.number("now")?),
        })
    }
}

/// A reset: the epoch in which the feed starts again.
pub struct ResetTo(pub Epoch);

impl FromWire for ResetTo {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        Some(Self(value.epoch()?))
    }
}

/// The payload of `bye`.
pub struct Goodbye {
    /// Whether the entry has ended; otherwise the server is shutting down, or can't read the feed.
    pub ended: bool,
}

impl FromWire for Goodbye {
    fn from_wire(value: &JsonValue) -> Option<Self> {
        Some(Self {
            ended: value.is_true("ended"),
        })
    }
}
