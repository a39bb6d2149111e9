//! What the binary can be asked to do, a file each.

mod account;
mod entry;
mod serve;
mod token;

pub use {
    account::create_account,
    entry::create_entry,
    serve::serve,
    token::{create_token, list_tokens, revoke_token},
};
