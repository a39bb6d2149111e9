//! A site: nginx with Ringside behind it.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    client::{Client, Response},
    nginx::{Nginx, free_address},
    ringside::{Ringside, ServerProcess},
};

pub const PASSWORD: &str = "correct horse battery";

/// nginx with Ringside behind it, the live entry `/entries/final`, and the owner ann.
pub struct Site {
    pub nginx: Nginx,
    pub server: ServerProcess,
    _ringside: Ringside,
}

impl Site {
    pub fn start() -> Self {
        let ringside = Ringside::new();
        let password = ringside.file("password", PASSWORD);
        let password = password.to_str().unwrap();
        let owner = ["--name", "ann", "--role", "owner"];
        let account = ["account", "create", "--password-file", password];
        ringside.stdout_of(&[&account[..], &owner].concat());
        ringside.stdout_of(&["entry", "create", "--title", "Final", "--state", "live"]);
        let address = free_address();
        let server = serve(&ringside, address);
        Self {
            nginx: Nginx::start(address),
            server,
            _ringside: ringside,
        }
    }

    /// Returns a client that is not logged in.
    pub fn client(&self) -> Client {
        self.client_at(1)
    }

    /// Returns a client at 127.0.0.`number`.
    pub fn client_at(&self, number: u8) -> Client {
        Client::new(&self.nginx, number)
    }

    /// Returns a client that is logged in as the owner.
    pub fn owner(&self) -> Client {
        let client = self.client();
        let login = client.post("/login", &[("username", "ann"), ("password", PASSWORD)]);
        assert_eq!(login.status, 303, "{}", login.text());
        let cookies = login.headers("set-cookie");
        let cookies: Vec<_> = cookies
            .iter()
            .map(|cookie| cookie.split(';').next().unwrap())
            .collect();
        client.with("cookie", &cookies.join("; "))
    }
}

/// Starts Ringside with the settings from docs/operations.
fn serve(ringside: &Ringside, address: SocketAddr) -> ServerProcess {
    let mut command = ringside.command(&["serve"]);
    command
        .env("RINGSIDE_ADDR", address.to_string())
        .env("RINGSIDE_PUBLIC_URL", "https://live.example.org")
        .env("RINGSIDE_TRUSTED_PROXIES", "127.0.0.1");
    ServerProcess::start(command)
}

/// Posts `text` to the entry.
pub fn publish(author: &Client, text: &str) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let op_id = format!("operation-{}", LAST.fetch_add(1, Ordering::Relaxed));
    let fields = [("op_id", &*op_id), ("source", text)];
    let posted = author.post("/entries/final/compose", &fields);
    assert_eq!(posted.status, 303, "{}", posted.text());
}

/// Sends a request until the response is as expected, such as after a cached response has expired.
pub fn poll_until(
    mut request: impl FnMut() -> Response,
    expected: impl Fn(&Response) -> bool,
) -> Response {
    let started = Instant::now();
    loop {
        let response = request();
        if expected(&response) {
            return response;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "the expected response did not arrive; the last one was {}",
            response.cache_result()
        );
        thread::sleep(Duration::from_millis(50));
    }
}
