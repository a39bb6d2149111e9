//! A token: what a program shows instead of logging in.

use crate::text::{id_type, text_type};

id_type!(
    /// The number of a token.
    TokenId
);

text_type!(
    /// What a token is for, in its account's words; may be empty.
    TokenName, "name", "The token's name", 0..=100, One
);
