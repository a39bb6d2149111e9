//! A reader without an account, with a connection.

use std::net::{Ipv4Addr, SocketAddr};

use super::{Connection, Context, Error, Response, Result, request_with_body, text};

/// A reader who sends messages and likes updates.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    /// The header line with the cookie; empty until the first response.
    cookie: String,
    name: String,
    sent: usize,
}

impl Reader {
    /// The settings of a server where each reader can send any number of messages, to any room.
    pub const SETTINGS: [(&str, &str); 3] = [
        ("RINGSIDE_OPEN_ROOMS", "true"),
        ("RINGSIDE_MESSAGES_PER_MINUTE", "0"),
        ("RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS", "0"),
    ];

    /// Connects the reader called `name`.
    pub async fn connect(address: SocketAddr, name: &str) -> Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, address, name).await
    }

    /// Connects the reader called `name` from an own address.
    pub async fn connect_from(own: Ipv4Addr, address: SocketAddr, name: &str) -> Result<Self> {
        let connection = Connection::open_from(own, address).await;
        Ok(Self {
            connection: connection.context("connecting")?,
            cookie: String::new(),
            name: name.to_owned(),
            sent: 0,
        })
    }

    /// Sends the reader's next message to a room, with as many words as an update.
    ///
    /// # Errors
    ///
    /// If it is refused.
    pub async fn send(&mut self, room: &str) -> Result<()> {
        self.send_text(room, &text(self.sent + 1)).await
    }

    /// Sends a message to a room.
    ///
    /// # Errors
    ///
    /// If it is refused.
    pub async fn send_text(&mut self, room: &str, text: &str) -> Result<()> {
        self.sent += 1;
        let (name, sent) = (&self.name, self.sent);
        let op_id = format!("{name}-{sent:08}");
        let body = serde_json::json!({ "from": name, "text": text, "op_id": op_id });
        let path = format!("/rooms/{room}/messages");
        self.request("POST", &path, &body.to_string(), 201).await
    }

    /// Likes an update, or takes the like back.
    ///
    /// # Errors
    ///
    /// If that is refused.
    pub async fn like(&mut self, slug: &str, update: i64, is_liked: bool) -> Result<()> {
        let method = if is_liked { "PUT" } else { "DELETE" };
        let path = format!("/entries/{slug}/updates/{update}/like");
        self.request(method, &path, "", 200).await
    }

    async fn request(&mut self, method: &str, path: &str, body: &str, wanted: u16) -> Result<()> {
        let headers = format!(
            "content-type: application/json\r\naccept: application/json\r\n{}",
            self.cookie
        );
        let request = request_with_body(method, path, &headers, body);
        let response = self.connection.request(&request).await.context(path)?;
        if response.status != wanted {
            let Response { head, .. } = &response;
            return Err(Error::Unexpected(format!(
                "{path}: {head}{}",
                response.text()
            )));
        }
        let cookie = response.headers("set-cookie").next();
        if let Some(cookie) = cookie.and_then(|cookie| cookie.split(';').next()) {
            self.cookie = format!("cookie: {cookie}\r\n");
        }
        Ok(())
    }
}
