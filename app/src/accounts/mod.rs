//! Who somebody is: logging in, the first owner, and who is asking.

mod api;

#[cfg(feature = "ssr")]
mod login_page;
#[cfg(feature = "ssr")]
mod setup_page;

pub use api::{Whoami, whoami};
#[cfg(feature = "ssr")]
pub use {login_page::LoginPage, setup_page::SetupPage};
