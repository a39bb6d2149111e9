//! Returns the texts of forms that were refused. Whatever refused a form, the response is a page
//! that holds every word that was submitted, and what to do next.

use app::{NextStep, RefusedForm};
use axum::{
    extract::Request,
    http::{Extensions, Method, StatusCode},
};
use domain::Slug;
use tower_http::csrf::ProtectionError;

use crate::{
    extract::fields::{Fields, ReceivedFields, returned_names},
    problem::Problem,
    security::bodies::{Bodies, UnreadBody},
};

/// The live blog to which the text of a removed update can be posted: an extension of the response.
#[derive(Clone, Debug)]
pub struct PostToInstead(pub Slug);

/// A form without passwords that was sent.
#[derive(Debug)]
pub struct SentForm {
    path: String,
    names: &'static [&'static str],
    /// What its handler received.
    received: ReceivedFields,
}

impl SentForm {
    /// Returns the form that `request` sends, if it is one. From now on, what its handler receives
    /// of it is kept.
    pub fn keep(request: &mut Request) -> Option<Self> {
        let names = returned_names(request).filter(|_| request.method() == Method::POST)?;
        let received = ReceivedFields::default();
        request.extensions_mut().insert(received.clone());
        Some(Self {
            path: request.uri().path().to_owned(),
            names,
            received,
        })
    }

    /// Returns the fields of the form, as far as they were received, if a response with these
    /// extensions refuses it with a problem. What its handler didn't read is received now.
    pub async fn refused_fields(
        &self,
        extensions: &Extensions,
        unread: Option<&UnreadBody>,
        bodies: &Bodies,
    ) -> Option<Fields> {
        extensions.get::<Problem>()?;
        if let Some(fields) = self.received.get() {
            return Some(fields);
        }
        let (received, is_whole) = match unread.and_then(UnreadBody::untouched) {
            Some(body) => bodies.receive_refused(body).await,
            None => Default::default(),
        };
        Some(Fields::parse(received, self.names, !is_whole))
    }

    /// Returns the content of the page that returns the fields. `None` if nobody wrote any of them
    /// and it is of no use to send the form again.
    pub fn returned(
        self,
        fields: &Fields,
        problem: &Problem,
        extensions: &Extensions,
    ) -> Option<RefusedForm> {
        let mut values = fields.sorted();
        if problem.status() == StatusCode::UNPROCESSABLE_ENTITY {
            // Nothing was stored, or the operation id was used for another text.
            values.retain(|(name, _)| name != "op_id");
        }
        let next = next_step(problem.status(), extensions);
        let form = RefusedForm {
            status: problem.status(),
            message: problem.sentence().to_owned(),
            path: self.path,
            fields: values,
            is_cut: fields.is_cut(),
            next,
        };
        let is_useful = match form.next {
            NextStep::LogIn => true,
            NextStep::SendAgain => form.has_text() || may_succeed_later(problem.status()),
            NextStep::PostTo(_) | NextStep::Copy => form.has_text(),
        };
        is_useful.then_some(form)
    }
}

/// Returns what the sender of a form that was refused with `status` can do.
fn next_step(status: StatusCode, extensions: &Extensions) -> NextStep {
    if let Some(PostToInstead(slug)) = extensions.get() {
        return NextStep::PostTo(slug.clone());
    }
    if extensions.get::<ProtectionError>().is_some() {
        // Another site may have written the texts: nobody should send them with one click.
        return NextStep::Copy;
    }
    match status {
        StatusCode::UNAUTHORIZED => NextStep::LogIn,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => NextStep::Copy,
        _ => NextStep::SendAgain,
    }
}

/// Returns whether the same request may succeed a moment later.
fn may_succeed_later(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}
