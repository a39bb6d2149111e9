//! A stream of server-sent events, parsed as a browser's `EventSource` does.

use std::net::SocketAddr;

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, Request, StatusCode, Version},
    response::Response,
};
use futures::StreamExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

use super::with_timeout;

/// An open stream.
pub struct Stream {
    /// The headers of the response.
    pub headers: HeaderMap,
    body: BodyDataStream,
    unread: String,
}

/// A server-sent event.
#[derive(Debug)]
pub struct Event {
    /// The event's type.
    pub name: String,
    /// The cursor to resume from after this event.
    pub id: Option<String>,
    /// The event's data.
    pub data: Value,
}

impl Stream {
    /// Opens a stream.
    ///
    /// # Panics
    /// If the response is not 200 OK.
    pub async fn open(
        server: SocketAddr,
        version: Version,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Self {
        let response = Self::request(server, version, path, last_event_id).await;
        assert_eq!(response.status(), StatusCode::OK);
        let (parts, body) = response.into_parts();
        Self {
            headers: parts.headers,
            body: body.into_data_stream(),
            unread: String::new(),
        }
    }

    /// Requests a stream, and returns the response.
    pub async fn request(
        server: SocketAddr,
        version: Version,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Response {
        let mut request = Request::get(format!("http://{server}{path}")).version(version);
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Body::empty()).unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        with_timeout(client.request(request))
            .await
            .unwrap()
            .map(Body::new)
    }

    /// Waits for the next event. Returns `None` when the server has closed the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let event = parse(event);
                self.unread = rest.to_owned();
                return Some(event);
            }
            let bytes = with_timeout(self.body.next()).await?.unwrap();
            self.unread.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// Waits for the next event that is not a heartbeat.
    pub async fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.next().await {
                Some(event) if event.name == "heartbeat" => {}
                event => return event,
            }
        }
    }
}

impl Event {
    /// Returns an event with the data `batch`.
    pub fn batch(batch: Value) -> Self {
        Self {
            name: "batch".to_owned(),
            id: None,
            data: batch,
        }
    }

    /// Returns the updates in a batch, as pairs of id and revision.
    pub fn updates(&self) -> Vec<(i64, i64)> {
        let changes = self.data["changes"].as_array().unwrap();
        let number = |change: &Value, name: &str| change[name].as_i64().unwrap();
        changes
            .iter()
            .map(|change| (number(change, "id"), number(change, "rev")))
            .collect()
    }
}

fn parse(text: &str) -> Event {
    let field = |name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
        text.lines().find_map(value)
    };
    Event {
        name: field("event").unwrap(),
        id: field("id"),
        // Some events of other protocols have none.
        data: field("data").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
    }
}
