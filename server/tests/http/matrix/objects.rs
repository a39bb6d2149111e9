//! The objects that the requests of the matrix are about.

use axum::http::Method;
use domain::{EntryState, Role};
use serde_json::{Value, json};

use super::callers::{Caller, World};

/// The objects of one request.
pub struct Objects {
    pub slug: String,
    pub entry: i64,
    pub update: i64,
    pub room: String,
    pub message: i64,
    pub held: i64,
    pub sanction: i64,
    pub removal: i64,
    pub draft: i64,
    pub session: i64,
    pub account: i64,
    pub invitation: i64,
    /// The secret of a link that works once.
    pub link: String,
    pub base: String,
}

impl World {
    /// Creates what the route `path` is about: an object of the caller's, of somebody else's, or in
    /// a live blog that is a draft.
    pub async fn objects(&self, path: &str, name: &str, kind: &str) -> Objects {
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
            account: 0,
            invitation: 0,
            link: String::new(),
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
        if has("/desk/accounts/") || has("/invite/") || has("/reset/") {
            self.add_account_objects(&mut objects, path, name, kind)
                .await;
        }
        objects
    }

    async fn add_account_objects(&self, objects: &mut Objects, path: &str, name: &str, kind: &str) {
        let newsroom = &self.app.newsroom;
        let username = self.unique("account");
        let account = self.app.create_account(&username, Role::Reader).await;
        objects.account = account.id.0;
        let link = if path.contains("/reset/") {
            newsroom.create_reset_link(&account.username).await
        } else {
            let is_own = kind == "own" && matches!(name, "editor" | "owner");
            let by = &self.accounts[if is_own { name } else { "owner" }];
            newsroom.invite(Some(by), Role::Reader).await
        };
        objects.link = link.unwrap().token.reveal().to_owned();
        let invitations = newsroom.invitations(&self.accounts["owner"]).await;
        let invitations = invitations.unwrap();
        objects.invitation = invitations.first().map_or(0, |latest| latest.id.0);
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
}

/// Returns the path of a route, with the ids of `objects`.
pub fn filled(path: &str, objects: &Objects) -> String {
    let id = if path.contains("/invitations/") {
        objects.invitation
    } else if path.starts_with("/desk/accounts/") {
        objects.account
    } else if path.contains("/held/") {
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
        .replace("{token}", &objects.link)
        .replace("{id}", &id.to_string());
    if path.starts_with("/events") {
        format!("{path}?channel=room-{}", objects.room)
    } else {
        path
    }
}
