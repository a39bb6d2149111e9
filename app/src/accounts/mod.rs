//! Who somebody is: logging in, the first owner, one's own account, and who is asking.

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
