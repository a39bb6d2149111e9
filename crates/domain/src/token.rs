//! API tokens, which authenticate a program without a login.

use crate::text::{id_type, text_type};

id_type!(
    /// The id of an API token.
    TokenId
);

text_type!(
    /// What a token is used for, as described by its owner; may be empty.
    TokenName, "name", "The token's name", 0..=100, One
);
