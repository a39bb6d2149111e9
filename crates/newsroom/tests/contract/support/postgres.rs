//! A database on the PostgreSQL server that runs beside the tests (`scripts/with-postgres`).

use std::{
    env, process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Network;

/// Numbers the databases of this process. Their names include the process id, because tests run in
/// separate processes.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// A database of the test's own. The database is dropped with this value.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// Creates an empty database.
    pub async fn create() -> Self {
        let server = env::var("RINGSIDE_TEST_POSTGRES").expect(
            "these tests need a PostgreSQL server: run them with `make rust-tests`, or with \
             `scripts/with-postgres cargo test`",
        );
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", process::id());
        let database = Self { server, name };
        database
            .execute(format!("CREATE DATABASE {}", database.name))
            .await;
        database
    }

    /// Returns the database URL.
    pub fn url(&self) -> String {
        // The server's URL names the database `postgres`.
        self.server
            .replacen("/postgres?", &format!("/{}?", self.name), 1)
    }

    /// Returns a simulated network in front of the server, and the URL of the database through it.
    pub async fn behind_network(&self) -> (Network, String) {
        let folder = self.server.split_once("host=").unwrap().1;
        let network = Network::to(folder).await;
        let (port, name) = (network.port(), &self.name);
        let url = format!("postgres://ringside@127.0.0.1:{port}/{name}?sslmode=disable");
        (network, url)
    }

    /// Copies the database to a backup. There must be no connections to it.
    pub async fn back_up(&self) {
        let name = &self.name;
        self.execute(format!("CREATE DATABASE {name}_backup TEMPLATE {name}"))
            .await;
    }

    /// Replaces the database by the backup. There must be no connections to it.
    pub async fn restore_backup(&self) {
        let name = &self.name;
        self.execute(format!("DROP DATABASE {name} WITH (FORCE)"))
            .await;
        self.execute(format!("CREATE DATABASE {name} TEMPLATE {name}_backup"))
            .await;
    }

    /// Waits until exactly `number` connections listen for change notifications.
    pub async fn wait_for_listeners(&self, number: usize) {
        while self.query_listeners("SELECT pid").await != number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Terminates every connection that listens for change notifications.
    pub async fn terminate_listeners(&self) {
        self.query_listeners("SELECT pg_terminate_backend(pid)")
            .await;
    }

    async fn query_listeners(&self, select: &'static str) -> usize {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        // Listeners hold the advisory lock that servers share. `select` is one of two literals.
        let sql = AssertSqlSafe(format!(
            "{select} FROM pg_stat_activity WHERE datname = $1 AND pid IN
             (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
        ));
        let listeners = sqlx::query(sql).bind(&self.name).fetch_all(&mut connection);
        let listeners = listeners.await.unwrap().len();
        connection.close().await.unwrap();
        listeners
    }

    async fn execute(&self, sql: String) {
        execute_on_server(&self.server, sql).await;
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let drops = ["_backup", ""]
            .map(|suffix| format!("DROP DATABASE IF EXISTS {}{suffix} WITH (FORCE)", self.name));
        // The test's own runtime may be shutting down.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                for sql in drops {
                    execute_on_server(&server, sql).await;
                }
            });
        });
        // A test that failed has already reported its reason.
        let _ = dropping.join();
    }
}

async fn execute_on_server(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    // A name can't be a bound parameter. `create` makes names of letters and digits only.
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
