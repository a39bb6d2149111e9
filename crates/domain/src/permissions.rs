//! What accounts may do. The engine checks these rules before every change, and pages show only the
//! controls that they allow.

use crate::{AccountId, Caller, Role};

impl Role {
    /// Returns whether the role may post updates.
    pub const fn may_post(self) -> bool {
        !matches!(self, Self::Reader)
    }

    /// Returns whether the role may create, start and end entries.
    pub const fn may_manage_entries(self) -> bool {
        self.may_post()
    }

    /// Returns whether the role may create rooms that belong to no entry, and open and close them.
    pub const fn may_manage_rooms(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Returns whether the role may change what belongs to the whole site.
    pub const fn may_change_site(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Returns whether the role may list accounts, change their roles, disable them and create
    /// links to reset their passwords.
    pub const fn may_manage_accounts(self) -> bool {
        matches!(self, Self::Owner)
    }

    /// Returns whether the role may invite people.
    pub const fn may_invite(self) -> bool {
        matches!(self, Self::Owner | Self::Editor)
    }

    /// Returns whether the role may invite people to the role `other`: not above its own.
    pub const fn may_invite_to(self, other: Self) -> bool {
        self.may_invite() && self.rank() >= other.rank()
    }

    /// Returns whether the role may moderate rooms: decide on held and reported messages, delete
    /// other people's messages, mute and ban.
    pub const fn may_moderate(self) -> bool {
        self.may_edit_others()
    }

    /// Returns whether the role may mute and ban accounts of the role `other`, and remove all of
    /// their messages: only those of a lower rank.
    pub const fn may_sanction(self, other: Self) -> bool {
        self.may_moderate() && self.rank() > other.rank()
    }

    /// Returns whether the role is one of the staff, for whom the limits of rooms don't apply.
    pub const fn is_staff(self) -> bool {
        self.may_post()
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Owner => 3,
            Self::Editor => 2,
            Self::Author => 1,
            Self::Reader => 0,
        }
    }

    /// Returns whether the role may edit and delete other people's updates.
    pub const fn may_edit_others(self) -> bool {
        matches!(self, Self::Owner | Self::Editor)
    }
}

impl Caller {
    /// Returns whether the caller may edit, mark and delete an update by `author`.
    pub fn may_edit(&self, author: AccountId) -> bool {
        author == self.id || self.role.may_edit_others()
    }

    /// Returns whether the caller may pin an update while one by `pinned` is pinned, if any.
    /// Pinning unpins the other.
    pub fn may_pin(&self, pinned: Option<AccountId>) -> bool {
        pinned.is_none_or(|author| self.may_edit(author))
    }

    /// Returns whether the caller may restore an update by `author` that `deleted_by` deleted, if
    /// that is recorded. Authors can't undo an editor's deletion.
    pub fn may_restore(&self, author: AccountId, deleted_by: Option<AccountId>) -> bool {
        let may_undo = self.role.may_edit_others() || deleted_by.is_none_or(|by| by == self.id);
        self.may_edit(author) && may_undo
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Username;

    const OWN: AccountId = AccountId(1);
    const OTHER: AccountId = AccountId(2);

    fn caller(role: Role) -> Caller {
        Caller {
            id: OWN,
            username: Username::parse("ann").unwrap(),
            role,
        }
    }

    #[test]
    fn only_lower_ranks_can_be_sanctioned() {
        use Role::{Author, Editor, Owner, Reader};
        for (role, others) in [
            (Owner, &[Editor, Author, Reader][..]),
            (Editor, &[Author, Reader]),
            (Author, &[]),
            (Reader, &[]),
        ] {
            for other in Role::ALL {
                assert_eq!(
                    role.may_sanction(*other),
                    others.contains(other),
                    "{role} {other}"
                );
            }
        }
    }

    #[test]
    fn nobody_can_invite_to_a_role_above_their_own() {
        use Role::{Author, Editor, Owner, Reader};
        for (role, others) in [
            (Owner, &[Owner, Editor, Author, Reader][..]),
            (Editor, &[Editor, Author, Reader]),
            (Author, &[]),
            (Reader, &[]),
        ] {
            for other in Role::ALL {
                let may = others.contains(other);
                assert_eq!(role.may_invite_to(*other), may, "{role} {other}");
            }
            assert_eq!(role.may_invite(), !others.is_empty(), "{role}");
        }
    }

    #[test]
    fn permissions_of_each_role() {
        for (role, posts, edits_others) in [
            (Role::Owner, true, true),
            (Role::Editor, true, true),
            (Role::Author, true, false),
            (Role::Reader, false, false),
        ] {
            let caller = caller(role);
            assert_eq!(role.may_post(), posts, "{role}");
            assert_eq!(role.may_manage_entries(), posts, "{role}");
            assert_eq!(role.may_manage_rooms(), role == Role::Owner, "{role}");
            assert_eq!(role.may_manage_accounts(), role == Role::Owner, "{role}");
            assert_eq!(role.may_moderate(), edits_others, "{role}");
            assert!(caller.may_edit(OWN), "{role}");
            assert_eq!(caller.may_edit(OTHER), edits_others, "{role}");
            assert!(caller.may_pin(None) && caller.may_pin(Some(OWN)), "{role}");
            assert_eq!(caller.may_pin(Some(OTHER)), edits_others, "{role}");
            assert!(caller.may_restore(OWN, None), "{role}");
            assert!(caller.may_restore(OWN, Some(OWN)), "{role}");
            assert_eq!(caller.may_restore(OWN, Some(OTHER)), edits_others, "{role}");
            assert_eq!(caller.may_restore(OTHER, Some(OWN)), edits_others, "{role}");
        }
    }
}
