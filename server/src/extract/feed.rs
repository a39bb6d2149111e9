//! Parses what names a feed and a place in it.

use domain::{Cursor, FeedId};
use serde::Deserialize;

use crate::problem::Problem;

/// The query with the cursor after which changes are requested.
#[derive(Debug, Deserialize)]
pub struct Since {
    since: Option<String>,
}

impl Since {
    /// Parses the cursor, if there is one.
    ///
    /// # Errors
    /// 400 if it is malformed.
    pub fn cursor(&self) -> Result<Option<Cursor>, Problem> {
        Ok(self.since.as_deref().map(str::parse).transpose()?)
    }
}

/// Parses the id of a feed in a path.
///
/// # Errors
/// 404 if it is no feed's.
pub fn feed_id(text: &str) -> Result<FeedId, Problem> {
    let noun = if text.starts_with("room-") {
        "room"
    } else {
        "live blog"
    };
    text.parse()
        .map_err(|_| newsroom::Error::NotFound(noun).into())
}
