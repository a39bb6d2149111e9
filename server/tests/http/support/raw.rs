//! Requests that no browser would send, byte by byte.

use std::net::SocketAddr;

use axum_test::TestServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::soon;

/// What came back.
pub struct Raw {
    /// The status; `None` if the connection was closed without one.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub text: String,
}

/// Sends `request` as it is, and reads the head of the answer, and what comes with it.
pub async fn ask(browser: &TestServer, request: &[u8]) -> Raw {
    let url = browser.server_address().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], url.port().unwrap()));
    let mut connection = TcpStream::connect(address).await.unwrap();
    // The server may have heard enough before all is said.
    let _ = connection.write_all(request).await;
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        match soon(connection.read(&mut piece)).await {
            Ok(length @ 1..) => answer.extend_from_slice(&piece[..length]),
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    Raw { status, text }
}
