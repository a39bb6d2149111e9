//! Use cases of sessions: logging in and out, listing and ending sessions.

use domain::{Caller, SessionId, Timestamp, Username};

use crate::{Clock, Error, Newsroom, OpenSession, Result, Secret, storage::NewSession};

/// The maximum duration of a session, in microseconds: thirty days.
pub const SESSION_LIFE: i64 = 30 * 24 * 60 * 60 * 1_000_000;
/// How long a session may be idle, in microseconds: fourteen days. An author who is away for two
/// weeks has to log in again, but a forgotten browser does not stay logged in for a month.
pub const SESSION_IDLE_LIFE: i64 = 14 * 24 * 60 * 60 * 1_000_000;

/// A new session.
#[derive(Debug)]
pub struct Session {
    /// The secret that the client sends with each request.
    pub token: Secret,
    /// The account.
    pub caller: Caller,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The session of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentSession {
    /// Its id.
    pub id: SessionId,
    /// The account.
    pub caller: Caller,
}

impl Session {
    /// Returns the session in the form to store.
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
    /// See [`Newsroom::log_in_replacing`].
    pub async fn log_in(&self, username: &str, password: &str) -> Result<Session> {
        self.log_in_replacing(username, password, None).await
    }

    /// Begins a session, and ends the browser's previous session `replaced` in the same
    /// transaction.
    ///
    /// # Errors
    /// Returns [`Error::WrongPassword`], after the same time for an account that doesn't exist or
    /// is disabled as for a wrong password; [`Error::Busy`] if too many passwords wait to be
    /// verified; and an error if the database can't be reached.
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
        let matches = self.passwords.verify(password, stored).await?;
        match account {
            Some(account) if matches => {
                self.begin_session(account.caller, &account.password_hash, replaced)
                    .await
            }
            _ => Err(Error::WrongPassword),
        }
    }

    /// Ends the session of `token`, if it exists.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn log_out(&self, token: &Secret) -> Result<()> {
        self.store.delete_session(token).await
    }

    /// Returns the account whose session `token` belongs to, if it is valid.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn caller(&self, token: &Secret) -> Result<Option<Caller>> {
        let session = self.session(token).await?;
        Ok(session.map(|session| session.caller))
    }

    /// Returns the session of `token`, if it is valid. Records its use.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn session(&self, token: &Secret) -> Result<Option<CurrentSession>> {
        let now = self.clock.now();
        let session = self.store.session(token, now, idle_since(now)).await?;
        Ok(session.map(|session| {
            self.last_seen
                .record_session(session.id, session.last_seen_at, now);
            CurrentSession {
                id: session.id,
                caller: session.caller,
            }
        }))
    }

    /// Returns the sessions of the account `account`, or of all accounts. The last used one is
    /// first.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, and an error if the database can't
    /// be reached.
    pub async fn sessions(&self, account: Option<&Username>) -> Result<Vec<OpenSession>> {
        let now = self.clock.now();
        let account = match account {
            Some(name) => {
                let account = self.stored_account(name).await?;
                Some(account.ok_or(Error::NotFound("account"))?.caller.id)
            }
            None => None,
        };
        let mut snapshot = self.store.snapshot().await?;
        snapshot.sessions(account, now, idle_since(now)).await
    }

    /// Returns the sessions of `caller`. The last used one is first.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn own_sessions(&self, caller: &Caller) -> Result<Vec<OpenSession>> {
        let now = self.clock.now();
        let mut snapshot = self.store.snapshot().await?;
        snapshot
            .sessions(Some(caller.id), now, idle_since(now))
            .await
    }

    /// Ends any session by its id.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such session, and an error if the database can't
    /// be reached.
    pub async fn end_session(&self, id: SessionId) -> Result<()> {
        if self.store.delete_session_by_id(id, None).await? {
            Ok(())
        } else {
            Err(Error::NotFound("session"))
        }
    }

    /// Ends all sessions of the account `username`. Returns their number.
    ///
    /// # Errors
    /// Returns [`Error::NotFound`] if there is no such account, and an error if the database can't
    /// be reached.
    pub async fn end_sessions_of(&self, username: &Username) -> Result<u64> {
        let account = self.stored_account(username).await?;
        let account = account.ok_or(Error::NotFound("account"))?;
        self.store.delete_sessions_of(account.caller.id, None).await
    }

    /// Ends a session of `caller`. Does nothing if it belongs to another account or has ended.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn end_own_session(&self, caller: &Caller, id: SessionId) -> Result<()> {
        self.store.delete_session_by_id(id, Some(caller.id)).await?;
        Ok(())
    }

    /// Ends all sessions of `caller` except for `kept`.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached.
    pub async fn end_other_sessions(&self, caller: &Caller, kept: SessionId) -> Result<()> {
        self.store.delete_sessions_of(caller.id, Some(kept)).await?;
        Ok(())
    }

    /// Creates a session of `caller` that begins now. It is not stored yet.
    pub(crate) fn new_session(&self, caller: Caller) -> Session {
        Session {
            token: Secret::new_random(),
            caller,
            expires_at: self.clock.now().plus_micros(SESSION_LIFE),
        }
    }

    /// Stores a session of an account whose password was verified against `password_hash`.
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

    /// Ends the sessions that expired or were idle for too long, and stores when the other sessions
    /// and the tokens were last used. A running server does this once a minute.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached. A running server retries a minute later.
    pub async fn maintain_sessions(&self) -> Result<()> {
        let now = self.clock.now();
        self.last_seen.store(&self.store).await?;
        self.store
            .delete_expired_sessions(now, idle_since(now))
            .await
    }
}

/// Returns the time of last use at which a session counts as idle at `now`.
fn idle_since(now: Timestamp) -> Timestamp {
    now.plus_micros(-SESSION_IDLE_LIFE)
}
