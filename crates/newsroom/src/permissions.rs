//! What callers may do: the checks that use cases make before they change anything.
//!
//! The rules are in `domain`, where pages use them too.

use domain::{AccountId, Caller, EntryId, Role};

use crate::{Entry, Error, Result, storage::Snapshot};

/// Checks whether the caller may post updates and use the desk.
pub fn check_may_post(caller: &Caller) -> Result<()> {
    if caller.role.may_post() {
        Ok(())
    } else {
        Err(Error::Forbidden("Your account can read, but not post."))
    }
}

/// Checks whether the caller may pin an update, which unpins another one.
pub async fn check_may_pin(snapshot: &mut Snapshot, caller: &Caller, entry: EntryId) -> Result<()> {
    let highlights = snapshot.highlights(entry).await?;
    let pinned = highlights.iter().find(|update| update.pinned);
    if caller.may_pin(pinned.map(|update| update.author_id)) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Another author's update is pinned. An editor can replace it, or its author can unpin it first.",
        ))
    }
}

/// Checks whether the caller may create and manage live blogs.
pub fn check_may_manage_entries(caller: &Caller) -> Result<()> {
    if caller.role.may_manage_entries() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Your account can read, but not manage live blogs.",
        ))
    }
}

/// Checks whether the caller may create and change rooms that belong to no entry.
pub fn check_may_manage_rooms(caller: &Caller) -> Result<()> {
    if caller.role.may_manage_rooms() {
        Ok(())
    } else {
        Err(Error::Forbidden("Only owners can create and change rooms."))
    }
}

/// Checks whether the caller may change what belongs to the whole site.
pub fn check_may_change_site(caller: &Caller) -> Result<()> {
    if caller.role.may_change_site() {
        Ok(())
    } else {
        Err(Error::Forbidden("Only owners can change the site."))
    }
}

/// Checks whether the caller may list and change accounts.
pub fn check_may_manage_accounts(caller: &Caller) -> Result<()> {
    if caller.role.may_manage_accounts() {
        Ok(())
    } else {
        Err(Error::Forbidden("Only owners can manage accounts."))
    }
}

/// Checks whether the caller may invite people.
pub fn check_may_invite(caller: &Caller) -> Result<()> {
    if caller.role.may_invite() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Only editors and owners can invite people.",
        ))
    }
}

/// Checks whether the caller may invite people to `role`.
pub fn check_may_invite_to(caller: &Caller, role: Role) -> Result<()> {
    check_may_invite(caller)?;
    if caller.role.may_invite_to(role) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "You can't invite people to a role above your own.",
        ))
    }
}

/// Checks whether the caller may moderate rooms.
pub fn check_may_moderate(caller: &Caller) -> Result<()> {
    if caller.role.may_moderate() {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Only editors and owners can moderate rooms.",
        ))
    }
}

/// Checks whether an account may undo what the account `by` did to its own messages: only if that
/// is itself, or one of a lower rank.
///
/// # Errors
/// Returns [`Error::Forbidden`] if it may not, and an error if the database can't be reached.
pub async fn check_may_undo(snapshot: &mut Snapshot, caller: &Caller, by: AccountId) -> Result<()> {
    let role = snapshot.role_of(by).await?;
    if by == caller.id || role.is_none_or(|role| caller.role.may_sanction(role)) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "A moderator of your rank or a higher one removed your own message. Another moderator can restore it.",
    ))
}

/// Returns the entry if it is public. For a draft, the error doesn't reveal that it exists.
pub fn check_public(entry: Option<Entry>) -> Result<Entry> {
    entry
        .filter(|entry| entry.state.is_public())
        .ok_or(Error::NotFound("live blog"))
}
