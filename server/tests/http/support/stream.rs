//! A reader's open stream, as a browser's `EventSource` reads it.

use std::net::SocketAddr;

use axum::{
    body::{Body, BodyDataStream},
    http::{HeaderMap, Request, StatusCode, Version},
    response::Response,
};
use futures::StreamExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use serde_json::Value;

use super::soon;

/// A stream that was opened.
pub struct Stream {
    /// What the server said before the first event.
    pub headers: HeaderMap,
    body: BodyDataStream,
    unread: String,
}

/// One event.
#[derive(Debug)]
pub struct Event {
    /// What kind it is.
    pub name: String,
    /// Where to go on from after it.
    pub id: Option<String>,
    /// What it brings.
    pub data: Value,
}

impl Stream {
    /// Opens a stream; the answer has to be one.
    pub async fn open(
        server: SocketAddr,
        version: Version,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Self {
        let answer = Self::ask(server, version, path, last_event_id).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let (parts, body) = answer.into_parts();
        Self {
            headers: parts.headers,
            body: body.into_data_stream(),
            unread: String::new(),
        }
    }

    /// What is answered to who asks for a stream.
    pub async fn ask(
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
        soon(client.request(request)).await.unwrap().map(Body::new)
    }

    /// The next event, which is to come soon; `None` once the server closed the stream.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.unread.split_once("\n\n") {
                let event = read(event);
                self.unread = rest.to_owned();
                return Some(event);
            }
            let bytes = soon(self.body.next()).await?.unwrap();
            self.unread.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event that isn't a heartbeat.
    pub async fn news(&mut self) -> Option<Event> {
        loop {
            match self.next().await {
                Some(event) if event.name == "heartbeat" => {}
                event => return event,
            }
        }
    }
}

impl Event {
    /// The event that would bring `batch`.
    pub fn batch(batch: Value) -> Self {
        Self {
            name: "batch".to_owned(),
            id: None,
            data: batch,
        }
    }

    /// The updates that a batch brings, as pairs of id and revision.
    pub fn updates(&self) -> Vec<(i64, i64)> {
        let changes = self.data["changes"].as_array().unwrap();
        let number = |change: &Value, name: &str| change[name].as_i64().unwrap();
        changes
            .iter()
            .map(|change| (number(change, "id"), number(change, "rev")))
            .collect()
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned());
        text.lines().find_map(value)
    };
    Event {
        name: field("event").unwrap(),
        id: field("id"),
        data: serde_json::from_str(&field("data").unwrap()).unwrap(),
    }
}
