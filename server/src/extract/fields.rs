//! Extracts the fields of a submitted form. Only the fields of the route's own form are kept.

use std::collections::HashMap;

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, MatchedPath, Request},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use http_body::Body as _;

use domain::{Invalid, OpId};

use crate::{
    problem::Problem,
    security::bodies::{Bodies, Held, ReceivedBody, Sender},
};

/// The maximum number of fields. The longest form has eight; browser extensions add some.
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
        "/desk/updates/{id}" => &["op_id", "source", "headline"],
        "/desk/entries" => &[
            "op_id",
            "title",
            "slug",
            "summary",
            "time_zone",
            "language",
            "state",
            "default_order",
        ],
        "/desk/entries/{slug}/edit" => &[
            "op_id",
            "title",
            "slug",
            "summary",
            "time_zone",
            "language",
            "default_order",
        ],
        "/desk/updates/{id}/mark" => &["op_id", "mark", "on"],
        "/desk/entries/{slug}/start"
        | "/desk/entries/{slug}/end"
        | "/desk/updates/{id}/delete"
        | "/desk/updates/{id}/restore" => &["op_id"],
        // The username is for password managers.
        "/account/password" => &["username", "current_password", "password"],
        "/account/sessions/{id}/end" | "/account/sessions/end-others" | "/logout" => &[],
        _ => return None,
    })
}

/// Returns whether the route of `request` has a form.
pub fn has_form(request: &Request) -> bool {
    names(route(request)).is_some()
}

/// Returns the route's path pattern.
fn route(request: &Request) -> &str {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or("", MatchedPath::as_str)
}

/// A form's fields, as they were submitted. Invalid UTF-8 becomes U+FFFD, so that the rest of a
/// text is kept.
#[derive(Debug, Default)]
pub struct Fields {
    values: HashMap<String, String>,
    /// The values are about as large as the body.
    _held: Held,
}

impl Fields {
    /// Returns the fields and their values, sorted by name.
    pub fn into_sorted(self) -> Vec<(String, String)> {
        let mut fields: Vec<_> = self.values.into_iter().collect();
        fields.sort();
        fields
    }

    /// Returns the fields and their values.
    pub fn into_values(self) -> HashMap<String, String> {
        self.values
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

    /// Returns the value of the field `name`; empty if it was not submitted.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

impl<S> FromRequest<S> for Fields
where
    S: Send + Sync,
    Bodies: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let fields = receive(request, &Bodies::from_ref(state)).await;
        fields.map_err(IntoResponse::into_response)
    }
}

async fn receive(request: Request, bodies: &Bodies) -> Result<Fields, Problem> {
    let is_form = |kind: &HeaderValue| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    };
    let content_type = request.headers().get(CONTENT_TYPE);
    if content_type.is_none() && request.body().is_end_stream() {
        // A form without fields, sent by a script that omits the empty body's type.
        return Ok(Fields::default());
    }
    if !content_type.is_some_and(is_form) {
        let sentence = "A form must be sent as application/x-www-form-urlencoded.";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, sentence));
    }
    let route = route(&request);
    let Some(names) = names(route) else {
        tracing::error!(route, "the fields of this route's form are not listed");
        let sentence = "The server does not support this form.";
        return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, sentence));
    };
    let sender = Sender::of(&request);
    let ReceivedBody { bytes, held } = bodies.receive(request.into_body(), sender).await?;
    Ok(Fields {
        values: parse(&bytes, names)?,
        _held: held,
    })
}

/// Returns the values of the fields in `names`; the last value of a repeated field.
fn parse(form: &Bytes, names: &[&str]) -> Result<HashMap<String, String>, Problem> {
    // Counted before anything is allocated.
    let separators = form.iter().filter(|byte| **byte == b'&').take(MAX_FIELDS);
    if separators.count() >= MAX_FIELDS {
        let sentence = "A form can have at most 20 fields. Reload the page and try again.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, sentence));
    }
    let known = form_urlencoded::parse(form).filter(|(name, _)| names.contains(&&**name));
    Ok(known
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(form: &str) -> Result<Vec<(String, String)>, StatusCode> {
        let values = parse(&Bytes::from(form.to_owned()), &["source", "headline"]);
        let values = values.map_err(|problem| problem.status())?;
        Ok(Fields {
            values,
            ..Fields::default()
        }
        .into_sorted())
    }

    #[test]
    fn only_fields_of_the_form_are_kept() {
        let fields = parsed("source=A+goal&x=1&=&&headline=1%E2%80%930&sourc%65=Another").unwrap();
        assert_eq!(
            fields,
            [
                ("headline".to_owned(), "1–0".to_owned()),
                ("source".to_owned(), "Another".to_owned())
            ]
        );
        assert_eq!(parsed(""), Ok(vec![]));
    }

    #[test]
    fn form_with_more_than_twenty_fields_is_rejected() {
        let form = |fields: usize| vec!["source=x"; fields].join("&");
        assert!(parsed(&form(20)).is_ok());
        assert_eq!(parsed(&form(21)), Err(StatusCode::BAD_REQUEST));
        assert_eq!(parsed(&"&".repeat(100_000)), Err(StatusCode::BAD_REQUEST));
    }
}
