//! Renders the Markdown of authors.

use domain::Source;

use crate::{Newsroom, Rendered, Result, to_safe_html};

impl Newsroom {
    /// Renders `source`, and returns the HTML and what was removed. Check the caller's permission
    /// first, since rendering takes up to tens of milliseconds of a core.
    ///
    /// # Errors
    /// Returns [`Invalid`](crate::Error::Invalid) if the text nests too deeply or becomes too much
    /// HTML, and [`Busy`](crate::Error::Busy) if too many texts wait to be rendered.
    pub async fn render_markdown(&self, source: &Source) -> Result<Rendered> {
        let source = source.clone();
        Ok(self.rendering.run(move || to_safe_html(&source)).await??)
    }
}
