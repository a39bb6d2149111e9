//! Extracts the fields of a submitted form. Only the fields of the route's own form are kept.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{FromRef, FromRequest, MatchedPath, Request},
    http::{StatusCode, header::CONTENT_TYPE},
};
use http_body::Body as _;

use domain::{Cursor, Invalid, OpId};

use super::programs::is_for_programs;
use crate::{
    pages::wants_page,
    problem::Problem,
    security::bodies::{Bodies, Held, Interrupted, ReceivedBody, Sender},
};

/// The maximum number of fields. The longest form has ten; browser extensions add some.
const MAX_FIELDS: usize = 20;

/// Returns the names of the fields of the route's form, and of its buttons with a value; `None` if
/// the route has no form.
fn names(route: &str) -> Option<&'static [&'static str]> {
    Some(match route {
        "/login" => &["next", "username", "password"],
        "/setup" => &["token", "username", "password"],
        "/entries/{slug}/compose" => &[
            "op_id", "source", "headline", "draft", "version", "action", "discard",
        ],
        "/desk/updates/{id}" => &["op_id", "base", "source", "headline"],
        "/desk/entries" => &[
            "op_id",
            "title",
            "slug",
            "summary",
            "body",
            "time_zone",
            "language",
            "state",
            "default_order",
            "chat",
        ],
        "/desk/entries/{slug}/edit" => &[
            "op_id",
            "base",
            "title",
            "slug",
            "summary",
            "body",
            "time_zone",
            "language",
            "default_order",
            "chat",
        ],
        "/desk/updates/{id}/mark" => &["op_id", "mark", "on"],
        "/desk/entries/{slug}/start"
        | "/desk/entries/{slug}/end"
        | "/desk/updates/{id}/delete"
        | "/desk/updates/{id}/restore"
        | "/desk/moderation/sanctions/{id}/end"
        | "/desk/moderation/removals/{id}/undo" => &["op_id"],
        "/entries/{slug}/updates/{id}/like" => &["liked"],
        "/rooms/{room}/messages" | "/rooms/{room}/messages/" => &["op_id", "from", "text"],
        "/desk/rooms" => &["op_id", "title", "name"],
        "/desk/rooms/{room}/state" | "/desk/moderation/state" => &["op_id", "state"],
        "/rooms/{room}/messages/{id}/report" => &["reason"],
        "/desk/moderation/held/{id}" | "/desk/moderation/messages/{id}" => {
            &["op_id", "action", "minutes", "reach", "reason", "room"]
        }
        "/desk/moderation/words" => &["op_id", "words"],
        "/desk/moderation/rooms/{room}" => &["op_id", "slow_mode", "hold"],
        // On a page with a link, the username is for password managers.
        "/sign-up" | "/invite/{token}" | "/reset/{token}" => &["username", "password"],
        "/account/name" => &["display_name"],
        "/account/delete" => &["username", "current_password"],
        "/desk/site" => &["display_names", "open_sign_up", "deleted_messages"],
        "/desk/accounts/invitations" | "/desk/accounts/{id}/role" => &["role"],
        // The username is for password managers.
        "/account/password" => &["username", "current_password", "password"],
        "/account/sessions/{id}/end"
        | "/account/sessions/end-others"
        | "/logout"
        | "/desk/accounts/invitations/{id}/withdraw"
        | "/desk/accounts/{id}/disable"
        | "/desk/accounts/{id}/enable"
        | "/desk/accounts/{id}/reset" => &[],
        _ => return None,
    })
}

/// Returns the names of the fields that are returned to the sender of `request` if it is refused;
/// `None` if it is no form, or one with a password, which is never sent back.
pub fn returned_names(request: &Request) -> Option<&'static [&'static str]> {
    let route = route(request);
    // Programs send messages as forms, too, and expect problem details.
    let is_of_page = !is_for_programs(request.uri().path()) || wants_page(request.headers());
    names(route).filter(|names| {
        is_of_page && is_form(request) && !names.iter().any(|name| name.ends_with("password"))
    })
}

/// Returns whether the body of `request` is that of a form.
fn is_form(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    content_type.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    })
}

/// Returns the route's path pattern.
fn route(request: &Request) -> &str {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or("", MatchedPath::as_str)
}

/// A form's fields, as they were submitted; cheap to clone. Invalid UTF-8 becomes U+FFFD, so that
/// the rest of a text is kept.
#[derive(Clone, Debug, Default)]
pub struct Fields(Arc<Received>);

#[derive(Debug, Default)]
struct Received {
    values: HashMap<String, String>,
    /// Whether only the beginning of the form was received.
    is_cut: bool,
    /// The values are about as large as the body.
    _held: Held,
}

/// The fields of a request as far as its handler received them: an extension of the request, from
/// which they are returned if the form is refused, even if the handler panics.
#[derive(Clone, Debug, Default)]
pub struct ReceivedFields(Arc<OnceLock<Fields>>);

impl ReceivedFields {
    /// Returns the fields; `None` if the handler received none.
    pub fn get(&self) -> Option<Fields> {
        self.0.get().cloned()
    }

    fn set(&self, fields: Fields) {
        // A handler extracts its form once.
        let _ = self.0.set(fields);
    }
}

