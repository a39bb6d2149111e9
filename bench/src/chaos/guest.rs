//! Readers without accounts.

use std::{io, net::SocketAddr};

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::retrying_author::{ATTEMPT_TIMEOUT, pause};
use crate::harness::{Connection, Response, request_with_body};

/// A reader without an account, who repeats each request until it is acknowledged.
#[derive(Debug)]
pub struct Guest {
    address: SocketAddr,
    /// The name under which it writes.
    pub name: String,
    cookie: Option<String>,
    keeps_connection: bool,
    connection: Option<Connection>,
}

/// The end of a request.
#[derive(Debug)]
pub struct Acknowledged<T> {
    /// The response, or the refusal (a status of 4xx).
    pub result: Result<T, Response>,
    /// Whether an earlier attempt was given up without a response. It may still arrive.
    pub is_in_doubt: bool,
}

impl Guest {
    /// Creates a reader who sends each request to `address` on a connection of its own.
    pub const fn new(address: SocketAddr, name: String) -> Self {
        Self {
            address,
            name,
            cookie: None,
            keeps_connection: false,
            connection: None,
        }
    }

    /// Makes the reader send all requests on one connection, as long as that is open.
    pub fn keeping_its_connection(self) -> Self {
        Self {
            keeps_connection: true,
            ..self
        }
    }

    /// Returns the id of the guest; `None` without a cookie.
    pub fn id(&self) -> Option<&str> {
        // The cookie consists of a name, the id and a signature: `name=id.signature`.
        let (_, value) = self.cookie.as_ref()?.split_once('=')?;
        Some(value.split_once('.')?.0)
    }

    /// Sends a request until a response of the server arrives, which has the status `wanted` or is
    /// a refusal.
    pub async fn request<T: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
        wanted: u16,
    ) -> Acknowledged<T> {
        let mut is_in_doubt = false;
        loop {
            let cookie = self.cookie.as_ref();
            let cookie = cookie.map(|cookie| format!("cookie: {cookie}\r\n"));
            let headers = format!(
                "content-type: application/json\r\naccept: application/json\r\n{}{headers}",
                cookie.unwrap_or_default()
            );
            let request = request_with_body(method, path, &headers, body);
            match timeout(ATTEMPT_TIMEOUT, self.attempt(&request)).await {
                Ok(Ok(response)) if response.status == wanted => {
                    // A network may respond in place of the server.
                    if let Ok(value) = serde_json::from_slice(&response.body) {
                        self.store_cookie(&response);
                        return Acknowledged {
                            result: Ok(value),
                            is_in_doubt,
                        };
                    }
                }
                Ok(Ok(response)) if is_refusal(response.status) => {
                    return Acknowledged {
                        result: Err(response),
                        is_in_doubt,
                    };
                }
                Ok(_) => {}
                Err(_) => is_in_doubt = true,
            }
            pause().await;
        }
    }

    /// Sends a request once. The connection is not used again unless the response arrives.
    async fn attempt(&mut self, request: &[u8]) -> io::Result<Response> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        let response = connection.request(request).await?;
        if self.keeps_connection {
            self.connection = Some(connection);
        }
        Ok(response)
    }

    fn store_cookie(&mut self, response: &Response) {
        let set = response.headers("set-cookie");
        let guest = set.filter_map(|it| it.split(';').next()).last();
        if let Some(guest) = guest {
            self.cookie = Some(guest.to_owned());
        }
    }
}

/// Returns whether a request with this response is not repeated.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && status != 429
}
