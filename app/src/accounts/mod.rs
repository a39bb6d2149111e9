//! Accounts: the pages to log in, to create the first owner, and to manage one's own account; and
//! the server function that returns the caller.

mod api;

#[cfg(feature = "ssr")]
mod account_page;
#[cfg(feature = "ssr")]
mod login_page;
#[cfg(feature = "ssr")]
mod setup_page;

pub use api::{Whoami, whoami};
#[cfg(feature = "ssr")]
pub use {account_page::AccountPage, login_page::LoginPage, setup_page::SetupPage};