impl Fields {
    /// Parses the body of a form with the fields `names`; with `is_cut`, only the beginning of the
    /// body was received.
    pub fn parse(received: ReceivedBody, names: &[&str], is_cut: bool) -> Self {
        let ReceivedBody { bytes, held } = received;
        let mut form = &*bytes;
        if is_cut {
            // The last byte of a text may be encoded, and cut in its middle.
            let end = form.len().saturating_sub(2);
            let escape = form[end..].iter().position(|byte| *byte == b'%');
            form = &form[..escape.map_or(form.len(), |at| end + at)];
        }
        let mut values = values(form, names);
        if is_cut {
            for value in values.values_mut() {
                value.truncate(value.trim_end_matches('\u{fffd}').len());
            }
        }
        Self::new(values, is_cut, held)
    }

    fn new(values: HashMap<String, String>, is_cut: bool, held: Held) -> Self {
        Self(Arc::new(Received {
            values,
            is_cut,
            _held: held,
        }))
    }

    /// Returns the fields and their values, sorted by name.
    pub fn sorted(&self) -> Vec<(String, String)> {
        let values = self.values().iter();
        let mut fields: Vec<_> = values
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        fields.sort();
        fields
    }

    /// Returns the fields and their values.
    pub fn values(&self) -> &HashMap<String, String> {
        &self.0.values
    }

    /// Returns whether only the beginning of the form was received.
    pub fn is_cut(&self) -> bool {
        self.0.is_cut
    }

    /// Returns the base of the edit that the form submits. A form without the field, sent by a
    /// script, replaces whatever text there is.
    pub fn base(&self) -> Option<Cursor> {
        self.get_if_any("base").map(Cursor::parse_base)
    }

    /// Returns the form's operation id, if it has one.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn op_id(&self) -> Result<Option<OpId>, Invalid> {
        match self.get("op_id") {
            "" => Ok(None),
            id => OpId::parse(id).map(Some),
        }
    }

    /// Returns the value of the field `name`, if it was submitted.
    pub fn get_if_any(&self, name: &str) -> Option<&str> {
        self.values().get(name).map(String::as_str)
    }

    /// Returns the value of the field `name`; empty if it was not submitted.
    pub fn get(&self, name: &str) -> &str {
        self.values().get(name).map_or("", String::as_str)
    }
}

impl<S> FromRequest<S> for Fields
where
    S: Send + Sync,
    Bodies: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let received = request.extensions().get::<ReceivedFields>().cloned();
        let (fields, problem) = receive(request, &Bodies::from_ref(state)).await;
        // A body that was announced as too long has not been read. Its beginning is received later.
        if let Some(received) = received.filter(|_| !fields.values().is_empty()) {
            received.set(fields.clone());
        }
        problem.map_or(Ok(fields), Err)
    }
}

/// Returns the fields as far as they were received, and the problem if they are refused.
async fn receive(request: Request, bodies: &Bodies) -> (Fields, Option<Problem>) {
    let content_type = request.headers().get(CONTENT_TYPE);
    if content_type.is_none() && request.body().is_end_stream() {
        // A form without fields, sent by a script that omits the empty body's type.
        return (Fields::default(), None);
    }
    if !is_form(&request) {
        let sentence = "A form must be sent as application/x-www-form-urlencoded.";
        let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence);
        return (Fields::default(), Some(problem));
    }
    let route = route(&request);
    let Some(names) = names(route) else {
        tracing::error!(route, "the fields of this route's form are not listed");
        let sentence = "The server does not support this form.";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence);
        return (Fields::default(), Some(problem));
    };
    let sender = Sender::of(&request);
    let received = match bodies.receive(request.into_body(), sender).await {
        Ok(received) => received,
        Err(Interrupted { problem, beginning }) => {
            let fields = Fields::parse(beginning, names, true);
            return (fields, Some(problem));
        }
    };
    // Counted before anything is allocated.
    let separators = received.bytes.iter().filter(|byte| **byte == b'&');
    let has_too_many = separators.take(MAX_FIELDS).count() >= MAX_FIELDS;
    let fields = Fields::parse(received, names, false);
    let problem = has_too_many.then(|| {
        let sentence = "A form can have at most 20 fields. Reload the page and try again.";
        Problem::new(StatusCode::BAD_REQUEST, sentence)
    });
    (fields, problem)
}

/// Returns the values of the fields in `names`, among the first twenty fields of a form; the last
/// value of a repeated field.
fn values(form: &[u8], names: &[&str]) -> HashMap<String, String> {
    let fields = form_urlencoded::parse(form).take(MAX_FIELDS);
    let known = fields.filter(|(name, _)| names.contains(&&**name));
    known
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["source", "headline"];

    fn parsed(form: &str) -> Vec<(String, String)> {
        let fields = Fields::new(values(form.as_bytes(), &NAMES), false, None);
        fields.sorted()
    }

    #[test]
    fn only_fields_of_the_form_are_kept() {
        let fields = parsed("source=A+goal&x=1&=&&headline=1%E2%80%930&sourc%65=Another");
        assert_eq!(
            fields,
            [
                ("headline".to_owned(), "1–0".to_owned()),
                ("source".to_owned(), "Another".to_owned())
            ]
        );
        assert_eq!(parsed(""), vec![]);
    }

    #[test]
    fn beginning_of_a_form_ends_with_a_whole_character() {
        for cut in ["", "%", "%E", "%E2", "%E2%", "%E2%8", "%E2%80", "%E2%80%9"] {
            let received = ReceivedBody {
                bytes: format!("headline=Goal&source=1%E2%80%930{cut}").into(),
                held: None,
            };
            let fields = Fields::parse(received, &NAMES, true);
            assert_eq!(
                (fields.get("headline"), fields.get("source")),
                ("Goal", "1–0")
            );
            assert!(fields.is_cut());
        }
    }
}
