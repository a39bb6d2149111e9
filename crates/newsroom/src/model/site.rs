//! The settings of the site.

use domain::DeletedMessages;

/// The settings of the site, which owners change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteSettings {
    /// Whether cards show display names.
    pub display_names: bool,
    /// Whether everybody may create an account of a reader.
    pub open_sign_up: bool,
    /// What happens to the messages of an account that is deleted.
    pub deleted_messages: DeletedMessages,
}
