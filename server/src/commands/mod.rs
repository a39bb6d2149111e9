//! What the binary can be asked to do, a file each.

mod account;
mod entry;
mod repair;
mod serve;
mod token;

pub use {
    account::create_account,
    entry::create_entry,
    repair::repair_revisions,
    serve::serve,
    token::{create_token, list_tokens, revoke_token},
};
