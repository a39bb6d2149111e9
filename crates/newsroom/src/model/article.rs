//! The article above an entry's updates.

use domain::{Article, Rev, Timestamp, Username};

use crate::SafeHtml;

/// An article to store, as [`Newsroom::render_article`](crate::Newsroom::render_article) rendered
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedArticle {
    /// The text as its author wrote it; empty for no article.
    pub(crate) source: Article,
    /// The HTML for readers; empty for no article.
    pub html: SafeHtml,
    /// What was removed from the text for safety, as in [`Rendered`](crate::Rendered).
    pub removed: Vec<String>,
}

/// An article with the text that its author wrote, to edit it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditableArticle {
    /// The text as its author wrote it; empty for no article.
    pub source: Article,
    /// The revision of the last change of the text.
    pub text_rev: Rev,
    /// Who changed the text last, if recorded.
    pub edited_by: Option<Username>,
    /// When the text was changed last, if recorded.
    pub edited_at: Option<Timestamp>,
}
