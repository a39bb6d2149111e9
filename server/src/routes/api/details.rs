//! Problem details (RFC 9457): the errors of the API.

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

/// Why a request failed, as problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDetails {
    /// Always `about:blank`. The status identifies the kind of problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The reason phrase of the status.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What went wrong, in one sentence for the client's developer.
    detail: String,
    /// The invalid field of the body. Missing if the problem is not about one field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// The id of the request in the server's log.
    request_id: String,
}

/// Returns the response that describes `problem` of the request `request_id`.
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
        // RFC 9110, section 15.5.2: a 401 must name the authentication scheme.
        let scheme = HeaderValue::from_static("Bearer realm=\"ringside\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}

/// The error responses that every operation has in the `OpenAPI` document.
#[derive(Debug)]
pub struct ErrorResponses;

const ERROR_RESPONSES: [(StatusCode, &str); 11] = [
    (
        StatusCode::BAD_REQUEST,
        "The body is not JSON, or a header is invalid",
    ),
    (
        StatusCode::UNAUTHORIZED,
        "The token is missing, invalid or revoked",
    ),
    (
        StatusCode::FORBIDDEN,
        "The account is not allowed to do this, the entry has ended, or the account has too many drafts",
    ),
    (
        StatusCode::NOT_FOUND,
        "The entry, update or draft does not exist",
    ),
    (StatusCode::GONE, "The update is deleted"),
    (
        StatusCode::METHOD_NOT_ALLOWED,
        "The address does not support this method; Allow lists the methods it supports",
    ),
    (
        StatusCode::REQUEST_TIMEOUT,
        "The body did not arrive within a minute; a retry may succeed",
    ),
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        "The body is larger than 640 KiB, or 1280 KiB for an entry",
    ),
    (
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The Content-Type is not application/json",
    ),
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        "A field is unknown, missing or invalid, or the Idempotency-Key was used for another request",
    ),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The database can't be reached at the moment; a retry may succeed",
    ),
];

impl IntoResponses for ErrorResponses {
    fn responses() -> BTreeMap<String, RefOr<response::Response>> {
        let schema = Ref::from_schema_name(ProblemDetails::name());
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = |(status, description): (StatusCode, &str)| {
            let response = ResponseBuilder::new()
                .description(description)
                .content(PROBLEM_JSON, content.clone());
            (status.as_str().to_owned(), response.build().into())
        };
        ERROR_RESPONSES.into_iter().map(response).collect()
    }
}
