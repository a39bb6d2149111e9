//! Use cases of new accounts that people create themselves: by open sign-up or by invitation.

use domain::{Invalid, Password, Role, Username};

use crate::{
    Error, Newsroom, Result, Secret, Session,
    accounts::{passwords::reject_weak, usernames::reject_confusable},
    model::nick::folded,
    storage::Snapshot,
};

/// Names that readers can't have, in the folded form of names: they could be mistaken for staff.
const RESERVED: [&str; 14] = [
    "admin",
    "administrator",
    "author",
    "editor",
    "help",
    "mod",
    "moderator",
    "official",
    "owner",
    "ringside",
    "root",
    "staff",
    "support",
    "system",
];

/// Why somebody may create an account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Grant<'a> {
    /// Everybody may.
    OpenSignUp,
    /// They have an invitation with this secret.
    Invitation(&'a Secret),
}

impl Newsroom {
    /// Returns whether everybody may create an account.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn has_open_sign_up(&self) -> Result<bool> {
        is_open(&mut self.store.snapshot().await?).await
    }

    /// Checks that everybody may create an account.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the site does not allow it, and an error if the database
    /// can't be reached.
    pub async fn check_open_sign_up(&self) -> Result<()> {
        check_open(&mut self.store.snapshot().await?).await
    }

    /// Creates an account of a reader, and begins a session.
    ///
    /// # Errors
    /// Returns [`Error::Forbidden`] if the site does not allow it, and the errors of
    /// [`Newsroom::create_account`].
    pub async fn sign_up(&self, username: &Username, password: &Password) -> Result<Session> {
        self.check_open_sign_up().await?;
        self.add_account_with_session(username, password, Grant::OpenSignUp)
            .await
    }

    /// Adds an account with the role of `grant`, and begins a session.
    pub(super) async fn add_account_with_session(
        &self,
        username: &Username,
        password: &Password,
        grant: Grant<'_>,
    ) -> Result<Session> {
        reject_confusable(username)?;
        reject_weak(password, username)?;
        let hash = self.passwords.hash(password).await?;
        self.change(async {
            let mut change = self.store.change_accounts().await?;
            // Checked again, because hashing takes a while.
            let role = match grant {
                Grant::OpenSignUp => {
                    check_open(change.snapshot()).await?;
                    Role::Reader
                }
                Grant::Invitation(token) => self.use_invitation(&mut change, token).await?,
            };
            check_name(change.snapshot(), username, role).await?;
            let account = self.add_account(&mut change, username, role, &hash).await?;
            let session = self.new_session(account);
            change.add_session(session.to_store(&self.clock)).await?;
            change.commit().await?;
            Ok(session)
        })
        .await
    }
}

async fn is_open(snapshot: &mut Snapshot) -> Result<bool> {
    Ok(snapshot.site_settings().await?.open_sign_up)
}

async fn check_open(snapshot: &mut Snapshot) -> Result<()> {
    if is_open(snapshot).await? {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "This site doesn't offer accounts to everybody. Request an invitation from its owner.",
        ))
    }
}

/// Rejects a name that looks like that of another account, and for readers one that staff could
/// have.
async fn check_name(snapshot: &mut Snapshot, username: &Username, role: Role) -> Result<()> {
    let folded = folded(username.as_str());
    if snapshot.account_by_nick(&folded).await?.is_some() {
        return Err(taken(
            "This username, or one that looks like it, belongs to another account. Choose a different one.",
        ));
    }
    let is_reserved = RESERVED
        .iter()
        .any(|name| folded == crate::model::nick::folded(name));
    if !role.is_staff() && is_reserved {
        return Err(taken("This username is reserved. Choose a different one."));
    }
    Ok(())
}

fn taken(sentence: &'static str) -> Error {
    Error::Invalid(Invalid::new("username", sentence))
}
