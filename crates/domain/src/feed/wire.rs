//! Decoding of the feed's messages without serde, which would add a tenth to the code that every
//! reader loads.
//!
//! `message!` declares a message once, for serde (the server writes it, programs read it) and for
//! [`Decode`] (the browser reads it). A [`Value`] is a parsed JSON value, such as one that the
//! browser's `JSON.parse` returned. Unknown fields are ignored. A message with a malformed field,
//! or with an unknown word, is not decoded: if its change were skipped while the cursor moves on,
//! the change would be lost.

use crate::{EntryId, Epoch, Language, Timestamp, UpdateId};

/// A parsed JSON value.
pub trait Value: Sized {
    /// Returns a field of an object; `None` if it is missing or null.
    fn get(&self, name: &str) -> Option<Self>;
    /// Returns a string.
    fn string(&self) -> Option<String>;
    /// Returns an integer. All integers of the feed are below 2^53.
    fn integer(&self) -> Option<i64>;
    /// Returns a boolean.
    fn boolean(&self) -> Option<bool>;
    /// Returns the items of an array.
    fn items(&self) -> Option<impl Iterator<Item = Self>>;
}

/// A type that can be decoded from JSON.
pub trait Decode: Sized {
    /// Decodes a value. Returns `None` if it does not have this type's shape.
    fn decode(value: &impl Value) -> Option<Self>;
}

/// Declares a message: a struct with serde's implementations and [`Decode`]. `as "name"` after a
/// field is its name in JSON. A field with serde attributes in brackets may be missing.
macro_rules! message {
    ($(#[$meta:meta])* $message:ident {
        $($(#[$doc:meta])* $field:ident $(as $name:literal)?: $type:ty $([$($serde:tt)+])?),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $message {
            $($(#[$doc])* $(#[serde(rename = $name)])? $(#[serde($($serde)+)])? pub $field: $type),+
        }

        impl $crate::wire::Decode for $message {
            fn decode(value: &impl $crate::wire::Value) -> Option<Self> {
                Some(Self {
                    $($field: $crate::feed::wire::message!(
                        @field ($($($serde)+)?) value, $crate::feed::wire::message!(@name $field $($name)?)
                    )),+
                })
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@field () $value:ident, $name:expr) => { $crate::wire::required($value, $name)? };
    (@field ($($serde:tt)+) $value:ident, $name:expr) => {
        $crate::wire::optional($value, $name)?
    };
}
pub(crate) use message;

/// Decodes a field that must be there. Not inlined: a message has many fields of the same type, and
/// the browser's code has to stay small.
#[inline(never)]
pub fn required<T: Decode>(message: &impl Value, name: &str) -> Option<T> {
    T::decode(&message.get(name)?)
}

/// Decodes a field that may be missing.
#[inline(never)]
pub fn optional<T: Decode + Default>(message: &impl Value, name: &str) -> Option<T> {
    match message.get(name) {
        Some(field) => T::decode(&field),
        None => Some(T::default()),
    }
}

impl Decode for String {
    fn decode(value: &impl Value) -> Option<Self> {
        value.string()
    }
}

impl Decode for i64 {
    fn decode(value: &impl Value) -> Option<Self> {
        value.integer()
    }
}

impl Decode for u32 {
    fn decode(value: &impl Value) -> Option<Self> {
        value.integer()?.try_into().ok()
    }
}

impl Decode for bool {
    fn decode(value: &impl Value) -> Option<Self> {
        value.boolean()
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(value: &impl Value) -> Option<Self> {
        T::decode(value).map(Some)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(value: &impl Value) -> Option<Self> {
        T::decode(value).map(Self::new)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(value: &impl Value) -> Option<Self> {
        value.items()?.map(|item| T::decode(&item)).collect()
    }
}

/// Implements [`Decode`] for types that wrap an integer.
macro_rules! decode_integers {
    ($($type:ident),+) => {
        $(impl Decode for $type {
            fn decode(value: &impl Value) -> Option<Self> {
                value.integer().map(Self)
            }
        })+
    };
}
decode_integers!(EntryId, UpdateId, Timestamp);

/// Implements [`Decode`] for types that are one word.
macro_rules! decode_words {
    ($($type:ty),+) => {
        $(impl Decode for $type {
            fn decode(value: &impl Value) -> Option<Self> {
                Self::new(&value.string()?)
            }
        })+
    };
}
decode_words!(
    Epoch,
    crate::EntryState,
    crate::Order,
    crate::RoomState,
    crate::Transport
);

impl Decode for Language {
    /// The server has validated the tag.
    fn decode(value: &impl Value) -> Option<Self> {
        Some(Self::new_unchecked(value.string()?))
    }
}
