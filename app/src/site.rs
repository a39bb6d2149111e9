//! The site's settings that pages show.

use domain::Language;
use leptos::prelude::expect_context;

/// The site's settings, as the operator configured them.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The site's URL for readers: a scheme and a host, without a slash at the end.
    pub url: String,
    /// The language of entries without a language of their own.
    pub language: Language,
    /// Whether some readers have no stream of their own that the server can count: they read
    /// through a proxy, which may share streams, or they poll.
    pub has_uncounted_readers: bool,
}

impl Site {
    /// Returns the settings for the page that is being rendered.
    pub fn current() -> Self {
        expect_context()
    }
}
