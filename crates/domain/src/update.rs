//! An update: what its parts may be.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Rev, hygiene,
    text::{id_type, parsed_text, text_type, word_enum},
};

id_type!(
    /// The number of an update.
    UpdateId
);

text_type!(
    /// What an author wrote: Markdown, with HTML that the engine will make safe.
    Source, "source", "The update", 1..=50_000, Many
);

text_type!(
    /// A line above an update.
    Headline, "headline", "The headline", 1..=200, One
);

word_enum!(
    /// What an editor may say of an update, beside what it says itself.
    Mark as "mark" {
        /// It is one of the moments that the entry is about: listed at the top.
        Key = "key",
        /// It is what everybody should see: shown at the top. One update of an entry is, at most.
        Pinned = "pinned",
    }
);

impl Headline {
    /// Takes in what was typed; an empty headline is none.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse_if_any(text: &str) -> Result<Option<Self>, Invalid> {
        match &*hygiene::clean_line(text) {
            "" => Ok(None),
            text => Self::parse(text).map(Some),
        }
    }
}

/// An update as its author means it to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The text.
    pub source: Source,
    /// The line above it, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<Headline>,
}

impl Draft {
    /// Takes in what was typed; an empty headline is none.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(source: &str, headline: &str) -> Result<Self, Invalid> {
        Ok(Self {
            headline: Headline::parse_if_any(headline)?,
            source: Source::parse(source)?,
        })
    }
}

/// The client's own name for one act of posting, so that a double click or a retry publishes once:
/// 8 to 100 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpId(String);

impl OpId {
    /// Takes an operation's name in.
    ///
    /// # Errors
    /// If it is too short to be unique, too long, or holds other characters.
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

/// An update that is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedUpdate {
    /// The update's number.
    pub id: UpdateId,
    /// The revision it was published at.
    pub rev: Rev,
}

/// What the author's page is told once an update is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostResult {
    /// The update's number.
    pub id: UpdateId,
    /// The revision it was published at.
    pub rev: Rev,
    /// What its author typed and readers don't get, as in `iframe youtube.com`.
    #[serde(default)]
    pub removed: Vec<String>,
}

impl PostResult {
    /// The result of publishing `update` without what was `removed`.
    pub fn new(update: PostedUpdate, removed: Vec<String>) -> Self {
        let PostedUpdate { id, rev } = update;
        Self { id, rev, removed }
    }

    /// The update.
    pub const fn update(&self) -> PostedUpdate {
        PostedUpdate {
            id: self.id,
            rev: self.rev,
        }
    }
}

/// The sentence that tells an author what of an update readers don't get, as in `Not shown: an iframe
/// from youtube.com.`; `None` if they get everything.
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
    fn an_author_is_told_what_is_not_shown() {
        let told = |removed: &[&str]| {
            let removed: Vec<_> = removed.iter().map(ToString::to_string).collect();
            not_shown(&removed)
        };
        assert_eq!(told(&[]), None);
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
            assert_eq!(told(removed).as_deref(), Some(sentence));
        }
    }

    #[test]
    fn a_source_keeps_the_indentation_of_its_first_line() {
        let source = Source::parse("\n    06:10 doors\r\n    07:00 start\n").unwrap();
        assert_eq!(source.as_str(), "    06:10 doors\n    07:00 start");
        assert_eq!(Headline::parse_if_any(" \u{feff}\n"), Ok(None));
        assert!(Headline::parse_if_any("\u{200b}").is_err());
    }
}
