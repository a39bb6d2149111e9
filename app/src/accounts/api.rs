//! The server function of accounts.

#![cfg_attr(
    feature = "ssr",
    expect(clippy::unused_async, reason = "a server function is asynchronous")
)]

use domain::Caller;
use leptos::{prelude::*, server_fn::codec::Json};

use crate::AppError;

/// Returns the account that is logged in, if there is one.
///
/// # Errors
/// If the server can't be reached.
#[server(prefix = "/fn", endpoint = "whoami", input = Json)]
pub async fn whoami() -> Result<Option<Caller>, AppError> {
    Ok(crate::PageRequest::current().caller)
}
