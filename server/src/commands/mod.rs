//! The commands of the binary, one file per group.

mod account;
mod entry;
mod repair;
mod rerender;
mod room;
mod serve;
mod session;
mod token;

pub use {
    account::{
        create_account, create_reset_link, delete_account, disable_account, enable_account, invite,
        list_accounts, rename_account, set_password, set_role,
    },
    entry::create_entry,
    repair::repair_revisions,
    rerender::rerender,
    room::create_room,
    serve::serve,
    session::{end_sessions, list_sessions},
    token::{create_token, list_tokens, revoke_token},
};
