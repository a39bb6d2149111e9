//! What pages say of the site that they are on.

use domain::Language;
use leptos::prelude::expect_context;

/// The site, as whoever runs the server set it up.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// How readers reach it: a scheme and a host, without a slash at the end.
    pub url: String,
    /// The language of entries that have none of their own.
    pub language: Language,
}

impl Site {
    /// That of the page being rendered.
    pub fn current() -> Self {
        expect_context()
    }
}
