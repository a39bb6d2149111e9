//! Rendering of what pages and the feed share.
//!
//! - `card`: cards, highlights and summaries, rendered by the `app` crate.
//! - `list_part`: a cache of rendered parts of long lists.
//! - `markdown`, `pool`: Markdown, rendered on a bounded number of threads.

pub mod card;
pub mod list_part;
pub mod markdown;
pub mod pool;
