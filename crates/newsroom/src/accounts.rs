//! Accounts and sessions: who somebody is.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use domain::{Password, Role, Timestamp, Username, Viewer};

use crate::{Error, Newsroom, Result, secret::Secret};

/// How long a session lasts, in microseconds: thirty days.
pub const SESSION_LIFE: i64 = 30 * 24 * 60 * 60 * 1_000_000;

/// A session that has just begun.
#[derive(Debug)]
pub struct Session {
    /// What its holder shows from now on.
    pub token: Secret,
    /// Whose it is.
    pub viewer: Viewer,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl Newsroom {
    /// Adds an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name is taken, or if the database can't be reached.
    pub async fn create_account(
        &self,
        username: &Username,
        role: Role,
        password: &Password,
    ) -> Result<Viewer> {
        let hash = self.hash(password).await?;
        self.store
            .add_account(username, role, &hash, self.clock.now(), false)
            .await
    }

    /// Adds the first owner, and logs them in.
    ///
    /// # Errors
    /// [`Error::Forbidden`] if there is an owner already, [`Error::Invalid`] if the name is taken, or
    /// if the database can't be reached.
    pub async fn set_up(&self, username: &Username, password: &Password) -> Result<Session> {
        let hash = self.hash(password).await?;
        let viewer = self
            .store
            .add_account(username, Role::Owner, &hash, self.clock.now(), true)
            .await?;
        self.begin_session(viewer).await
    }

    /// Whether somebody must be made owner first.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn needs_set_up(&self) -> Result<bool> {
        Ok(!self.store.snapshot().await?.has_owner().await?)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], as slowly for a name that doesn't exist as for a password that is
    /// wrong, or if the database can't be reached.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<Session> {
        let account = match Username::parse(username) {
            Ok(username) => {
                self.store
                    .snapshot()
                    .await?
                    .account_by_name(&username)
                    .await?
            }
            Err(_) => None,
        };
        let stored = account
            .as_ref()
            .map(|account| account.password_hash.clone());
        let password = password.chars().take(Password::MAX + 1).collect::<String>();
        let fits = self
            .hashing(move || match stored {
                Some(stored) => verify(&password, &stored),
                // The time it takes must not tell which names exist.
                None => hash(&password).is_err(),
            })
            .await?;
        match account {
            Some(account) if fits => self.begin_session(account.viewer).await,
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
    pub async fn viewer(&self, token: &Secret) -> Result<Option<Viewer>> {
        let now = self.clock.now();
        self.store.snapshot().await?.session(token, now).await
    }

    async fn begin_session(&self, viewer: Viewer) -> Result<Session> {
        let token = Secret::new_random();
        let expires_at = self.clock.now().plus_micros(SESSION_LIFE);
        self.store
            .add_session(&token, viewer.id, expires_at)
            .await?;
        Ok(Session {
            token,
            viewer,
            expires_at,
        })
    }

    async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.reveal().to_owned();
        self.hashing(move || hash(&password))
            .await?
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                Error::Forbidden("The password could not be hashed; try again.")
            })
    }

    /// Runs `work` beside the async tasks, and few such at once. Its turn lasts as long as the work
    /// does, though whoever asked for it may have hung up.
    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.hashing).acquire_owned().await;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password's hash was cut off");
            Error::Forbidden("The server is shutting down; try again.")
        })
    }
}

/// Argon2id with the parameters OWASP asks for (19 MiB, two passes), which are the crate's own.
fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| {
        Argon2::default()
            .verify_password(password.as_bytes(), &stored)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
        time::Duration,
    };

    use domain::Road;
    use tokio::time::timeout;

    use super::*;
    use crate::{Clock, FeedPolicy, Options, Renderers, newsroom::HASHES_AT_ONCE};

    #[tokio::test]
    async fn who_hangs_up_lets_nobody_in_before_their_turn() {
        let folder = tempfile::tempdir().unwrap();
        let newsroom = Newsroom::open(Options {
            database_url: format!("sqlite://{}", folder.path().join("ringside.db").display()),
            database_deadline: Duration::from_secs(30),
            mark: None,
            clock: Clock::system(),
            policy: FeedPolicy {
                interval_ms: 5_000,
                road: Road::Auto,
                build: "test".to_owned(),
            },
            render: Renderers {
                card: Arc::new(|_, _| String::new()),
                highlights: Arc::new(|_, _| String::new()),
                line: Arc::new(|_, _| String::new()),
            },
        })
        .await
        .unwrap();
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let work = || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(50));
                running.fetch_sub(1, Ordering::SeqCst);
            }
        };
        for _ in 0..10 {
            // Hangs up as soon as the work is asked for.
            let gone = timeout(Duration::from_millis(1), newsroom.hashing(work())).await;
            assert!(gone.is_err());
        }
        newsroom.hashing(work()).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), HASHES_AT_ONCE);
    }
}
