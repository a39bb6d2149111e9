//! What a text may become: a few bounds, and the sentences for texts that exceed one.

use std::fmt::Write as _;

use domain::Invalid;

/// Elements inside each other, at most. A list in a list counts as four. No text that people read
/// comes near it, and parsers look through all open elements at each tag.
pub const MAX_DEPTH: usize = 50;
/// Elements of one update, at most: each costs every reader's browser memory and layout.
pub const MAX_ELEMENTS: usize = 5_000;
/// Bytes of HTML of one update, at most. Every reader receives them, and a frame of the feed must
/// fit the replay buffer.
pub const MAX_BYTES: usize = 256 * 1024;
/// Containers (quotes, lists) that one line may open, at most: far more than [`MAX_DEPTH`] allows,
/// so that only what would be refused anyway is refused before the Markdown parser runs.
pub const MAX_MARKERS: usize = 2 * MAX_DEPTH;

/// How often a `<` may be looked for the end of its tag and have none, in one block of HTML: after that,
/// each `<` is text. Each look may read the whole block.
pub const MAX_FAILURES: usize = 64;
/// Steps of the Markdown parser, at most, in units of 256: a step is a line, an inline or a node. A text of
/// the full length takes a third of it.
pub const MAX_STEPS: usize = 2_000;

/// How often HTML is sanitised until it stays the same, beyond the first time: mostly it does at once.
pub const MAX_PASSES: usize = 4;

/// Which bound a text exceeds.
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

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// The bound that it exceeds.
    pub bound: Exceeded,
    /// The line of the text at which it does, if that is known.
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
                "This text nests quotes, lists or HTML elements too deeply: {MAX_DEPTH} levels are \
                 the most. Remove some of the levels, or close HTML tags that are still open."
            ),
            Exceeded::Elements => format!(
                "This text has too many parts (paragraphs, lines, list items, table \
                 cells, HTML elements): {MAX_ELEMENTS} are the most. Post it as several updates, or close HTML \
                 tags that are still open."
            ),
            Exceeded::Overlap => {
                "The HTML tags of this text overlap, so that browsers read them in \
                 different ways. Close each tag before the one around it."
                    .to_owned()
            }
            Exceeded::Bytes => format!(
                "This text becomes too much HTML: {} KB are the most. Post it as several updates, \
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
