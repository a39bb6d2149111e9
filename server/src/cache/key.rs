//! Finds the public page at a URL, and the canonical form of the URL.

use axum::http::{HeaderValue, Uri};
use domain::{EntryId, FeedId, Order, Slug, UpdateId};
use newsroom::feed::{FeedHead, Hub};
use percent_encoding::percent_decode_str;

/// The `Cache-Control` of pages. Browsers revalidate each time; a proxy may reuse a response for
/// two seconds.
const PAGE: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");
/// The `Cache-Control` of responses for simple pollers, which may be ten seconds old.
const BLOCK: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=10");

/// The result of looking up a URL.
pub enum Target {
    /// The URL of a public page.
    Page(PublicPage),
    /// Another spelling of a public page's URL. Redirect to this one.
    Redirect(String),
    /// Not the URL of a public page.
    NotFound,
}

/// A public page that may be rendered or in the cache.
pub struct PublicPage {
    /// Its canonical URL, without parameters that the page ignores.
    pub uri: String,
    /// The head of its feed.
    pub feed: FeedHead,
    /// The `Cache-Control` of the response.
    pub caching: HeaderValue,
    /// The entry, and the id in the `since` parameter, which need not be the id of an update.
    pub since: Option<(EntryId, UpdateId)>,
}

impl PublicPage {
    fn new(uri: impl Into<String>, feed: FeedHead, caching: HeaderValue) -> Self {
        Self {
            uri: uri.into(),
            feed,
            caching,
            since: None,
        }
    }
}

/// Returns the public page at `uri`.
pub fn find(hub: &Hub, uri: &Uri) -> Target {
    let query = uri.query();
    let redirect_to = |path: &str| match query {
        Some(query) => Target::Redirect(format!("{path}?{query}")),
        None => Target::Redirect(path.to_owned()),
    };
    let path = uri.path();
    if !path.contains('%') {
        return match find_plain(hub, path, query) {
            Some(Target::Redirect(path)) => redirect_to(&path),
            target => target.unwrap_or(Target::NotFound),
        };
    }
    // No canonical path contains a percent sign.
    let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
        return Target::NotFound;
    };
    if decoded.contains('%') {
        return Target::NotFound;
    }
    match find_plain(hub, &decoded, None) {
        Some(Target::Page(_)) => redirect_to(&decoded),
        Some(Target::Redirect(path)) => redirect_to(&path),
        _ => Target::NotFound,
    }
}

/// Returns the public page at a path without percent signs. A redirect has no query.
fn find_plain(hub: &Hub, path: &str, query: Option<&str>) -> Option<Target> {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    let page = match *parts.as_slice() {
        ["" | "live"] => PublicPage::new(path, hub.head(FeedId::All)?, PAGE),
        ["entries", slug] => {
            let feed = feed_of(hub, slug)?;
            let order = first(query, "order").and_then(|order| order.parse::<Order>().ok());
            match order {
                Some(order) => PublicPage::new(format!("{path}?order={order}"), feed, PAGE),
                None => PublicPage::new(path, feed, PAGE),
            }
        }
        ["entries", slug, "updates", id] => {
            let feed = feed_of(hub, slug)?;
            let number = number(id)?;
            if !is_canonical(id) {
                let path = format!("/entries/{slug}/updates/{number}");
                return Some(Target::Redirect(path));
            }
            PublicPage::new(path, feed, PAGE)
        }
        ["updates", id, ""] => {
            let number = number(id)?;
            if !is_canonical(id) {
                return Some(Target::Redirect(format!("/updates/{number}/")));
            }
            let feed = hub.head(FeedId::Entry(EntryId(number)))?;
            PublicPage::new(path, feed, BLOCK)
        }
        ["updates", file] => {
            let id = file.strip_suffix(".json")?;
            let number = number(id)?;
            if !is_canonical(id) {
                return Some(Target::Redirect(format!("/updates/{number}.json")));
            }
            let entry = EntryId(number);
            let feed = hub.head(FeedId::Entry(entry))?;
            let mut page = PublicPage::new(path, feed, BLOCK);
            if let Some(since) = first(query, "since") {
                // The route rejects an invalid one.
                let since = since.parse::<i64>().ok().filter(|since| *since >= 0)?;
                page.since = Some((entry, UpdateId(since)));
            }
            page
        }
        _ => return None,
    };
    Some(Target::Page(page))
}

/// Returns the head of the feed of the public entry with exactly this slug.
fn feed_of(hub: &Hub, slug: &str) -> Option<FeedHead> {
    let known = Slug::parse(slug).ok().filter(|it| it.as_str() == slug)?;
    let (_, feed) = hub.find(&known)?;
    Some(feed)
}

/// Parses a number in a path, in any spelling.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

/// Returns whether a number is in its canonical spelling.
fn is_canonical(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
}

/// Returns the first value of the parameter `name`.
fn first(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_has_one_canonical_spelling() {
        for (text, expected) in [
            ("0", Some((0, true))),
            ("70", Some((70, true))),
            ("070", Some((70, false))),
            ("+7", Some((7, false))),
            ("-0", Some((0, false))),
            ("-7", None),
            ("", None),
            ("9223372036854775808", None),
        ] {
            let parsed = number(text).map(|number| (number, is_canonical(text)));
            assert_eq!(parsed, expected, "{text}");
        }
    }
}
