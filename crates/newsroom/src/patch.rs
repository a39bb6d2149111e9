//! What is to change of what is there; what is left out stays.

use domain::{Draft, Headline, Mark, Source};

/// What is to change of an update; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct UpdatePatch {
    /// What its author wrote.
    pub source: Option<Source>,
    /// The line above it, or that there is to be none.
    pub headline: Option<Option<Headline>>,
    /// Whether it is one of the entry's key moments.
    pub key: Option<bool>,
    /// Whether it is the one that is shown at the top as well.
    pub pinned: Option<bool>,
}

impl UpdatePatch {
    /// Another text and headline.
    pub fn text(draft: &Draft) -> Self {
        Self {
            source: Some(draft.source.clone()),
            headline: Some(draft.headline.clone()),
            ..Self::default()
        }
    }

    /// A mark that is set, or taken off.
    pub fn mark(mark: Mark, on: bool) -> Self {
        match mark {
            Mark::Key => Self {
                key: Some(on),
                ..Self::default()
            },
            Mark::Pinned => Self {
                pinned: Some(on),
                ..Self::default()
            },
        }
    }
}
