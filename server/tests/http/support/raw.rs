//! Requests that no browser sends, as raw bytes.

use std::net::SocketAddr;

use axum_test::TestServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::with_timeout;

/// The beginning of a response.
pub struct RawResponse {
    /// The status; `None` if the connection was closed without one.
    pub status: Option<u16>,
    /// The head, and the part of the body that arrived with it.
    pub text: String,
}

/// Sends `request` as it is, and reads the head of the response, with the data that arrives with
/// it.
pub async fn send_raw(browser: &TestServer, request: &[u8]) -> RawResponse {
    let url = browser.server_address().unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], url.port().unwrap()));
    let mut connection = TcpStream::connect(address).await.unwrap();
    // The server may refuse the request before all of it is sent.
    let _ = connection.write_all(request).await;
    let mut response = Vec::new();
    let mut buffer = [0; 4096];
    while !response.windows(4).any(|end| end == b"\r\n\r\n") {
        match with_timeout(connection.read(&mut buffer)).await {
            Ok(length @ 1..) => response.extend_from_slice(&buffer[..length]),
            _ => break,
        }
    }
    let text = String::from_utf8_lossy(&response).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
    RawResponse { status, text }
}
