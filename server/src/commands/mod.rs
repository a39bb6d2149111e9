//! What the binary can be asked to do, a file each.

mod account;
mod entry;
mod serve;

pub use {account::create_account, entry::create_entry, serve::serve};
