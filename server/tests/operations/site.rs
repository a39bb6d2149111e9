//! A site: nginx, and Ringside behind it.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    nginx::{Nginx, free_address},
    reader::{Answer, Reader},
    ringside::{Ringside, Serving},
};

pub const PASSWORD: &str = "correct horse battery";

/// nginx, and Ringside behind it, with a live entry at `/entries/final` and an owner named ann.
pub struct Site {
    pub nginx: Nginx,
    pub server: Serving,
    _ringside: Ringside,
}

impl Site {
    pub fn start() -> Self {
        let ringside = Ringside::new();
        let password = ringside.file("password", PASSWORD);
        let password = password.to_str().unwrap();
        let owner = ["--name", "ann", "--role", "owner"];
        let account = ["account", "create", "--password-file", password];
        ringside.says(&[&account[..], &owner].concat());
        ringside.says(&["entry", "create", "--title", "Final", "--state", "live"]);
        let address = free_address();
        let server = serve(&ringside, address);
        Self {
            nginx: Nginx::start(address),
            server,
            _ringside: ringside,
        }
    }

    /// Somebody who isn't logged in.
    pub fn reader(&self) -> Reader {
        self.reader_at(1)
    }

    /// Somebody at 127.0.0.`number`.
    pub fn reader_at(&self, number: u8) -> Reader {
        Reader::new(&self.nginx, number)
    }

    /// The owner, logged in.
    pub fn owner(&self) -> Reader {
        let reader = self.reader();
        let entered = reader.post("/login", &[("username", "ann"), ("password", PASSWORD)]);
        assert_eq!(entered.status, 303, "{}", entered.text());
        let cookies = entered.headers("set-cookie");
        let cookies: Vec<_> = cookies
            .iter()
            .map(|cookie| cookie.split(';').next().unwrap())
            .collect();
        reader.with("cookie", &cookies.join("; "))
    }
}

/// Ringside, as docs/operations says that it is set.
fn serve(ringside: &Ringside, address: SocketAddr) -> Serving {
    let mut command = ringside.command(&["serve"]);
    command
        .env("RINGSIDE_ADDR", address.to_string())
        .env("RINGSIDE_PUBLIC_URL", "https://live.example.org")
        .env("RINGSIDE_TRUSTED_PROXIES", "127.0.0.1");
    Serving::start(command)
}

/// Posts `text` to the entry.
pub fn publish(author: &Reader, text: &str) {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let op_id = format!("operation-{}", LAST.fetch_add(1, Ordering::Relaxed));
    let fields = [("op_id", &*op_id), ("source", text)];
    let posted = author.post("/entries/final/compose", &fields);
    assert_eq!(posted.status, 303, "{}", posted.text());
}

/// Asks until the answer is as expected, which it is bound to be once what is kept has expired.
pub fn soon(mut ask: impl FnMut() -> Answer, expected: impl Fn(&Answer) -> bool) -> Answer {
    let began = Instant::now();
    loop {
        let answer = ask();
        if expected(&answer) {
            return answer;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "it doesn't come to be: {}",
            answer.cached()
        );
        thread::sleep(Duration::from_millis(50));
    }
}
