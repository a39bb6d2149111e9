//! Readers without accounts.

use std::net::SocketAddr;

use serde::de::DeserializeOwned;

use super::retrying_author::{attempt, pause, rejected};
use crate::harness::Result;

/// A reader without an account, who repeats each request until it is acknowledged.
#[derive(Debug)]
pub struct Guest {
    address: SocketAddr,
    /// The name under which it writes.
    pub name: String,
    cookie: Option<String>,
}

impl Guest {
    /// Creates a reader who sends requests to `address`.
    pub const fn new(address: SocketAddr, name: String) -> Self {
        Self {
            address,
            name,
            cookie: None,
        }
    }

    /// Sends a request until a response of the server arrives, which must have the status `wanted`.
    ///
    /// # Errors
    ///
    /// If it is rejected.
    pub async fn request<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
        wanted: u16,
    ) -> Result<T> {
        loop {
            let cookie = self.cookie.as_ref();
            let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n"));
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json\r\n{}{headers}content-length: {}\r\n\r\n{body}",
                cookie.unwrap_or_default(),
                body.len()
            );
            if let Some(response) = attempt(self.address, request.as_bytes()).await {
                if response.status == wanted
                    && let Ok(value) = serde_json::from_slice(&response.body)
                {
                    let set = response.headers("set-cookie");
                    let guest = set.filter_map(|it| it.split(';').next());
                    if let Some(guest) = guest.last() {
                        self.cookie = Some(guest.to_owned());
                    }
                    return Ok(value);
                }
                if (400..500).contains(&response.status) && response.status != 429 {
                    return Err(rejected(request.as_bytes(), Some(&response)));
                }
            }
            pause().await;
        }
    }
}
