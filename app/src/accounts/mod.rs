//! Accounts: the pages to log in, to create an account, to choose a new password, and to manage and
//! delete one's own account; and the server function that returns the caller.

mod api;

#[cfg(feature = "ssr")]
mod account_page;
#[cfg(feature = "ssr")]
mod delete_page;
#[cfg(feature = "ssr")]
mod hidden_username;
#[cfg(feature = "ssr")]
mod invitation_page;
#[cfg(feature = "ssr")]
mod login_page;
#[cfg(feature = "ssr")]
mod new_account_form;
#[cfg(feature = "ssr")]
mod reset_page;
#[cfg(feature = "ssr")]
mod setup_page;
#[cfg(feature = "ssr")]
mod sign_up_page;

pub use api::{Whoami, whoami};
#[cfg(feature = "ssr")]
pub use {
    account_page::AccountPage, delete_page::DeleteAccountPage, invitation_page::InvitationPage,
    login_page::LoginPage, reset_page::ResetPage, setup_page::SetupPage, sign_up_page::SignUpPage,
};
