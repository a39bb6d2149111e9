//! Clients that mean harm, against the binary with few files and little memory: the server lives, everybody else is
//! answered, what is posted is acknowledged, and the log tells of each kind at most once a minute.
//!
//! A file holds the attacks on one part of the server. A test starts a [`Target`](hostile::support),
//! attacks it from addresses other than 127.0.0.1, and then calls `assert_serves`, which asks from
//! that one.

#[cfg(target_os = "linux")]
#[cfg(test)]
mod hostile {
    mod connections;
    #[path = "../cli/support.rs"]
    #[expect(dead_code, reason = "the tests of the command line use the rest")]
    mod ringside;
    mod streams;
    pub mod support;
    mod websocket;
}
