//! The JSON of every message. Clients of other people depend on it: it may only gain fields.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::json;

use super::*;

/// A value parsed by serde, in place of the browser's.
struct Json(serde_json::Value);

impl Value for Json {
    fn get(&self, name: &str) -> Option<Self> {
        let field = self.0.get(name)?;
        (!field.is_null()).then(|| Self(field.clone()))
    }

    fn string(&self) -> Option<String> {
        self.0.as_str().map(str::to_owned)
    }

    fn integer(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn items(&self) -> Option<impl Iterator<Item = Self>> {
        Some(self.0.as_array()?.clone().into_iter().map(Self))
    }
}

fn decode<T: Decode>(json: &serde_json::Value) -> Option<T> {
    T::decode(&Json(json.clone()))
}

/// Asserts that `message` is written as `json`, and read from it by serde and by the browser, also
/// with fields that a later release may add.
fn assert_json<T>(message: &T, json: &str)
where
    T: Decode + Serialize + DeserializeOwned + PartialEq + Debug,
{
    assert_eq!(serde_json::to_string(message).unwrap(), json);
    let mut value: serde_json::Value = serde_json::from_str(json).unwrap();
    for _ in 0..2 {
        assert_eq!(
            &serde_json::from_value::<T>(value.clone()).unwrap(),
            message
        );
        assert_eq!(decode::<T>(&value).as_ref(), Some(message));
        value["added_later"] = json!({ "by": "another release" });
    }
}

fn epoch() -> Epoch {
    Epoch::parse("k3f9").unwrap()
}

fn card() -> Change {
    Change::Upserted(Upserted {
        id: UpdateId(4),
        rev: 9,
        entry_id: EntryId(1),
        posted_at: Timestamp(1_795_000_000_000_000),
        html: r#"<article id="update-4"></article>"#.to_owned(),
    })
}

fn entry() -> EntryChange {
    EntryChange {
        id: EntryId(1),
        rev: 8,
        state: EntryState::Live,
        title: "The “final”".to_owned(),
        since: "Since 20 November 2026, 14:00 CET".to_owned(),
        since_html: String::new(),
        slug: "final".to_owned(),
        summary: String::new(),
        time_zone: "Europe/Paris".to_owned(),
        language: Language::new_unchecked("fr"),
        default_order: Order::Latest,
        highlights: String::new(),
        article: None,
        summary_html: String::new(),
    }
}

const ENTRY: &str = r#"{"id":1,"rev":8,"state":"live","title":"The “final”","since":"Since 20 November 2026, 14:00 CET","slug":"final","summary":"","time_zone":"Europe/Paris","language":"fr","default_order":"latest"}"#;

#[test]
fn changes() {
    let deleted = Deleted {
        id: UpdateId(4),
        rev: 9,
    };
    assert_json(
        &Change::Deleted(deleted),
        r#"{"id":4,"rev":9,"deleted":true}"#,
    );
    assert_json(
        &card(),
        r#"{"id":4,"rev":9,"entry_id":1,"posted_at":1795000000000000,"html":"<article id=\"update-4\"></article>"}"#,
    );
}

#[test]
fn entries() {
    assert_json(&entry(), ENTRY);
    let all = EntryChange {
        since_html: "<time></time>".to_owned(),
        highlights: "<nav></nav>".to_owned(),
        article: Some("<div></div>".to_owned()),
        summary_html: "<li></li>".to_owned(),
        ..entry()
    };
    let json = ENTRY
        .replace(r#","slug""#, r#","since_html":"<time></time>","slug""#)
        .replace(
            '}',
            r#","highlights":"<nav></nav>","article":"<div></div>","line":"<li></li>"}"#,
        );
    assert_json(&all, &json);
    let without_article = EntryChange {
        article: Some(String::new()),
        ..entry()
    };
    let json = ENTRY.replace('}', r#","article":""}"#);
    assert_json(&without_article, &json);
}

#[test]
fn batches() {
    let batch = Batch {
        epoch: epoch(),
        from: 7,
        to: 9,
        head: 12,
        more: true,
        changes: vec![card()],
        entry: None,
        entries: Vec::new(),
        room: None,
    };
    let card = serde_json::to_string(&card()).unwrap();
    let start =
        format!(r#"{{"epoch":"k3f9","from":7,"to":9,"head":12,"more":true,"changes":[{card}]"#);
    assert_json(&batch, &format!("{start}}}"));
    let of_entry = Batch {
        entry: Some(Box::new(entry())),
        ..batch.clone()
    };
    assert_json(&of_entry, &format!(r#"{start},"entry":{ENTRY}}}"#));
    let of_all = Batch {
        entries: vec![entry()],
        ..batch
    };
    assert_json(&of_all, &format!(r#"{start},"entries":[{ENTRY}]}}"#));
}

#[test]
fn heads_resets_and_goodbyes() {
    let head = Head {
        epoch: epoch(),
        head: 1207,
        state: EntryState::Ended,
        interval_ms: 5_000,
        transport: Transport::WebSocket,
        build: "b1".to_owned(),
        now: Timestamp(1_795_000_000_000_000),
    };
    assert_json(
        &head,
        r#"{"epoch":"k3f9","head":1207,"state":"ended","interval_ms":5000,"transport":"websocket","build":"b1","now":1795000000000000}"#,
    );
    assert_json(
        &Reset::new(epoch(), 7),
        r#"{"reset":true,"epoch":"k3f9","head":7}"#,
    );
    assert_json(&Bye { ended: true }, r#"{"ended":true}"#);
}

/// A change that is skipped while the cursor moves on would be lost.
#[test]
fn batch_with_a_malformed_part_is_not_decoded() {
    let batch = json!({
        "epoch": "k3f9", "from": 7, "to": 9, "head": 9, "more": false, "changes": [],
        "entry": serde_json::from_str::<serde_json::Value>(ENTRY).unwrap(), "entries": null,
    });
    assert!(decode::<Batch>(&batch).is_some());
    for (field, wrong) in [
        ("epoch", json!("K3F9")),
        ("epoch", json!(null)),
        ("from", json!("7")),
        ("more", json!(1)),
        ("changes", json!({})),
        ("changes", json!([{"id": 4, "rev": 9}])),
        (
            "changes",
            json!([{"id": 4, "rev": 9, "deleted": false, "html": ""}]),
        ),
        ("entry", json!({"id": 1})),
        ("entries", json!([{"id": 1}])),
    ] {
        let mut batch = batch.clone();
        batch[field] = wrong.clone();
        assert_eq!(decode::<Batch>(&batch), None, "{field}: {wrong}");
    }
    // A word that a later release adds.
    let mut batch = batch;
    batch["entry"]["state"] = json!("paused");
    assert_eq!(decode::<Batch>(&batch), None);
}
