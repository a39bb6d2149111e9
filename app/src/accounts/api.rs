//! The server function of accounts.

#![cfg_attr(
    feature = "ssr",
    expect(clippy::unused_async, reason = "a server function is asynchronous")
)]

use domain::Caller;
use leptos::{prelude::*, server_fn::codec::Json};
use serde::{Deserialize, Serialize};

use crate::AppError;

/// The session of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentSession {
    /// The account that is logged in.
    #[serde(flatten)]
    pub caller: Caller,
    /// The server's time, in microseconds since 1970.
    #[serde(default)]
    pub now: i64,
}

/// Returns the session of the request, if an account is logged in.
///
/// # Errors
/// If the server can't be reached.
#[server(prefix = "/fn", endpoint = "whoami", input = Json)]
pub async fn whoami() -> Result<Option<CurrentSession>, AppError> {
    let now = crate::request::newsroom().clock().now().0;
    let session = |caller| CurrentSession { caller, now };
    Ok(crate::PageRequest::current().caller.map(session))
}
