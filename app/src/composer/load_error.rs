//! The reasons why the composer is not loaded, and their error messages.

/// The reason why an author gets no composer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// The composer's code, or the caller's account, could not be fetched.
    Unreachable,
    /// The session has expired.
    SessionExpired,
}

impl LoadError {
    /// Returns the id of the hidden paragraph with the error message.
    pub const fn message_id(self) -> &'static str {
        match self {
            Self::Unreachable => "composer-unreachable",
            Self::SessionExpired => "composer-logged-out",
        }
    }

    /// Shows the error message.
    #[cfg(feature = "hydrate")]
    pub fn show(self) {
        if let Some(message) = leptos::prelude::document().get_element_by_id(self.message_id()) {
            // If it isn't hidden, nothing has to be done.
            let _ = message.remove_attribute("hidden");
        }
    }
}
