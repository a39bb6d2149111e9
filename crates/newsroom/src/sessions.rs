//! Sessions: logging in and out, and listing and ending what is open.

use domain::{Caller, SessionId, Timestamp, Username};

use crate::{Clock, Error, Newsroom, Result, Secret, storage::NewSession};

/// How long a session lasts at most, in microseconds: thirty days.
pub const SESSION_LIFE: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// After how long without a request a session ends, in microseconds: fourteen days. Somebody who is away for two
/// weeks logs in again; a browser that was forgotten somewhere does not stay open for a month.
pub const SESSION_IDLE_LIFE: i64 = 14 * 24 * 60 * 60 * 1_000_000;

/// A session that has just begun.
#[derive(Debug)]
pub struct Session {
    /// What its holder shows from now on.
    pub token: Secret,
    /// Whose it is.
    pub caller: Caller,
    /// When it is over.
    pub expires_at: Timestamp,
}

/// The session that a request was sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentSession {
    /// Its number.
    pub id: SessionId,
    /// Whose it is.
    pub caller: Caller,
}

/// A session in a list. What its holder sends is not in it, and known to nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its number.
    pub id: SessionId,
    /// The account's name.
    pub account: Username,
    /// When it began.
    pub created_at: Timestamp,
    /// When the last request was sent in it, to the hour.
    pub last_seen_at: Timestamp,
}

impl Session {
    /// The session as the database stores it.
    pub(crate) fn to_store(&self, clock: &Clock) -> NewSession<'_> {
        NewSession {
            token: &self.token,
            account: self.caller.id,
            created_at: clock.now(),
            expires_at: self.expires_at,
        }
    }
}

impl Newsroom {
    /// Begins a session.
    ///
    /// # Errors
    /// As [`Newsroom::log_in_replacing`].
    pub async fn log_in(&self, username: &str, password: &str) -> Result<Session> {
        self.log_in_replacing(username, password, None).await
    }

    /// Begins a session, and ends the one of `replaced`, which the browser had until now, in the same transaction.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], as slowly for a name that doesn't exist or is disabled as for a password that is
    /// wrong; [`Error::Busy`] if too many passwords wait to be verified; or if the database can't be reached.
    pub async fn log_in_replacing(
        &self,
        username: &str,
        password: &str,
        replaced: Option<&Secret>,
    ) -> Result<Session> {
        let account = match Username::parse(username) {
            Ok(username) => self.stored_account(&username).await?,
            Err(_) => None,
        };
        let stored = account
            .as_ref()
            .map(|account| account.password_hash.clone());
        let fits = self.passwords.verify(password, stored).await?;
        match account {
            Some(account) if fits => {
                self.begin_session(account.caller, &account.password_hash, replaced)
                    .await
            }
            _ => Err(Error::WrongPassword),
        }
    }

    /// Ends a session, if it is one.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn log_out(&self, token: &Secret) -> Result<()> {
        self.store.delete_session(token).await
    }

    /// Whose session `token` opens, if any's.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn caller(&self, token: &Secret) -> Result<Option<Caller>> {
        let session = self.session(token).await?;
        Ok(session.map(|session| session.caller))
    }

    /// The session that `token` belongs to, if it is open. Notes that it was used.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn session(&self, token: &Secret) -> Result<Option<CurrentSession>> {
        let now = self.clock.now();
        let mut snapshot = self.store.snapshot().await?;
        let session = snapshot.session(token, now, idle_since(now)).await?;
        Ok(session.map(|session| {
            self.last_seen
                .record_session(session.id, session.last_seen_at, now);
            CurrentSession {
                id: session.id,
                caller: session.caller,
            }
        }))
    }

    /// The open sessions of the account named `account`, or of all accounts; the one that was seen last first.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, or if the database can't be reached.
    pub async fn sessions(&self, account: Option<&Username>) -> Result<Vec<OpenSession>> {
        let now = self.clock.now();
        let mut snapshot = self.store.snapshot().await?;
        let account = match account {
            Some(name) => {
                let account = snapshot.account_by_name(name).await?;
                Some(account.ok_or(Error::NotFound("account"))?.caller.id)
            }
            None => None,
        };
        snapshot.sessions(account, now, idle_since(now)).await
    }

    /// The open sessions of `caller`, the one that was seen last first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<OpenSession>> {
        let now = self.clock.now();
        let mut snapshot = self.store.snapshot().await?;
        snapshot
            .sessions(Some(caller.id), now, idle_since(now))
            .await
    }

    /// Ends any session, by its number.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such session (any more), or if the database can't be reached.
    pub async fn end_session(&self, id: SessionId) -> Result<()> {
        if self.store.delete_session_by_id(id, None).await? {
            Ok(())
        } else {
            Err(Error::NotFound("session"))
        }
    }

    /// Ends all sessions of the account named `username`. Returns how many.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account, or if the database can't be reached.
    pub async fn end_sessions_of(&self, username: &Username) -> Result<u64> {
        let account = self.stored_account(username).await?;
        let account = account.ok_or(Error::NotFound("account"))?;
        self.store.delete_sessions_of(account.caller.id, None).await
    }

    /// Ends a session of `caller`'s own. One that is not theirs, or ended already, is left alone.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn end_own_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        self.store.delete_session_by_id(id, Some(caller.id)).await?;
        Ok(())
    }

    /// Ends all sessions of `caller` except for `kept`.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn end_other_sessions(&self, caller: &Caller, kept: SessionId) -> Result<()> {
        self.store.delete_sessions_of(caller.id, Some(kept)).await?;
        Ok(())
    }

    /// A session of `caller` that begins now; it is not stored yet.
    pub(crate) fn new_session(&self, caller: Caller) -> Session {
        Session {
            token: Secret::new_random(),
            caller,
            expires_at: self.clock.now().plus_micros(SESSION_LIFE),
        }
    }

    /// Begins a session of an account whose password was verified against `password_hash`.
    pub(crate) async fn begin_session(
        &self,
        caller: Caller,
        password_hash: &str,
        replaced: Option<&Secret>,
    ) -> Result<Session> {
        let session = self.new_session(caller);
        let began = self
            .store
            .add_session_of_login(session.to_store(&self.clock), password_hash, replaced)
            .await?;
        if began {
            Ok(session)
        } else {
            Err(Error::WrongPassword)
        }
    }

    /// Ends the sessions that expired or were idle for too long, and stores when the others and the tokens were last
    /// seen. A running server does so once a minute.
    ///
    /// # Errors
    /// If the database can't be reached; it is tried again a minute later.
    pub async fn maintain_sessions(&self) -> Result<()> {
        let now = self.clock.now();
        self.last_seen.store(&self.store).await?;
        self.store
            .delete_expired_sessions(now, idle_since(now))
            .await
    }
}

/// A session that was last seen at this time is idle at `now`.
fn idle_since(now: Timestamp) -> Timestamp {
    now.plus_micros(-SESSION_IDLE_LIFE)
}
