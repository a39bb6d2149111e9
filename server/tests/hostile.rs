//! Hostile clients against the binary, which has few file descriptors and little memory. The server
//! survives, serves all other clients, acknowledges posts, and logs each kind of attack at most
//! once a minute.
//!
//! Each file contains the attacks on one part of the server. A test starts a
//! [`Target`](hostile::support), attacks it from addresses other than 127.0.0.1, and then calls
//! `assert_serves`, which sends requests from 127.0.0.1.

#[cfg(target_os = "linux")]
#[cfg(test)]
mod hostile {
    mod connections;
    #[path = "../cli/support.rs"]
    #[expect(dead_code, reason = "the command-line tests use the other helpers")]
    mod ringside;
    mod streams;
    pub mod support;
    mod websocket;
}
