//! What is wrong, as programs are told of it.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, response},
};

use crate::problem::{NO_STORE, Problem};

const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked: problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Always `about:blank`: the status says what kind of problem it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status, in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// One sentence for whoever wrote the api.
    detail: String,
    /// The field of the body that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// What the server's log calls the request.
    request_id: String,
}

/// The answer that tells a program of `problem` with the request named `request_id`.
pub fn details(problem: &Problem, request_id: String) -> Response {
    let status = problem.status();
    let details = ProblemDetails {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or_default(),
        status: status.as_u16(),
        detail: problem.sentence().to_owned(),
        field: problem.field(),
        request_id,
    };
    let headers = [
        (CACHE_CONTROL, NO_STORE),
        (CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON)),
    ];
    let mut response = (status, headers, Json(details)).into_response();
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110, 15.5.2: it has to say how to do better.
        let scheme = HeaderValue::from_static("Bearer realm=\"ringside\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}

/// How any request may be refused, for the document.
#[derive(Debug)]
pub struct Refusals;

const REFUSALS: [(StatusCode, &str); 11] = [
    (
        StatusCode::BAD_REQUEST,
        "The body is not JSON, or a header can't be read",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "There is no token, or it is not valid (any more)",
    ),
    (
        StatusCode::FORBIDDEN,
        "The token's account may not do this, or nobody may",
    ),
    (StatusCode::NOT_FOUND, "There is no such entry or update"),
    (StatusCode::GONE, "The update is deleted"),
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "The address takes other methods alone, those in Allow",
    ),
    (
        StatusCode::REQUEST_TIMEOUT,
        "The body didn't arrive within a minute; the same request again may go through",
    ),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is larger than 640 KiB",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The body is not sent as application/json",
    ),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "A field is unknown, missing or can't be taken; or the Idempotency-Key was used for another request",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The database can't be reached at the moment; the same request again may go through",
    ),
];

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let schema = Ref::from_schema_name(ProblemDetails::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let refusal = |(status, why): (StatusCode, &str)| {
            let response = ResponseBuilder::new()
                .description(why)
                .content(PROBLEM_JSON, content.clone());
            (status.as_str().to_owned(), response.build().into())
        };
        REFUSALS.into_iter().map(refusal).collect()
    }
}
