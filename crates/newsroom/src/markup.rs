//! Converts an author's Markdown and HTML to HTML that is safe for readers' browsers.
//!
//! The steps of [`to_safe_html`], and the modules behind them:
//!
//! 1. `markdown`: parses Markdown (comrak) with limits, and writes HTML. `definitions` and
//!    `footnotes` keep text that Markdown would hide.
//! 2. `authored`, `author_html`, `tags`, `elements`: keep the allowed part of the author's own
//!    HTML, and record the rest in `removed`.
//! 3. `parse_budget`: rejects HTML that a parser would turn into too many elements.
//! 4. `policy`: the allowed elements, attributes and URLs, and the sanitizer (ammonia).
//! 5. `tables` and `directions`: make tables scrollable by keyboard, and give blocks a direction.
//!    `headings` adapts the levels of an article's headings.
//!
//! `limits` has the limits and their messages; `plain_text` makes excerpts.

mod author_html;
mod authored;
mod definitions;
mod directions;
mod elements;
mod footnotes;
mod headings;
mod limits;
mod markdown;
mod parse_budget;
mod plain_text;
mod policy;
mod removed;
mod tables;
mod tags;
#[cfg(test)]
mod tests;

use std::{fmt, sync::LazyLock};

use domain::{Article, Invalid, Source};

use limits::{Exceeded, MAX_BYTES, MAX_PASSES, TooMuch};

pub use markdown::options as markdown_options;
pub use plain_text::cut;

/// The maximum length of an excerpt, in characters: about what search engines and previews show.
const EXCERPT: usize = 200;

/// HTML that can run no code. Only the sanitizer creates it, and only this type may be inserted
/// into a page unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeHtml {
    html: String,
    /// The first words as plain text.
    excerpt: String,
}

impl SafeHtml {
    /// Wraps stored results of [`to_safe_html`]. The excerpt is empty for updates of an older
    /// version, and is then computed.
    pub(crate) fn stored(html: String, excerpt: String) -> Self {
        if excerpt.is_empty() {
            return Self::of(html);
        }
        Self { html, excerpt }
    }

    /// Returns empty HTML.
    pub(crate) const fn empty() -> Self {
        Self {
            html: String::new(),
            excerpt: String::new(),
        }
    }

    fn of(html: String) -> Self {
        let excerpt = plain_text::plain_text(&html, EXCERPT);
        Self { html, excerpt }
    }

    /// Returns the HTML.
    pub fn as_str(&self) -> &str {
        &self.html
    }

    /// Returns the excerpt in the form to store.
    pub(crate) fn stored_excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Returns the HTML for one position in a page. `prefix`, such as `update-12`, is prepended to
    /// the ids of footnotes, so that they are unique in the page.
    pub fn in_place(&self, prefix: &str) -> String {
        footnotes::with_prefix(&self.html, prefix)
    }

    /// Returns whether anything is visible: a character, an image, a video, an audio player, or a
    /// rule.
    pub fn is_visible(&self) -> bool {
        let media = ["<img ", "<hr", "<source ", "<video src=", "<audio src="];
        plain_text::has_visible_char(&self.html) || media.iter().any(|tag| self.html.contains(tag))
    }

    /// Returns the first words on one line, without markup: at most `max` characters, and never
    /// more than 200. Ends with `…` if more follows.
    pub fn excerpt(&self, max: usize) -> String {
        plain_text::cut(&self.excerpt, max)
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

/// The result of rendering an author's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The HTML for readers.
    pub html: SafeHtml,
    /// What was removed from the text, such as `iframe youtube.com`, `link Reuters` or `attribute
    /// style`: each once, and at most 20. Empty if nothing was removed.
    pub removed: Vec<String>,
}

/// The version of [`to_safe_html`], stored with its results. Increment it with each change of the
/// results; `ringside rerender` then renders stored updates again.
pub const MARKUP_VERSION: i64 = 1;

/// Renders `source` as Live Markdown: GitHub's Markdown (tables, strikethrough, task lists,
/// footnotes, automatic links) with hard line breaks, emphasis without spaces around it, and HTML.
///
/// The result is safe: no scripts, event handlers or styles, and only URLs of the web, mail,
/// telephone and this site. Each block has a direction, tables are in scrollable regions, and
/// headings are below the level of the card's headline. The ids of footnotes are `fn-1` and
/// `fnref-1`, until [`SafeHtml::in_place`] adds a prefix.
///
/// Takes up to tens of milliseconds: call it through [`crate::Newsroom::render_markdown`].
///
/// # Errors
/// Returns a message for the author if the text nests too deeply, or results in too many elements
/// or too much HTML.
/// These limits also bound the work of both parsers.
pub fn to_safe_html(source: &Source) -> Result<Rendered, Invalid> {
    let (safe, removed) = safe_html(source.as_str())?;
    Ok(Rendered {
        html: SafeHtml::of(safe),
        removed,
    })
}

/// Renders an article as [`to_safe_html`] renders an update, with headings below the level of the
/// page's title. Empty for an empty text.
///
/// # Errors
/// See [`to_safe_html`].
pub fn article_to_safe_html(article: &Article) -> Result<Rendered, Invalid> {
    let (safe, removed) = safe_html(article.as_str())?;
    Ok(Rendered {
        html: SafeHtml::of(headings::raised(&safe)),
        removed,
    })
}

/// Returns the sanitized HTML of an author's text, and what was removed.
fn safe_html(source: &str) -> Result<(String, Vec<String>), Invalid> {
    let (html, removed) = markdown::to_html(source)?;
    parse_budget::check(&html).map_err(TooMuch::from)?;
    let safe = sanitized(&html)?;
    if safe.len() > MAX_BYTES {
        return Err(TooMuch::from(Exceeded::Bytes).into());
    }
    Ok((safe, removed.into_names()))
}

/// Sanitizes `html`, until parsing and writing it again no longer changes it.
fn sanitized(html: &str) -> Result<String, TooMuch> {
    let mut safe = sanitized_once(html);
    // Parsers may read overlapping tags differently after they were rewritten.
    for _ in 0..MAX_PASSES {
        let again = sanitized_once(&safe);
        if again == safe {
            return Ok(safe);
        }
        safe = again;
    }
    Err(Exceeded::Overlap.into())
}

fn sanitized_once(html: &str) -> String {
    static SANITIZER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(policy::sanitizer);
    let safe = SANITIZER.clean(html).to_string();
    directions::with_directions(tables::accessible(safe.trim_end()).trim_end())
}
