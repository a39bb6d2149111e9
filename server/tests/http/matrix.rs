//! Who may do what: every role, on every route and server function.
//!
//! `matrix.txt` has a line for each method of each route, and for each kind of object that it may
//! be about, with the status that each role gets. A route without a line fails the test. Every
//! request is valid, so that a status depends on the permission alone, and has objects of its own,
//! so that none depends on another.

mod callers;
mod objects;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use axum::http::Method;
use serde_json::{Value, json};

use self::{
    callers::{Sent, World},
    objects::{Objects, filled},
};
use super::support::{TestApp, op_id};

/// The expected statuses.
const MATRIX: &str = include_str!("matrix.txt");
/// The callers, in the order of the columns.
const CALLERS: [&str; 8] = [
    "none", "guest", "banned", "reader", "author", "editor", "owner", "disabled",
];

impl World {
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
                    | "/sign-up"
                    | "/invite/{token}"
                    | "/reset/{token}"
                    | "/account/password"
                    | "/account/sessions/end-others"
            )
        );
        if ends_sessions && caller.account.is_some() && name != "disabled" {
            // The request ends the sessions of its account.
            caller.cookie = self.session(&format!("other-{name}")).await;
        }
        if line.method == Method::POST
            && line.path == "/account/delete"
            && !caller.cookie.is_empty()
            && let Ok(role) = name.parse()
        {
            let username = self.unique("gone");
            self.app.create_account(&username, role).await;
            caller.cookie = self.session(&username).await;
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
        "/sign-up" | "/invite/{token}" | "/reset/{token}" => {
            &[("username", unique), ("password", TestApp::PASSWORD)]
        }
        "/account/name" => &[("display_name", &display_name)],
        "/account/delete" => &[("current_password", TestApp::PASSWORD)],
        "/desk/accounts/invitations" => &[("role", "reader")],
        "/desk/accounts/{id}/role" => &[("role", "author")],
        "/account/password" => &[
            ("current_password", TestApp::PASSWORD),
            ("password", TestApp::PASSWORD),
        ],
        "/desk/site" => &[
            ("display_names", "false"),
            ("open_sign_up", "true"),
            ("deleted_messages", "anonymize"),
        ],
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
