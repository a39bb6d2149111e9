//! From what an author wrote to what a reader's browser may be given.

mod author_html;
mod authored;
mod definitions;
mod directions;
mod elements;
mod footnotes;
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

use domain::{Invalid, Source};

use limits::{Exceeded, MAX_BYTES, MAX_PASSES, TooMuch};

pub use markdown::options as markdown_options;

/// How long an excerpt is at most, in characters: what a search engine or a preview shows of it.
const EXCERPT: usize = 200;

/// HTML that can do nothing but be read. Only the sanitiser makes one, and only one of these may
/// reach a page as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SafeHtml {
    html: String,
    /// Its first words.
    excerpt: String,
}

impl SafeHtml {
    /// What the database kept of an earlier [`to_safe_html`]. An update of an older release has no
    /// excerpt; it is made now.
    pub(crate) fn stored(html: String, excerpt: String) -> Self {
        if excerpt.is_empty() {
            return Self::of(html);
        }
        Self { html, excerpt }
    }

    fn of(html: String) -> Self {
        let excerpt = plain_text::plain_text(&html, EXCERPT);
        Self { html, excerpt }
    }

    /// The HTML itself.
    pub fn as_str(&self) -> &str {
        &self.html
    }

    /// Its first words, as they are stored beside it.
    pub(crate) fn stored_excerpt(&self) -> &str {
        &self.excerpt
    }

    /// The HTML for one place in a page. `prefix` names the update and the place, as in `update-12`: the
    /// ids of its footnotes begin with it, so that they are the page's only ones.
    pub fn in_place(&self, prefix: &str) -> String {
        footnotes::with_prefix(&self.html, prefix)
    }

    /// Whether a reader sees anything of it: a character that leaves a mark, a picture, a film, or a rule.
    pub fn is_visible(&self) -> bool {
        let media = ["<img ", "<hr", "<source ", "<video src=", "<audio src="];
        plain_text::shows(&self.html) || media.iter().any(|tag| self.html.contains(tag))
    }

    /// Its first words on one line, without markup: at most `longest` characters, and never more
    /// than 200. The last of them is `…` if more follows.
    pub fn excerpt(&self, longest: usize) -> String {
        plain_text::cut(&self.excerpt, longest)
    }
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.html)
    }
}

/// What is made of an author's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// What readers get.
    pub html: SafeHtml,
    /// What the author typed and readers don't get, as in `iframe youtube.com`, `link Reuters` or
    /// `attribute style`: each once, and 20 at most. Empty if nothing was removed.
    pub removed: Vec<String>,
}

/// The version of [`to_safe_html`], stored beside what it made. Whoever changes what it makes of a text
/// raises this; `ringside rerender` makes anew what has another version.
pub const MARKUP_VERSION: i64 = 1;

/// Reads `source` as Live Markdown: GitHub's (tables, strike-through, task lists, footnotes, bare
/// addresses as links), in which a line end ends a line, emphasis needs no spaces around it, and HTML may
/// stand. Keeps of it what is safe: no scripts, no handlers, no styles, no addresses but those of the web,
/// mail and telephone and of this site. Each block has a direction, tables stand in regions that the
/// keyboard can scroll, and headings are below the card's own.
///
/// The ids of footnotes are `fn-1` and `fnref-1`, until [`SafeHtml::in_place`] makes them those of a place.
///
/// It may take tens of milliseconds: call it through [`crate::Newsroom::render_markdown`].
///
/// # Errors
/// If the text nests too deeply, or becomes too many elements or too much HTML, with a sentence for
/// its author. Neither parser does more work than these bounds allow.
pub fn to_safe_html(source: &Source) -> Result<Rendered, Invalid> {
    let (html, removed) = markdown::to_html(source.as_str())?;
    parse_budget::check(&html).map_err(TooMuch::from)?;
    let safe = sanitised(&html)?;
    if safe.len() > MAX_BYTES {
        return Err(TooMuch::from(Exceeded::Bytes).into());
    }
    Ok(Rendered {
        html: SafeHtml::of(safe),
        removed: removed.into_names(),
    })
}

/// What is safe of `html`, as readers get it. A parser reads it as what it was written from: the same again
/// is the same.
fn sanitised(html: &str) -> Result<String, TooMuch> {
    let mut safe = sanitised_once(html);
    // Tags that overlap may be read in another way when they are written anew.
    for _ in 0..MAX_PASSES {
        let again = sanitised_once(&safe);
        if again == safe {
            return Ok(safe);
        }
        safe = again;
    }
    Err(Exceeded::Overlap.into())
}

fn sanitised_once(html: &str) -> String {
    static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(policy::sanitiser);
    let safe = SANITISER.clean(html).to_string();
    directions::with_directions(tables::accessible(safe.trim_end()).trim_end())
}
