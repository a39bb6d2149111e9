//! Limits on the result of rendering a text, and the messages for texts that exceed one.

use std::fmt::Write as _;

use domain::Invalid;

/// The maximum nesting of elements. A list in a list counts as four. Texts for people don't come
/// near it, and parsers search all open elements at each tag.
pub const MAX_DEPTH: usize = 50;
/// The maximum number of elements of one update: each costs every reader's browser memory and
/// layout.
pub const MAX_ELEMENTS: usize = 5_000;
/// The maximum size of one update's HTML, in bytes. Every reader receives it, and a frame must fit
/// into the replay buffer.
pub const MAX_BYTES: usize = 256 * 1024;
/// The maximum number of containers (quotes, lists) that one line may open: far more than
/// [`MAX_DEPTH`] allows, so that this check, before the Markdown parser runs, only rejects what is
/// rejected anyway.
pub const MAX_MARKERS: usize = 2 * MAX_DEPTH;

/// How often the end of a tag may be searched without success in one block of HTML. After that,
/// each `<` is text. Each search may read the whole block.
pub const MAX_FAILURES: usize = 64;
/// The maximum number of steps of the Markdown parser, in units of 256: a step is a line, an inline
/// or a node. A text of the maximum length takes a third of it.
pub const MAX_STEPS: usize = 2_000;

/// How often HTML is sanitized again until it no longer changes. Usually once is enough.
pub const MAX_PASSES: usize = 4;

/// The limit that a text exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`MAX_DEPTH`] or [`MAX_MARKERS`].
    Depth,
    /// [`MAX_ELEMENTS`].
    Elements,
    /// [`MAX_BYTES`].
    Bytes,
    /// [`MAX_PASSES`].
    Overlap,
}

/// The reason for rejecting a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// The limit that it exceeds.
    pub bound: Exceeded,
    /// The line of the text at which it exceeds the limit, if known.
    pub line: Option<usize>,
}

impl From<Exceeded> for TooMuch {
    fn from(bound: Exceeded) -> Self {
        Self { bound, line: None }
    }
}

impl From<TooMuch> for Invalid {
    fn from(TooMuch { bound, line }: TooMuch) -> Self {
        let mut message = match bound {
            Exceeded::Depth => format!(
                "This text nests quotes, lists or HTML elements too deeply: the limit is \
                 {MAX_DEPTH} levels. Remove some of the levels, or close HTML tags that are still open."
            ),
            Exceeded::Elements => format!(
                "This text has too many parts (paragraphs, lines, list items, table \
                 cells, HTML elements): the limit is {MAX_ELEMENTS}. Post it as several updates, \
                 or close HTML tags that are still open."
            ),
            Exceeded::Overlap => "The HTML tags of this text overlap, so browsers read them in \
                 different ways. Close each tag before the one around it."
                .to_owned(),
            Exceeded::Bytes => format!(
                "This text results in too much HTML: the limit is {} KB. Post it as several updates, \
                 or close HTML tags that are still open.",
                MAX_BYTES / 1024
            ),
        };
        if let Some(line) = line {
            // Writing to a String can't fail.
            let _ = write!(message, " Look at line {line}.");
        }
        Self::new("source", message)
    }
}
