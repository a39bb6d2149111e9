//! Use cases of invitations: links with which somebody creates an account of a role, once.

use domain::{Caller, InvitationId, Password, Role, Username};

use crate::{
    Error, Invitation, Newsroom, OneTimeLink, Result, Secret, Session,
    accounts::signing_up::Grant,
    permissions::{check_may_invite, check_may_invite_to},
    storage::{AccountChange, Snapshot, StoredInvitation},
};

/// How long an invitation is valid, in microseconds: seven days.
pub const INVITATION_LIFE: i64 = 7 * 24 * 60 * 60 * 1_000_000;
/// The maximum number of open invitations of the site.
const MAX_OPEN: i64 = 1_000;

impl Newsroom {
    /// Creates an invitation to `role`; `caller` is `None` for the server's operator.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not invite to the role, or too many
    /// invitations are open, and an error if the database can't be reached.
    pub async fn invite(&self, caller: Option<&Caller>, role: Role) -> Result<OneTimeLink> {
        if let Some(caller) = caller {
            check_may_invite_to(caller, role)?;
        }
        let now = self.clock.now();
        let link = OneTimeLink {
            token: Secret::new_random(),
            expires_at: now.plus_micros(INVITATION_LIFE),
        };
        self.change(async {
            let mut change = self.store.change_accounts().await?;
            if change.snapshot().count_invitations(now).await? >= MAX_OPEN {
                return Err(Error::Forbidden(
                    "1000 invitations are open, the maximum. Withdraw some of them first.",
                ));
            }
            let invited_by = caller.map(|caller| caller.id);
            change
                .add_invitation(&link.token, role, invited_by, (now, link.expires_at))
                .await?;
            change.commit().await
        })
        .await?;
        Ok(link)
    }

    /// Returns the open invitations, the latest first: those of the caller, or all for an owner.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the caller may not invite, and an error if the database
    /// can't be reached.
    pub async fn invitations(&self, caller: &Caller) -> Result<Vec<Invitation>> {
        check_may_invite(caller)?;
        let own = (!caller.role.may_manage_accounts()).then_some(caller.id);
        let mut snapshot = self.store.snapshot().await?;
        snapshot.invitations(own, self.clock.now()).await
    }

    /// Withdraws an invitation: one of the caller's, or any for an owner.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such invitation, [`Error::Forbidden`] if the
    /// caller may not invite, and an error if the database can't be reached.
    pub async fn withdraw_invitation(&self, caller: &Caller, id: InvitationId) -> Result<()> {
        check_may_invite(caller)?;
        let own = (!caller.role.may_manage_accounts()).then_some(caller.id);
        self.change(async {
            let mut change = self.store.change_accounts().await?;
            if !change.delete_invitation(id, own).await? {
                return Err(Error::NotFound("invitation"));
            }
            change.commit().await
        })
        .await
    }

    /// Returns the role to which the invitation with the secret `token` invites.
    ///
    /// # Errors
    /// Returns [`Error::LinkExpired`] if it is not valid, and an error if the database can't be
    /// reached.
    pub async fn invited_role(&self, token: &Secret) -> Result<Role> {
        let mut snapshot = self.store.snapshot().await?;
        Ok(self.valid_invitation(&mut snapshot, token).await?.role)
    }

    /// Creates the account of the invitation with the secret `token`, and begins a session. The
    /// invitation is used up.
    ///
    /// # Errors
    /// Returns [`Error::LinkExpired`] if the invitation is not valid, and the errors of
    /// [`Newsroom::create_account`].
    pub async fn accept_invitation(
        &self,
        token: &Secret,
        username: &Username,
        password: &Password,
    ) -> Result<Session> {
        // Before the password is hashed, which takes a while.
        self.invited_role(token).await?;
        self.add_account_with_session(username, password, Grant::Invitation(token))
            .await
    }

    /// Deletes an invitation that is valid, and returns its role.
    pub(super) async fn use_invitation(
        &self,
        change: &mut AccountChange,
        token: &Secret,
    ) -> Result<Role> {
        let invitation = self.valid_invitation(change.snapshot(), token).await?;
        change.delete_invitation(invitation.id, None).await?;
        Ok(invitation.role)
    }

    /// Returns an invitation that was not used, has not expired, and whose inviter may still invite
    /// to its role.
    async fn valid_invitation(
        &self,
        snapshot: &mut Snapshot,
        token: &Secret,
    ) -> Result<StoredInvitation> {
        let invitation = snapshot.invitation(token, self.clock.now()).await?;
        invitation
            .filter(|it| {
                let inviter = it.inviter.as_ref();
                inviter.is_none_or(|inviter| inviter.role.may_invite_to(it.role))
            })
            .ok_or(Error::LinkExpired("invitation"))
    }
}
