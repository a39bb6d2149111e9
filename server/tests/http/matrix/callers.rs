//! The callers of the matrix, and how they send requests.

use std::{cell::Cell, collections::BTreeMap, net::SocketAddr};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{
        HeaderMap, Method, Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE},
    },
};
use domain::Role;
use newsroom::SiteSettings;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::http::support::{TestApp, op_id};

/// The largest body that is read.
const MAX_BODY: usize = 10_000_000;

/// Somebody who sends requests.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub cookie: String,
    pub token: Option<String>,
    /// The account's id, if there is one.
    pub account: Option<i64>,
}

/// A response.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the body, which is JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// A server, and the callers.
pub struct World {
    pub app: TestApp,
    router: Router,
    pub callers: BTreeMap<&'static str, Caller>,
    /// The accounts of the callers that have one.
    pub accounts: BTreeMap<&'static str, domain::Caller>,
    /// Makes names unique.
    count: Cell<u32>,
}

/// A body, by its type.
pub enum Sent {
    Form(Vec<(&'static str, String)>),
    Json(Value),
}

impl World {
    /// Starts the server, and creates the callers.
    pub async fn start() -> Self {
        let app = TestApp::with_flags(&[
            "--messages-per-minute=0",
            "--messages-per-minute-per-address=0",
            "--sign-ups-per-hour-per-address=0",
        ])
        .await;
        let mut world = Self {
            router: app.router(),
            app,
            callers: BTreeMap::new(),
            accounts: BTreeMap::new(),
            count: Cell::new(0),
        };
        let accounts = [
            ("reader", Role::Reader),
            ("author", Role::Author),
            ("editor", Role::Editor),
            ("owner", Role::Owner),
            ("disabled", Role::Owner),
            ("somebody", Role::Author),
        ];
        for (name, role) in accounts {
            world
                .app
                .create_account(&format!("other-{name}"), role)
                .await;
            let account = world.app.create_account(name, role).await;
            let caller = Caller {
                cookie: world.session(name).await,
                token: Some(world.app.token(name).await),
                account: Some(account.id.0),
            };
            world.callers.insert(name, caller);
            world.accounts.insert(name, account);
        }
        world.callers.insert("none", Caller::default());
        let owner = &world.accounts["owner"];
        let settings = world.app.newsroom.site_settings(owner).await.unwrap();
        let settings = SiteSettings {
            open_sign_up: true,
            ..settings
        };
        let opened = world.app.newsroom.change_site(owner, settings).await;
        opened.unwrap();
        let disabled = "disabled".parse().unwrap();
        world.app.newsroom.disable_account(&disabled).await.unwrap();
        let room = world.room("none").await;
        for name in ["guest", "banned"] {
            let sent = world.send_message(&Caller::default(), &room, name).await;
            let cookie = sent.headers[SET_COOKIE].to_str().unwrap();
            let caller = Caller {
                cookie: cookie.split_once(';').unwrap().0.to_owned(),
                ..Caller::default()
            };
            world.callers.insert(name, caller);
            if name == "banned" {
                let message = sent.json()["id"].as_i64().unwrap();
                let ban = json!({"action": "ban", "minutes": 60, "reach": "person"});
                let path = format!("/api/v1/moderation/messages/{message}");
                world.succeed("owner", Method::POST, &path, Some(ban)).await;
            }
        }
        world
    }

    /// Returns the cookie of a new session.
    pub async fn session(&self, name: &str) -> String {
        let session = self.app.newsroom.log_in(name, TestApp::PASSWORD).await;
        format!("ringside_session={}", session.unwrap().token.reveal())
    }

    /// Returns a name that no other call returns.
    pub fn unique(&self, prefix: &str) -> String {
        self.count.set(self.count.get() + 1);
        format!("{prefix}-{}", self.count.get())
    }

    /// Sends a request, with the cookie of `caller` and, to the API, its token.
    pub async fn request(
        &self,
        caller: &Caller,
        method: Method,
        path: &str,
        sent: Option<Sent>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !caller.cookie.is_empty() {
            request = request.header(COOKIE, &caller.cookie);
        }
        if let Some(token) = caller.token.as_ref().filter(|_| path.starts_with("/api/")) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = match sent {
            None => request.body(Body::empty()),
            Some(Sent::Json(json)) => request
                .header(CONTENT_TYPE, "application/json")
                .body(Body::from(json.to_string())),
            Some(Sent::Form(fields)) => request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(
                    form_urlencoded::Serializer::new(String::new())
                        .extend_pairs(fields)
                        .finish(),
                )),
        };
        let mut request = request.unwrap();
        // Limits of an address don't depend on other cells.
        let [_, a, b, c] = self.count.get().to_be_bytes();
        let address = SocketAddr::from(([10, a, b, c], 1000));
        request.extensions_mut().insert(ConnectInfo(address));
        let is_stream = path.contains("/stream") || path.starts_with("/events");
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: if is_stream {
                Vec::new()
            } else {
                to_bytes(body, MAX_BODY).await.unwrap().to_vec()
            },
        }
    }

    /// Sends a request of the API that must succeed, and returns the answer.
    pub async fn succeed(
        &self,
        caller: &str,
        method: Method,
        path: &str,
        json: Option<Value>,
    ) -> Answer {
        let caller = &self.callers[caller];
        let answer = self
            .request(caller, method, path, json.map(Sent::Json))
            .await;
        let body = String::from_utf8_lossy(&answer.body);
        assert!(
            answer.status.is_success(),
            "{path}: {}: {body}",
            answer.status
        );
        answer
    }

    /// Creates a room with the rule `hold`: `none` or `all`.
    pub async fn room(&self, hold: &str) -> String {
        let room = self.unique("room");
        let new = json!({"name": room, "title": "A room"});
        self.succeed("owner", Method::POST, "/api/v1/rooms", Some(new))
            .await;
        let path = format!("/api/v1/rooms/{room}");
        let rules = json!({"hold": hold});
        self.succeed("owner", Method::PATCH, &path, Some(rules))
            .await;
        room
    }

    /// Sends a message to a room, which must succeed, and returns the answer.
    pub async fn send_message(&self, caller: &Caller, room: &str, from: &str) -> Answer {
        let message = json!({"from": from, "text": "Hello", "op_id": op_id()});
        let path = format!("/rooms/{room}/messages");
        let sent = self
            .request(caller, Method::POST, &path, Some(Sent::Json(message)))
            .await;
        let body = String::from_utf8_lossy(&sent.body);
        assert!(sent.status.is_success(), "{from}: {}: {body}", sent.status);
        sent
    }
}
