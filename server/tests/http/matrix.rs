//! Who may do what: every role, on every route and server function.
//!
//! `matrix.txt` has a line for each method of each route, and for each kind of object that it may
//! be about, with the status that each role gets. A route without a line fails the test. Every
//! request is valid, so that a status depends on the permission alone, and has objects of its own,
//! so that none depends on another.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::SocketAddr,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{
        HeaderMap, Method, Request, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE},
    },
};
use domain::{EntryState, Role};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::http::support::{TestApp, op_id};

/// The expected statuses.
const MATRIX: &str = include_str!("matrix.txt");
/// The callers, in the order of the columns.
const CALLERS: [&str; 8] = [
    "none", "guest", "banned", "reader", "author", "editor", "owner", "disabled",
];
/// The largest body that is read.
const MAX_BODY: usize = 10_000_000;

/// Somebody who sends requests.
#[derive(Clone, Debug, Default)]
struct Caller {
    cookie: String,
    token: Option<String>,
    /// The account's id, if there is one.
    account: Option<i64>,
}

/// A response.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
}

/// A server, and the callers.
struct World {
    app: TestApp,
    router: Router,
    callers: BTreeMap<&'static str, Caller>,
    /// Makes names unique.
    count: Cell<u32>,
}

/// A body, by its type.
enum Sent {
    Form(Vec<(&'static str, String)>),
    Json(Value),
}

/// The objects of one request.
struct Objects {
    slug: String,
    entry: i64,
    update: i64,
    room: String,
    message: i64,
    held: i64,
    sanction: i64,
    removal: i64,
    draft: i64,
    session: i64,
    base: String,
}

impl World {
    async fn start() -> Self {
        let app = TestApp::with_flags(&[
            "--messages-per-minute=0",
            "--messages-per-minute-per-address=0",
        ])
        .await;
        let mut world = Self {
            router: app.router(),
            app,
            callers: BTreeMap::new(),
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
            let caller = world.app.create_account(name, role).await;
            let caller = Caller {
                cookie: world.session(name).await,
                token: Some(world.app.token(name).await),
                account: Some(caller.id.0),
            };
            world.callers.insert(name, caller);
        }
        world.callers.insert("none", Caller::default());
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
    async fn session(&self, name: &str) -> String {
        let session = self.app.newsroom.log_in(name, TestApp::PASSWORD).await;
        format!("ringside_session={}", session.unwrap().token.reveal())
    }

    fn unique(&self, prefix: &str) -> String {
        self.count.set(self.count.get() + 1);
        format!("{prefix}-{}", self.count.get())
    }

    async fn request(
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
    async fn succeed(
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
    async fn room(&self, hold: &str) -> String {
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

    async fn send_message(&self, caller: &Caller, room: &str, from: &str) -> Answer {
        let message = json!({"from": from, "text": "Hello", "op_id": op_id()});
        let path = format!("/rooms/{room}/messages");
        let sent = self
            .request(caller, Method::POST, &path, Some(Sent::Json(message)))
            .await;
        let body = String::from_utf8_lossy(&sent.body);
        assert!(sent.status.is_success(), "{from}: {}: {body}", sent.status);
        sent
    }

    /// Creates what the route `path` is about: an object of the caller's, of somebody else's, or in
    /// a live blog that is a draft.
    async fn objects(&self, path: &str, name: &str, kind: &str) -> Objects {
        let has = |part| path.contains(part);
        let slug = self.unique("entry");
        let state = if kind == "draft" {
            EntryState::Draft
        } else {
            EntryState::Live
        };
        let entry = self.app.entry(&slug, state).await.0;
        let has_own = kind == "own" && self.callers[name].account.is_some() && name != "disabled";
        let may_write = has_own && name != "reader";
        let writer = if may_write { name } else { "somebody" };
        let updates = format!("/api/v1/entries/{slug}/updates");
        let mut objects = Objects {
            entry,
            update: 0,
            room: "none".to_owned(),
            message: 0,
            held: 0,
            sanction: 0,
            removal: 0,
            draft: 0,
            session: 0,
            base: String::new(),
            slug,
        };
        if has("update") || has("article") {
            let new = Some(json!({"source": "A goal"}));
            let posted = self.succeed(writer, Method::POST, &updates, new).await;
            objects.update = posted.json()["id"].as_i64().unwrap();
            let update = format!("{updates}/{}", objects.update);
            objects.base = posted.headers["etag"].to_str().unwrap().replace('"', "");
            if has("restore") {
                self.succeed(writer, Method::DELETE, &update, None).await;
            }
        }
        if has("draft") {
            let path = format!("/api/v1/entries/{}/drafts", objects.slug);
            let new = Some(json!({"source": "A half"}));
            let saved = self.succeed(writer, Method::POST, &path, new).await;
            objects.draft = saved.json()["id"].as_i64().unwrap();
        }
        if has("room") || has("message") || has("moderation") || has("events") {
            self.add_room_objects(&mut objects, path, name, kind).await;
        }
        if has("sessions/{id}") {
            let of = if has_own { name } else { "somebody" };
            self.session(of).await;
            let username = of.parse().unwrap();
            let sessions = self.app.newsroom.sessions(Some(&username)).await.unwrap();
            objects.session = sessions.iter().map(|it| it.id.0).max().unwrap();
        }
        objects
    }

    async fn add_room_objects(&self, objects: &mut Objects, path: &str, name: &str, kind: &str) {
        objects.room = self
            .room(if path.contains("held") { "all" } else { "none" })
            .await;
        let guest = Caller::default();
        let writer = match kind {
            "own" if !matches!(name, "none" | "banned" | "disabled") => &self.callers[name],
            "staff" => &self.callers["editor"],
            _ => &guest,
        };
        // Accounts write under their usernames.
        let from = if kind == "staff" { "editor" } else { name };
        let from = if writer.account.is_some() {
            from.to_owned()
        } else {
            self.unique("Zoe")
        };
        let sent = self.send_message(writer, &objects.room, &from).await;
        let moderation = "/api/v1/moderation";
        if path.contains("held") {
            let queue = format!("{moderation}/queue?room={}", objects.room);
            let queue = self.succeed("owner", Method::GET, &queue, None).await;
            objects.held = queue.json()["held"][0]["id"].as_i64().unwrap();
            return;
        }
        objects.message = sent.json()["id"].as_i64().unwrap();
        let moderated = format!("{moderation}/messages/{}", objects.message);
        let act = async |action: Value| {
            self.succeed("owner", Method::POST, &moderated, Some(action))
                .await
                .json()
        };
        if path.contains("sanction") {
            act(json!({"action": "mute", "minutes": 10, "reach": "person"})).await;
            let all = format!("{moderation}/sanctions");
            let all = self.succeed("owner", Method::GET, &all, None).await.json();
            let ids = all["sanctions"].as_array().unwrap().iter();
            objects.sanction = ids.map(|it| it["id"].as_i64().unwrap()).max().unwrap();
        } else if path.contains("removals") {
            let removed = act(json!({"action": "remove_in_room"})).await;
            objects.removal = removed["id"].as_i64().unwrap();
        } else if path.contains("{id}/restore") {
            let path = format!("/rooms/{}/messages/{}", objects.room, objects.message);
            let by = if kind == "own" && !writer.cookie.is_empty() {
                writer
            } else {
                &self.callers["owner"]
            };
            let deleted = self.request(by, Method::DELETE, &path, None).await;
            assert!(deleted.status.is_success(), "{}", deleted.status);
        }
    }

    /// Returns the status of a request by the caller `name`.
    async fn status(&self, line: &Line, name: &str) -> u16 {
        let objects = self.objects(&line.path, name, &line.kind).await;
        let mut caller = self.callers[name].clone();
        let ends_sessions = matches!(
            (line.method.as_str(), &*line.path),
            (
                "POST",
                "/login"
                    | "/logout"
                    | "/setup"
                    | "/account/password"
                    | "/account/sessions/end-others"
            )
        );
        if ends_sessions && caller.account.is_some() && name != "disabled" {
            // The request ends the sessions of its account.
            caller.cookie = self.session(&format!("other-{name}")).await;
        }
        let sent = self.body(line, name, &objects);
        let path = filled(&line.path, &objects);
        let answer = self.request(&caller, line.method.clone(), &path, sent);
        answer.await.status.as_u16()
    }

    /// Returns the body of a request.
    fn body(&self, line: &Line, name: &str, objects: &Objects) -> Option<Sent> {
        let unique = self.unique("new");
        if line.method == Method::POST
            && !["/api/", "/fn/", "/rooms/"]
                .iter()
                .any(|start| line.path.starts_with(start))
        {
            let fields = form_fields(&line.path, name, objects, &unique);
            return Some(Sent::Form(fields));
        }
        let account = self.callers[name].account;
        json_body(line, name, account, objects, &unique).map(Sent::Json)
    }
}

/// Returns the fields of the form of a path.
fn form_fields(
    path: &str,
    name: &str,
    objects: &Objects,
    unique: &str,
) -> Vec<(&'static str, String)> {
    let (slug, op_id, display_name) = (&*objects.slug, op_id(), format!("The {name}"));
    let fields: &[(&'static str, &str)] = match path {
        "/login" | "/setup" => &[
            ("username", "somebody"),
            ("password", TestApp::PASSWORD),
            ("token", "unknown"),
        ],
        "/account/name" => &[("display_name", &display_name)],
        "/account/password" => &[
            ("current_password", TestApp::PASSWORD),
            ("password", TestApp::PASSWORD),
        ],
        "/desk/site" => &[("display_names", "false")],
        "/desk/entries" => &[
            ("op_id", &*op_id),
            ("title", unique),
            ("time_zone", "Europe/Paris"),
            ("state", "draft"),
            ("default_order", "oldest"),
        ],
        "/desk/entries/{slug}/edit" => &[
            ("title", slug),
            ("slug", slug),
            ("time_zone", "Europe/Paris"),
            ("default_order", "oldest"),
        ],
        "/desk/updates/{id}" | "/entries/{slug}/compose" => {
            &[("op_id", &*op_id), ("source", "Another goal")]
        }
        "/desk/updates/{id}/mark" => &[("mark", "key"), ("on", "true")],
        "/desk/rooms" => &[("name", unique), ("title", "A room")],
        "/desk/rooms/{room}/state" | "/desk/moderation/state" => &[("state", "open")],
        "/desk/moderation/words" => &[("words", "spam")],
        "/desk/moderation/rooms/{room}" => &[("slow_mode", "0"), ("hold", "none")],
        "/desk/moderation/held/{id}" => &[("action", "approve")],
        "/desk/moderation/messages/{id}" => {
            &[("action", "mute"), ("minutes", "10"), ("reach", "person")]
        }
        "/entries/{slug}/updates/{id}/like" => &[("liked", "true")],
        _ => &[],
    };
    fields
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

/// Returns the JSON of a request, if it has any.
fn json_body(
    line: &Line,
    name: &str,
    account: Option<i64>,
    objects: &Objects,
    unique: &str,
) -> Option<Value> {
    let (slug, base) = (&*objects.slug, &*objects.base);
    let (id, draft, op_id) = (objects.update, objects.draft, op_id());
    Some(match (line.method.as_str(), &*line.path) {
        ("POST", "/rooms/{room}/messages" | "/rooms/{room}/messages/") => {
            // Without a session, a disabled account is nobody's.
            let has_account = account.is_some() && name != "disabled";
            let from = if has_account { name } else { unique };
            json!({"from": from, "text": "Hello", "op_id": op_id})
        }
        ("POST", "/rooms/{room}/messages/{id}/report") => json!({"reason": "Spam"}),
        ("POST", "/api/v1/entries") => json!({"title": unique}),
        ("PATCH", "/api/v1/entries/{slug}") => json!({"summary": "A final"}),
        ("POST", "/api/v1/entries/{slug}/updates" | "/api/v1/entries/{slug}/drafts")
        | ("PATCH", "/api/v1/entries/{slug}/updates/{id}" | "/api/v1/entries/{slug}/drafts/{id}") =>
        {
            json!({"source": "A second goal"})
        }
        ("POST", "/api/v1/moderation/held/{id}") => json!({"action": "approve"}),
        ("POST", "/api/v1/moderation/messages/{id}") => {
            json!({"action": "mute", "minutes": 10, "reach": "person"})
        }
        ("PATCH", "/api/v1/moderation/rules" | "/api/v1/rooms/{room}") => {
            json!({"state": "open"})
        }
        ("POST", "/api/v1/rooms") => json!({"name": unique, "title": "A room"}),
        ("POST", "/fn/post_update") => {
            json!({"slug": slug, "op_id": op_id, "source": "A goal", "headline": ""})
        }
        ("POST", "/fn/preview_update") => {
            json!({"source": "A goal", "headline": "", "is_article": false})
        }
        ("POST", "/fn/edit_update") => json!({
            "id": id, "op_id": op_id, "source": "Goals", "headline": "", "base": base,
        }),
        ("POST", "/fn/delete_update" | "/fn/restore_update" | "/fn/update_source") => {
            json!({"id": id, "op_id": op_id})
        }
        ("POST", "/fn/mark_update") => {
            json!({"id": id, "op_id": op_id, "mark": "key", "on": true})
        }
        ("POST", "/fn/article_source") => json!({"entry": objects.entry}),
        ("POST", "/fn/edit_article") => json!({
            "entry": objects.entry, "op_id": op_id, "source": "More", "base": base,
            "account": account.unwrap_or_default(),
        }),
        ("POST", "/fn/my_drafts") => json!({"slug": slug}),
        ("POST", "/fn/my_draft") => json!({"slug": slug, "id": draft}),
        ("POST", "/fn/save_draft") => json!({
            "slug": slug, "op_id": op_id, "id": draft, "version": 1, "source": "A half goal",
            "headline": "",
        }),
        ("POST", "/fn/discard_draft") => json!({"id": draft}),
        ("POST", path) if path.starts_with("/fn/") => json!({}),
        _ => return None,
    })
}

/// Returns the path of a route, with the ids of `objects`.
fn filled(path: &str, objects: &Objects) -> String {
    let id = if path.contains("/held/") {
        objects.held
    } else if path.contains("/sanctions/") {
        objects.sanction
    } else if path.contains("/removals/") {
        objects.removal
    } else if path.contains("/drafts/") {
        objects.draft
    } else if path.contains("/sessions/") {
        objects.session
    } else if path.contains("/messages/") {
        objects.message
    } else {
        objects.update
    };
    let file = if path.ends_with('/') {
        objects.entry.to_string()
    } else {
        format!("{}.json?since=0", objects.entry)
    };
    let path = path
        .replace("{slug}", &objects.slug)
        .replace("{entry_id}", &objects.entry.to_string())
        .replace("{file}", &file)
        .replace("{room}", &objects.room)
        .replace("{id}", &id.to_string());
    if path.starts_with("/events") {
        format!("{path}?channel=room-{}", objects.room)
    } else {
        path
    }
}

/// A line of the matrix.
struct Line {
    method: Method,
    path: String,
    kind: String,
    /// The expected statuses, as text.
    expected: String,
}

impl Line {
    fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut next = || words.next().unwrap_or_default().to_owned();
        let (method, path, kind) = (next(), next(), next());
        Self {
            method: method.parse().unwrap(),
            path,
            kind,
            expected: words.collect::<Vec<_>>().join(" "),
        }
    }
}

/// Returns the methods and paths of all routes in the description of the server's service. A HEAD
/// has the same answer as the GET, without its body.
fn routes(described: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for router in described.split("PathRouter {").skip(1) {
        let mut methods = BTreeMap::new();
        for part in router.split("RouteId(").skip(1) {
            let Some((id, rest)) = part.split_once("): ") else {
                continue;
            };
            if let Some(path) = rest.strip_prefix('"') {
                let path = path.split('"').next().unwrap_or_default();
                for method in methods.get(id).copied().unwrap_or("").split(',') {
                    if !matches!(method, "" | "HEAD") {
                        all.insert((method.to_owned(), path.to_owned()));
                    }
                }
            } else if let Some((_, allowed)) = rest.split_once("allow_header: Bytes(b\"") {
                // Services for all methods, which are not listed, serve files to everyone.
                methods.insert(id, allowed.split('"').next().unwrap_or_default());
            }
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_gets_the_documented_answer_of_every_route() {
    let world = World::start().await;
    let lines: Vec<_> = MATRIX
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(Line::parse)
        .collect();
    let of_line = |line: &Line| (line.method.to_string(), line.path.clone());
    let listed: BTreeSet<_> = lines.iter().map(of_line).collect();
    assert_eq!(routes(&world.app.describe()), listed);

    let mut different = String::new();
    for line in &lines {
        let mut statuses = Vec::new();
        for name in CALLERS {
            statuses.push(world.status(line, name).await.to_string());
        }
        let statuses = statuses.join(" ");
        if statuses != line.expected {
            let Line {
                method, path, kind, ..
            } = line;
            writeln!(different, "{method} {path} {kind} {statuses}").unwrap();
        }
    }
    assert!(different.is_empty(), "the statuses are:\n{different}");
}
