//! The keys of public pages in the cache: each public route declares how to derive the key of its
//! page from a URL.

use axum::http::{HeaderValue, Uri};
use domain::{EntryId, Slug, UpdateId};
use matchit::Params;
use newsroom::feed::{FeedHead, Hub};
use percent_encoding::percent_decode_str;

/// Returns the page at a URL of a route, or the canonical path of the page to redirect to; `None`
/// if no public page is there.
pub type CacheKey = fn(&PageUrl<'_>) -> Option<Target>;

/// A URL of a public route, without percent signs in its path.
pub struct PageUrl<'a> {
    /// The state of the feeds.
    pub hub: &'a Hub,
    /// The path.
    pub path: &'a str,
    params: Params<'a, 'a>,
    query: Option<&'a str>,
}

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
    /// Creates the page with the canonical URL `uri`, which depends on `feed`.
    pub fn new(uri: impl Into<String>, feed: FeedHead, caching: HeaderValue) -> Self {
        Self {
            uri: uri.into(),
            feed,
            caching,
            since: None,
        }
    }
}

impl PageUrl<'_> {
    /// Returns the parameter `name` of the route's path; empty if there is none.
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_default()
    }

    /// Returns the first value of the query parameter `name`.
    pub fn first(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query?.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Returns the head of the feed of the public entry whose slug is exactly `slug`.
    pub fn feed_of(&self, slug: &str) -> Option<FeedHead> {
        let known = Slug::parse(slug).ok().filter(|it| it.as_str() == slug)?;
        let (_, feed) = self.hub.find(&known)?;
        Some(feed)
    }
}

/// The keys of all public routes.
#[derive(Clone, Default)]
pub struct CacheKeys(matchit::Router<CacheKey>);

impl CacheKeys {
    /// Adds the key of the route at `path`.
    ///
    /// # Panics
    /// If there is such a route, as the router does.
    pub fn add(&mut self, path: &str, key: CacheKey) {
        if let Err(error) = self.0.insert(path, key) {
            panic!("the route {path} can't be added: {error}");
        }
    }

    /// Returns the public page at `uri`.
    pub fn find(&self, hub: &Hub, uri: &Uri) -> Target {
        let query = uri.query();
        let redirect_to = |path: &str| match query {
            Some(query) => Target::Redirect(format!("{path}?{query}")),
            None => Target::Redirect(path.to_owned()),
        };
        let path = uri.path();
        if !path.contains('%') {
            return match self.find_plain(hub, path, query) {
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
        match self.find_plain(hub, &decoded, None) {
            Some(Target::Page(_)) => redirect_to(&decoded),
            Some(Target::Redirect(path)) => redirect_to(&path),
            _ => Target::NotFound,
        }
    }

    /// Returns the public page at a path without percent signs. A redirect has no query.
    fn find_plain(&self, hub: &Hub, path: &str, query: Option<&str>) -> Option<Target> {
        let route = self.0.at(path).ok()?;
        let key = route.value;
        key(&PageUrl {
            hub,
            path,
            params: route.params,
            query,
        })
    }
}

/// Parses a number in a path, in any spelling.
pub fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number| *number >= 0)
}

/// Returns whether a number is in its canonical spelling.
pub fn is_canonical(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
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
