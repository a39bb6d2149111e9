//! The article above an entry's updates.

use domain::Article;

use crate::SafeHtml;

/// An article to store, as [`Newsroom::render_article`](crate::Newsroom::render_article) rendered
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedArticle {
    /// The text as its author wrote it; empty for no article.
    pub(crate) source: Article,
    /// The HTML for readers; empty for no article.
    pub(crate) html: SafeHtml,
    /// What was removed from the text for safety, as in [`Rendered`](crate::Rendered).
    pub removed: Vec<String>,
}
