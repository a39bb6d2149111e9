//! Validation that all text types share: the error [`Invalid`], and macros that declare the types.

use crate::hygiene;

/// The error for a rejected text: the field, and a message with the problem and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The form field or setting.
    pub field: &'static str,
    /// One sentence to show to the person who entered the text.
    pub message: String,
}

impl Invalid {
    /// Creates the error for `field` with `message`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// Whether a text may contain line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One line: line breaks become spaces.
    One,
    /// Any number of lines.
    Many,
}

/// Cleans `text` and checks its length.
///
/// # Errors
/// Returns a message that calls the text `name` if nothing in it is visible, or if it has fewer
/// than `min` or more than `max` characters.
pub(crate) fn validated(
    field: &'static str,
    name: &str,
    text: &str,
    min: usize,
    max: usize,
    lines: Lines,
) -> Result<String, Invalid> {
    let text = cleaned(text, lines);
    let length = text.chars().count();
    if length == 0 && min == 1 {
        return Err(Invalid::new(field, format!("{name} is missing.")));
    }
    if let Some(first) = text.chars().next()
        && !hygiene::has_visible_char(&text)
    {
        let first = hygiene::quoted(first);
        return Err(Invalid::new(
            field,
            format!(
                "{name} contains only invisible characters, such as {first} at {}.",
                hygiene::position(&text, 0)
            ),
        ));
    }
    if length < min {
        return Err(Invalid::new(
            field,
            format!("{name} needs at least {min} characters."),
        ));
    }
    reject_longer(field, name, length, max)?;
    Ok(text)
}

/// Cleans `text`, which may be empty or invisible.
///
/// # Errors
/// Returns a message that calls the text `name` if it has more than `max` characters.
pub(crate) fn limited(
    field: &'static str,
    name: &str,
    text: &str,
    max: usize,
    lines: Lines,
) -> Result<String, Invalid> {
    let text = cleaned(text, lines);
    reject_longer(field, name, text.chars().count(), max)?;
    Ok(text)
}

fn cleaned(text: &str, lines: Lines) -> String {
    match lines {
        Lines::One => hygiene::clean_line(text),
        Lines::Many => hygiene::clean_text(text),
    }
}

fn reject_longer(
    field: &'static str,
    name: &str,
    length: usize,
    max: usize,
) -> Result<(), Invalid> {
    if length > max {
        return Err(Invalid::new(
            field,
            format!("{name} has {length} characters; the maximum is {max}."),
        ));
    }
    Ok(())
}

/// Rejects `text` if it contains a character that isn't `allowed`. The message is `rule`, followed
/// by the first such character and its position.
pub(crate) fn reject_other_chars(
    field: &'static str,
    text: &str,
    rule: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), Invalid> {
    match text.char_indices().find(|&(_, c)| !allowed(c)) {
        None => Ok(()),
        Some((at, c)) => Err(Invalid::new(
            field,
            format!(
                "{rule} It contains {} at {}.",
                hygiene::quoted(c),
                hygiene::position(text, at)
            ),
        )),
    }
}

/// Rejects a `name`, such as “The name”, that contains something other than visible characters and
/// spaces.
pub(crate) fn reject_invisible(field: &'static str, name: &str, text: &str) -> Result<(), Invalid> {
    let rule = format!("{name} can't contain invisible characters.");
    reject_other_chars(field, text, &rule, |c| {
        // Variation selectors belong to the emoji before them.
        c == ' ' || hygiene::is_visible(c) || matches!(c, '\u{fe00}'..='\u{fe0f}')
    })
}

/// Declares a newtype over `String` that contains only text accepted by [`validated`].
macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $field:literal, $name:literal, $min:literal ..= $max:literal, $lines:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The maximum length, in characters.
            pub const MAX: usize = $max;

            /// Parses `text` after cleaning it ([`hygiene`](crate::hygiene)).
            ///
            /// # Errors
            /// Returns a message for the person who entered it, if it is too short, too long or
            /// invisible.
            pub fn parse(text: &str) -> Result<Self, $crate::Invalid> {
                let lines = $crate::text::Lines::$lines;
                $crate::text::validated($field, $name, text, $min, $max, lines).map(Self)
            }
        }

        $crate::text::parsed_text!($type);
    };
}
pub(crate) use text_type;

/// Implements what every newtype over `String` with a `parse` function shares.
macro_rules! parsed_text {
    ($type:ident) => {
        impl $type {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Creates a value from text that was parsed before it was stored. The current rules
            /// are not applied: a release with stricter rules must still load what an older one
            /// stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Invalid;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = $crate::Invalid;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use parsed_text;

/// Declares a newtype over the database's 64-bit ids.
macro_rules! id_type {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub i64);

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $type {
            fn from(id: i64) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $type {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}
pub(crate) use id_type;

/// Declares an enum whose variants have fixed words in the database, in JSON and in forms.
macro_rules! word_enum {
    ($(#[$doc:meta])* $type:ident as $name:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $type {
            /// All variants, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the variant's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Returns the variant with this word. Unlike parsing it needs no message, which the
            /// browser's code would have to contain.
            pub fn new(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Invalid;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::new(word).ok_or_else(|| {
                    $crate::Invalid::new($name, concat!("The ", $name, " must be one of: ", $($word, " "),+).trim_end())
                })
            }
        }
    };
}
pub(crate) use word_enum;
