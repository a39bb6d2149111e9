//! Opens a database: detects its kind, migrates it, and creates the connection pools.

use std::{str::FromStr, sync::Once, time::Duration};

use domain::Language;
use sqlx::{Any, AnyConnection, Connection, Executor, Transaction, any::AnyConnectOptions};

use super::{OpenError, Store, counter, kind::Kind, postgres, sqlite};
use crate::Result;

impl Store {
    /// Opens the database at `url` and migrates it. Creates an SQLite file that doesn't exist.
    /// `deadline` is how long a request waits for a transaction to begin.
    ///
    /// # Errors
    /// Returns a message for the server's operator.
    pub async fn open(url: &str, deadline: Duration) -> Result<Self, OpenError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);

        let kind = Kind::of(url).ok_or_else(|| OpenError::scheme(url))?;
        let name = display_url(kind, url);
        migrate(kind, url, &name).await?;
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

/// Applies the migrations to the database that messages call `name`.
///
/// Uses a separate connection, since a pool would retry a rejected connection for half a minute and
/// then only report a timeout. Uses one transaction with a lock, since several servers and commands
/// may start on a new database at once.
async fn migrate(kind: Kind, url: &str, name: &str) -> Result<(), OpenError> {
    let unusable = |error| OpenError::unusable(name, &error);
    let mut connection = match kind {
        Kind::Sqlite => sqlite::connect(url).await,
        Kind::Postgres => postgres::connect(url).await,
    }
    .map_err(unusable)?;
    let mut tx = begin_migration(kind, &mut connection)
        .await
        .map_err(unusable)?;
    // As `run`, but with a future that is `Send` (`Acquire` is not general enough).
    let migrated = kind.migrations().run_direct(None, &mut *tx, false).await;
    migrated.map_err(|error| OpenError::migrating(name, error))?;
    counter::init_epoch(&mut tx).await.map_err(unusable)?;
    tx.commit().await.map_err(unusable)?;
    connection.close().await.map_err(unusable)
}

/// Begins a transaction that excludes the migrations of other servers.
async fn begin_migration(
    kind: Kind,
    connection: &mut AnyConnection,
) -> Result<Transaction<'_, Any>, sqlx::Error> {
    let mut tx = connection.begin_with(kind.begin_write()).await?;
    if kind == Kind::Postgres {
        tx.execute(postgres::LOCK_MIGRATIONS).await?;
    }
    Ok(tx)
}

/// Returns the URL for messages and logs: for PostgreSQL without the query and the password.
fn display_url(kind: Kind, url: &str) -> String {
    match (kind, AnyConnectOptions::from_str(url)) {
        (
            Kind::Postgres,
            Ok(AnyConnectOptions {
                mut database_url, ..
            }),
        ) => {
            database_url.set_query(None);
            // Fails only for a URL without a host, which has no password.
            let _ = database_url.set_password(None);
            database_url.to_string()
        }
        (Kind::Postgres, Err(_)) => "postgres://...".to_owned(),
        (Kind::Sqlite, _) => url.to_owned(),
    }
}
