//! The `If-Match` and `ETag` headers of updates and entries (RFC 9110, sections 8.8.3 and 13.1.1).
//! An update, or an entry's article, is changed only if its text is the one that the client knows.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{
        HeaderName, StatusCode,
        header::{ETAG, IF_MATCH},
        request::Parts,
    },
};
use domain::{Cursor, Epoch, Rev};
use newsroom::Entry;
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::problem::Problem;

/// The `If-Match` header of a request. axum-extra's type is not used: it compares whole tags, but a
/// revision matches as long as the text is the same, whatever else changed after it.
#[derive(Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// There is none, or `*`: every text matches.
    Any,
    /// Strong entity tags of the form `{epoch}.{rev}` or `{rev}`. Other tags match nothing.
    Revisions(Vec<Tag>),
}

/// A revision, of any epoch if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    epoch: Option<Epoch>,
    rev: Rev,
}

impl IfMatch {
    /// Returns the base of an edit of `entry` or of its updates: the highest revision that the
    /// client knows, of those that exist. If any of them matches the text, so does this one.
    pub fn base(&self, entry: &Entry) -> Option<Cursor> {
        let Self::Revisions(tags) = self else {
            return None;
        };
        let mut cursors = tags
            .iter()
            .map(|tag| Cursor::new(tag.epoch.unwrap_or(entry.epoch), tag.rev));
        let exists = |base: &Cursor| base.epoch == entry.epoch && base.rev <= entry.head;
        let known = cursors.clone().filter(exists).max_by_key(|base| base.rev);
        Some(known.or_else(|| cursors.next()).unwrap_or(Cursor::NO_TEXT))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let lines = parts.headers.get_all(IF_MATCH).iter();
        let lines: Result<Vec<_>, _> = lines.map(|line| line.to_str()).collect();
        let if_match = lines.ok().and_then(|lines| parse(&lines));
        if_match.ok_or_else(|| {
            let sentence = "If-Match must be * or a list of entity tags in double quotes, such as \"k3f9.1207\" or \"1207\".";
            Problem::new(StatusCode::BAD_REQUEST, sentence)
        })
    }
}

/// Parses the lines of the header; `None` if they are malformed.
fn parse(lines: &[&str]) -> Option<IfMatch> {
    if lines.is_empty() || matches!(lines, [line] if line.trim() == "*") {
        return Some(IfMatch::Any);
    }
    let mut tags = Vec::new();
    let mut has_tags = false;
    for line in lines {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix(',') {
                rest = after.trim_start();
                continue;
            }
            let weak = rest.strip_prefix("W/");
            let (text, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
            has_tags = true;
            // A weak tag never matches (section 8.8.3.2).
            tags.extend(tag(text).filter(|_| weak.is_none()));
            rest = after.trim_start();
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }
    has_tags.then_some(IfMatch::Revisions(tags))
}

/// Parses `{epoch}.{rev}` or `{rev}`.
fn tag(text: &str) -> Option<Tag> {
    if let Ok(Cursor { epoch, rev }) = text.parse() {
        return Some(Tag {
            epoch: Some(epoch),
            rev,
        });
    }
    let with_epoch: Cursor = format!("0.{text}").parse().ok()?;
    Some(Tag {
        epoch: None,
        rev: with_epoch.rev,
    })
}

/// A response with an `ETag`.
pub type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// Returns the `ETag` header of a text that the client knows up to `base`.
pub fn etag(base: Cursor) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{base}\""))]
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The revision of the text that the client knows: the `ETag` of an earlier response, as \"{epoch}.{rev}\" or \"{rev}\", or several of them. If the text was changed after it, nothing is changed, and the response is 412. A change of other parts alone needs no match.";
        let header = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^\"([a-z0-9]{1,16}\\.)?(0|[1-9][0-9]{0,15})\"$"))
                    .examples(["\"k3f9.1207\""]),
            ));
        vec![header.build()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(lines: &[&str]) -> Option<Vec<String>> {
        match parse(lines)? {
            IfMatch::Any => Some(vec!["any".to_owned()]),
            IfMatch::Revisions(tags) => {
                let text = |tag: Tag| match tag.epoch {
                    Some(epoch) => format!("{epoch}.{}", tag.rev),
                    None => tag.rev.to_string(),
                };
                Some(tags.into_iter().map(text).collect())
            }
        }
    }

    #[test]
    fn revisions_are_taken_from_strong_tags() {
        for (lines, expected) in [
            (&[][..], &["any"][..]),
            (&["*"], &["any"]),
            (&[" * "], &["any"]),
            (&["\"k3f9.7\""], &["k3f9.7"]),
            (&["\"7\" , \"k3f9.8\",, "], &["7", "k3f9.8"]),
            (&["\"7\"", "\"8\""], &["7", "8"]),
            (&["W/\"7\", \"8\""], &["8"]),
            (&["\"\", \"a,b\", \"-7\", \"07\", \"*\""], &[]),
        ] {
            let expected: Vec<_> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(tags(lines), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn malformed_headers_are_rejected() {
        for line in [
            "",
            " , ",
            "7",
            "k3f9.7",
            "\"7",
            "\"7\" \"8\"",
            "w/\"7\"",
            "*, \"7\"",
            "'7'",
        ] {
            assert_eq!(tags(&[line]), None, "{line:?}");
        }
    }
}
