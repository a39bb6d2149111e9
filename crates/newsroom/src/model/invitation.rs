//! Links with a secret, which work once.

use domain::{InvitationId, Role, Timestamp, Username};

use super::secret::Secret;

/// An invitation in a list. It does not contain the secret, which only its link has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The role of the account that it creates.
    pub role: Role,
    /// The account that invites; `None` for the server's operator.
    pub invited_by: Option<Username>,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The secret of a new link, and when it expires.
#[derive(Clone, Debug)]
pub struct OneTimeLink {
    /// The secret.
    pub token: Secret,
    /// When it expires.
    pub expires_at: Timestamp,
}
