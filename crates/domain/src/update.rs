//! The parts of an update.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Rev, hygiene,
    text::{id_type, parsed_text, text_type, word_enum},
};

id_type!(
    /// The id of an update.
    UpdateId
);

text_type!(
    /// An author's text: Markdown with HTML, not sanitized.
    Source, "source", "The update", 1..=50_000, Many
);

text_type!(
    /// The headline of an update: one line.
    Headline, "headline", "The headline", 1..=200, One
);

word_enum!(
    /// How an editor can highlight an update.
    Mark as "mark" {
        /// A key update, listed above the entry's updates.
        Key = "key",
        /// The pinned update, shown above the entry's updates. An entry has at most one.
        Pinned = "pinned",
    }
);

impl Mark {
    /// Returns the marks that were chosen for an update.
    pub fn chosen(key: bool, pinned: bool) -> Vec<Self> {
        let marks = [(Self::Key, key), (Self::Pinned, pinned)];
        let chosen = marks
            .into_iter()
            .filter_map(|(mark, on)| on.then_some(mark));
        chosen.collect()
    }
}

impl Headline {
    /// Parses a headline that may be empty.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse_if_any(text: &str) -> Result<Option<Self>, Invalid> {
        match &*hygiene::clean_line(text) {
            "" => Ok(None),
            text => Self::parse(text).map(Some),
        }
    }
}

/// A new or edited update, as its author submits it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub source: Source,
    /// The headline, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
}

impl Draft {
    /// Parses the fields of a form. The headline may be empty.
    ///
    /// # Errors
    /// Returns a message for the person who entered them.
    pub fn parse(source: &str, headline: &str) -> Result<Self, Invalid> {
        Ok(Self {
            headline: Headline::parse_if_any(headline)?,
            source: Source::parse(source)?,
        })
    }
}

/// A client's identifier of one operation, so that a retry or a double click publishes only once: 8
/// to 100 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpId(String);

impl OpId {
    /// Parses an operation id.
    ///
    /// # Errors
    /// Returns an error if it is too short to be unique, too long, or contains other characters.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if plain && (8..=100).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new(
                "op_id",
                "The operation id must be 8 to 100 letters, digits, hyphens and underscores.",
            ))
        }
    }
}

parsed_text!(OpId);

/// A published update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedUpdate {
    /// The update's id.
    pub id: UpdateId,
    /// The revision of its publication.
    pub rev: Rev,
}

/// The response to a successful post.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostResult {
    /// The update's id.
    pub id: UpdateId,
    /// The revision of its publication.
    pub rev: Rev,
    /// What was removed from the author's text before publication, such as `iframe youtube.com`.
    #[serde(default)]
    pub removed: Vec<String>,
}

impl PostResult {
    /// Creates the result of publishing `update` without the parts that were `removed`.
    pub fn new(update: PostedUpdate, removed: Vec<String>) -> Self {
        let PostedUpdate { id, rev } = update;
        Self { id, rev, removed }
    }

    /// Returns the published update.
    pub const fn update(&self) -> PostedUpdate {
        PostedUpdate {
            id: self.id,
            rev: self.rev,
        }
    }
}

/// Returns a sentence that lists the removed parts of an update, such as `Not shown: an iframe from
/// youtube.com.`; `None` if nothing was removed.
pub fn not_shown(removed: &[String]) -> Option<String> {
    let (last, others) = removed.split_last()?;
    let others: Vec<_> = others.iter().map(|what| phrase(what)).collect();
    let separator = if others.is_empty() { "" } else { " and " };
    let others = others.join(", ");
    Some(format!("Not shown: {others}{separator}{}.", phrase(last)))
}

fn phrase(what: &str) -> String {
    let (kind, rest) = what.split_once(' ').unwrap_or((what, ""));
    if kind == "attribute" {
        return format!("the attribute {rest}");
    }
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    match (kind, rest) {
        (_, "") => format!("{article} {kind}"),
        ("link", _) => format!("{article} {kind} to {rest}"),
        _ => format!("{article} {kind} from {rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_parts_are_listed_in_one_sentence() {
        let sentence_of = |removed: &[&str]| {
            let removed: Vec<_> = removed.iter().map(ToString::to_string).collect();
            not_shown(&removed)
        };
        assert_eq!(sentence_of(&[]), None);
        for (removed, sentence) in [
            (
                &["iframe youtube.com"][..],
                "Not shown: an iframe from youtube.com.",
            ),
            (&["form"], "Not shown: a form."),
            (
                &["script", "link Reuters", "attribute style"],
                "Not shown: a script, a link to Reuters and the attribute style.",
            ),
        ] {
            assert_eq!(sentence_of(removed).as_deref(), Some(sentence));
        }
    }

    #[test]
    fn source_keeps_the_indentation_of_its_first_line() {
        let source = Source::parse("\n    06:10 gates\r\n    07:00 start\n").unwrap();
        assert_eq!(source.as_str(), "    06:10 gates\n    07:00 start");
        assert_eq!(Headline::parse_if_any(" \u{feff}\n"), Ok(None));
        assert!(Headline::parse_if_any("\u{200b}").is_err());
    }
}
