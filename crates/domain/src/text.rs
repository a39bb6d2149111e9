//! Text that was measured at the edge: what every type made from somebody's typing shares.

use crate::hygiene;

/// A text that was refused: which field, and one sentence that says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// The form field or setting the text was for.
    pub field: &'static str,
    /// One sentence, safe to show to whoever typed it.
    pub message: String,
}

impl Invalid {
    /// A refusal of `field`, in the words of `message`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

/// How many lines a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One: line ends become blanks.
    One,
    /// Any number.
    Many,
}

/// `text` cleaned, or why it can't be a `name`: nothing of it can be seen, or it has fewer than `min` or
/// more than `max` characters.
pub(crate) fn measured(
    field: &'static str,
    name: &str,
    text: &str,
    min: usize,
    max: usize,
    lines: Lines,
) -> Result<String, Invalid> {
    let text = match lines {
        Lines::One => hygiene::clean_line(text),
        Lines::Many => hygiene::clean_text(text),
    };
    let length = text.chars().count();
    if length == 0 && min == 1 {
        return Err(Invalid::new(field, format!("{name} is missing.")));
    }
    if let Some(first) = text.chars().next()
        && !hygiene::shows(&text)
    {
        let first = hygiene::named(first);
        return Err(Invalid::new(
            field,
            format!(
                "{name} shows nothing: it holds only invisible characters, {first} at {}.",
                hygiene::place(&text, 0)
            ),
        ));
    }
    if length < min {
        return Err(Invalid::new(
            field,
            format!("{name} needs at least {min} characters."),
        ));
    }
    if length > max {
        return Err(Invalid::new(
            field,
            format!("{name} has {length} characters; it can have {max} at most."),
        ));
    }
    Ok(text)
}

/// Refuses `text` for its first character that isn't `allowed`, with `rule`, and says where it stands.
pub(crate) fn refuse_others(
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
                "{rule} It holds {} at {}.",
                hygiene::named(c),
                hygiene::place(text, at)
            ),
        )),
    }
}

/// Declares a newtype over `String` that only [`measured`] text gets into.
macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $field:literal, $name:literal, $min:literal ..= $max:literal, $lines:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The longest it may be, in characters.
            pub const MAX: usize = $max;

            /// Takes `text` in, cleaned ([`hygiene`](crate::hygiene)).
            ///
            /// # Errors
            /// With a sentence for the person who typed it, if it is too short or too long, or shows
            /// nothing.
            pub fn parse(text: &str) -> Result<Self, $crate::Invalid> {
                let lines = $crate::text::Lines::$lines;
                $crate::text::measured($field, $name, text, $min, $max, lines).map(Self)
            }
        }

        $crate::text::parsed_text!($type);
    };
}
pub(crate) use text_type;

/// What every newtype over a `String` that has a `parse` shares: reading it, and its serde form.
macro_rules! parsed_text {
    ($type:ident) => {
        impl $type {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A text that was parsed before it was stored. Today's rules are not applied again: a
            /// release that tightens them must still load what an older one stored.
            pub fn from_stored(text: String) -> Self {
                Self(text)
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

        impl std::str::FromStr for $type {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}
pub(crate) use id_type;

/// Writes a fixed word for each variant, and reads it back: for the database, the wire and forms.
macro_rules! word_enum {
    ($(#[$doc:meta])* $type:ident as $name:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $type {
            /// Every variant, in the order they are declared.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word it is written as, everywhere.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
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
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::Invalid::new($name, concat!("The ", $name, " must be one of: ", $($word, " "),+).trim_end())),
                }
            }
        }
    };
}
pub(crate) use word_enum;
