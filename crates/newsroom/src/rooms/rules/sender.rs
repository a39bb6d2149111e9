//! Who sends a message.

use domain::Caller;

use crate::model::room::{Origin, PersonId};

/// Who sends a message.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The account that is logged in.
    pub caller: Option<&'a Caller>,
    /// The account or the guest.
    pub person: &'a PersonId,
    /// Where the request came from.
    pub origin: &'a Origin,
}

impl Sender<'_> {
    /// Returns whether the sender is one of the staff, for whom only sanctions and the state of the
    /// room apply.
    pub fn is_staff(&self) -> bool {
        self.caller.is_some_and(|caller| caller.role.is_staff())
    }
}
