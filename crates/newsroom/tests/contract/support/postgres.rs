//! A database on the PostgreSQL server that the tests were started beside (`scripts/with-postgres`).

use std::{
    env, process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::Network;

/// Names are short, and never one that is in use: tests run in processes of their own.
static LAST: AtomicUsize = AtomicUsize::new(0);

/// A database of the test's own, dropped with it.
pub struct PostgresDatabase {
    server: String,
    name: String,
}

impl PostgresDatabase {
    /// One with nothing in it.
    pub async fn create() -> Self {
        let server = env::var("RINGSIDE_TEST_POSTGRES").expect(
            "these tests need a PostgreSQL server: run them with `make rust-tests`, or with \
             `scripts/with-postgres cargo test`",
        );
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", process::id());
        let database = Self { server, name };
        database
            .tell(format!("CREATE DATABASE {}", database.name))
            .await;
        database
    }

    /// Its address.
    pub fn url(&self) -> String {
        // The server's own is that of the database `postgres`.
        self.server
            .replacen("/postgres?", &format!("/{}?", self.name), 1)
    }

    /// A network that leads to it, and its address there.
    pub async fn behind_network(&self) -> (Network, String) {
        let folder = self.server.split_once("host=").unwrap().1;
        let network = Network::to(folder).await;
        let (port, name) = (network.port(), &self.name);
        let url = format!("postgres://ringside@127.0.0.1:{port}/{name}?sslmode=disable");
        (network, url)
    }

    /// Copies it; nobody may be connected.
    pub async fn back_up(&self) {
        let name = &self.name;
        self.tell(format!("CREATE DATABASE {name}_backup TEMPLATE {name}"))
            .await;
    }

    /// Puts the copy in its place; nobody may be connected.
    pub async fn put_back(&self) {
        let name = &self.name;
        self.tell(format!("DROP DATABASE {name} WITH (FORCE)"))
            .await;
        self.tell(format!("CREATE DATABASE {name} TEMPLATE {name}_backup"))
            .await;
    }

    /// Waits until so many connections listen for the bell.
    pub async fn wait_for_listeners(&self, number: usize) {
        while self.each_listener("SELECT pid").await != number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Cuts every connection that listens for the bell.
    pub async fn cut_listeners(&self) {
        self.each_listener("SELECT pg_terminate_backend(pid)").await;
    }

    async fn each_listener(&self, select: &'static str) -> usize {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        // Listeners hold the lock that servers share. Both of `select` stand above.
        let sql = AssertSqlSafe(format!(
            "{select} FROM pg_stat_activity WHERE datname = $1 AND pid IN
             (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
        ));
        let listeners = sqlx::query(sql).bind(&self.name).fetch_all(&mut connection);
        let listeners = listeners.await.unwrap().len();
        connection.close().await.unwrap();
        listeners
    }

    async fn tell(&self, sql: String) {
        tell(&self.server, sql).await;
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let drops = ["_backup", ""]
            .map(|suffix| format!("DROP DATABASE IF EXISTS {}{suffix} WITH (FORCE)", self.name));
        // The test's own runtime may be going down.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                for sql in drops {
                    tell(&server, sql).await;
                }
            });
        });
        // A test that failed has said why already.
        let _ = dropping.join();
    }
}

async fn tell(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    // Names can't be bound; these are made of letters and digits, by `create`.
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
