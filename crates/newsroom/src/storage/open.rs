//! Opening a database: which kind it is, and what this release needs in it.

use std::{str::FromStr, sync::Once, time::Duration};

use domain::Language;
use sqlx::{
    Any, AnyConnection, Connection, Executor, Transaction, any::AnyConnectOptions,
    migrate::Migrator,
};

use super::{OpenError, Store, feed, postgres, sqlite};
use crate::Result;

/// What a database is kept by. All SQL is the same for both; what isn't, is told here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sqlite,
    Postgres,
}

impl Store {
    /// Opens the database at `url` and migrates it. An SQLite file that isn't there is made. `deadline`
    /// is how long a request waits for a transaction to begin.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(url: &str, deadline: Duration) -> Result<Self, OpenError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);

        let kind = Kind::of(url).ok_or_else(|| OpenError::scheme(url))?;
        let name = spoken(kind, url);
        bring_up_to_date(kind, url, &name).await?;
        let pools = async {
            Ok(match kind {
                Kind::Sqlite => {
                    let writer = sqlite::writer(url, deadline).await?;
                    let readers = sqlite::readers(url, deadline).await?;
                    (writer.clone(), readers, writer)
                }
                Kind::Postgres => (
                    postgres::writer(url, deadline).await?,
                    postgres::readers(url, deadline).await?,
                    postgres::sessions(url, deadline).await?,
                ),
            })
        };
        let pools: Result<_, sqlx::Error> = pools.await;
        let (writer, readers, sessions) =
            pools.map_err(|error| OpenError::unusable(&name, &error))?;
        Ok(Self {
            kind,
            name,
            url: url.to_owned(),
            writer,
            readers,
            sessions,
            deadline,
            language: Language::default(),
        })
    }
}

impl Kind {
    fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }

    const fn migrations(self) -> Migrator {
        match self {
            Self::Sqlite => sqlite::MIGRATIONS,
            Self::Postgres => postgres::MIGRATIONS,
        }
    }

    /// What begins a transaction that writes.
    pub(super) const fn begin_write(self) -> &'static str {
        match self {
            Self::Sqlite => sqlite::BEGIN_WRITE,
            Self::Postgres => postgres::BEGIN_WRITE,
        }
    }

    /// What begins a transaction that reads everything as it is at one moment.
    pub(super) const fn begin_read(self) -> &'static str {
        match self {
            Self::Sqlite => sqlite::BEGIN_READ,
            Self::Postgres => postgres::BEGIN_READ,
        }
    }
}

/// Makes the tables that this release needs, in the database that people know as `name`.
///
/// On a connection of its own: a pool would try what was refused for half a minute, and then say
/// nothing but that it timed out. In one transaction, which waits for its turn: servers and
/// commands may be started on a new database at once.
async fn bring_up_to_date(kind: Kind, url: &str, name: &str) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(name, &error);
    let mut connection = match kind {
        Kind::Sqlite => sqlite::connect(url).await,
        Kind::Postgres => postgres::connect(url).await,
    }
    .map_err(unusable)?;
    let mut tx = take_turn(kind, &mut connection).await.map_err(unusable)?;
    // What `run` does, but for a future that can be sent (`Acquire` is not general enough).
    let migrated = kind.migrations().run_direct(None, &mut *tx, false).await;
    migrated.map_err(|error| OpenError::migrating(name, error))?;
    feed::found(&mut tx).await.map_err(unusable)?;
    tx.commit().await.map_err(unusable)?;
    connection.close().await.map_err(unusable)
}

/// A transaction that no other server's migrations run beside.
async fn take_turn(
    kind: Kind,
    connection: &mut AnyConnection,
) -> Result<Transaction<'_, Any>, sqlx::Error> {
    let mut tx = connection.begin_with(kind.begin_write()).await?;
    if kind == Kind::Postgres {
        tx.execute(postgres::LOCK_MIGRATIONS).await?;
    }
    Ok(tx)
}

/// The address as it may be said and logged: PostgreSQL's without what stands after the database's name,
/// and without a password.
fn spoken(kind: Kind, url: &str) -> String {
    match (kind, AnyConnectOptions::from_str(url)) {
        (
            Kind::Postgres,
            Ok(AnyConnectOptions {
                mut database_url, ..
            }),
        ) => {
            database_url.set_query(None);
            // Refused only where there is no host, and so no password.
            let _ = database_url.set_password(None);
            database_url.to_string()
        }
        (Kind::Postgres, Err(_)) => "postgres://...".to_owned(),
        (Kind::Sqlite, _) => url.to_owned(),
    }
}
