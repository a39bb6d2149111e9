//! The request of a page that is not public: its caller, and a rejected form to show again.

use std::{collections::HashMap, sync::Arc};

use domain::{AccountId, Caller, EditConflict, Role, SessionId, Username};
use leptos::prelude::{expect_context, use_context};
use newsroom::{Error, GuestId, Newsroom};

/// The caller and the form of a request, which the server provides as context. Public pages get an
/// empty one, so that they are the same for everyone.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The account that is logged in.
    pub caller: Option<Caller>,
    /// The reader without an account who is recognized by a cookie.
    pub guest: Option<GuestId>,
    /// The session of the request, on pages that list sessions.
    pub session: Option<SessionId>,
    /// A form that was submitted and rejected. Shared, because each field reads it.
    pub submitted: Option<Arc<SubmittedForm>>,
    /// A link that the request created. It can't be displayed again.
    pub new_link: Option<Arc<NewLink>>,
}

/// A new link that works once.
#[derive(Debug)]
pub enum NewLink {
    /// An invitation to create an account with a role.
    Invitation {
        /// Its URL.
        url: String,
        /// The role.
        role: Role,
    },
    /// A link with which an account gets a new password.
    Reset {
        /// Its URL.
        url: String,
        /// The account.
        username: Username,
    },
}

/// A form that was submitted and rejected, to be shown again with its values and its error.
#[derive(Debug, Default)]
pub struct SubmittedForm {
    /// The error, as one sentence; empty if there is none, and the form is shown again to keep its
    /// values.
    pub message: String,
    /// The name of the field that the error is about, if it is about one.
    pub field: Option<&'static str>,
    /// The submitted values by field name.
    pub values: HashMap<String, String>,
    /// The conflict with the current text of an update, if it was refused for that.
    pub conflict: Option<Box<EditConflict>>,
}

impl SubmittedForm {
    /// Returns the submitted value of `field`; empty if there is none.
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }
}

impl PageRequest {
    /// Returns the request of the page that is being rendered.
    pub fn current() -> Self {
        use_context().unwrap_or_default()
    }

    /// Returns the account that is logged in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if there is none.
    pub fn caller(&self) -> Result<&Caller, Error> {
        self.caller.as_ref().ok_or(Error::Unauthenticated)
    }

    /// Returns the account that is logged in, which must be `expected` if that is given. A page may
    /// send texts of an account that has logged out since.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if no account is logged in, [`Error::OtherAccount`] if another
    /// one is.
    pub fn caller_as(&self, expected: Option<AccountId>) -> Result<&Caller, Error> {
        let caller = self.caller()?;
        if expected.is_none_or(|expected| expected == caller.id) {
            Ok(caller)
        } else {
            Err(Error::OtherAccount)
        }
    }

    /// Returns the submitted value of `field`; empty if no form is shown again.
    pub fn submitted_value(&self, field: &str) -> String {
        self.submitted
            .as_ref()
            .map(|form| form.value(field))
            .unwrap_or_default()
    }
}

/// Returns the server's newsroom.
pub fn newsroom() -> Arc<Newsroom> {
    expect_context()
}
