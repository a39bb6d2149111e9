//! Old addresses of entries lead to the ones that they have now.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode, Uri,
        header::{CACHE_CONTROL, LOCATION},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::Slug;
use newsroom::Newsroom;

/// As long as the page that stood there was fresh: a cache must put this in the old page's place,
/// and a browser must ask again, for the entry may move back.
const MOVED: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");

/// Where there is nothing (any more), looks whether an entry had this address before.
pub async fn redirect_old_slugs(
    State(newsroom): State<Arc<Newsroom>>,
    request: Request,
    next: Next,
) -> Response {
    let uri = request.uri().clone();
    let response = next.run(request).await;
    if response.status() != StatusCode::NOT_FOUND {
        return response;
    }
    match address_now(&newsroom, &uri).await {
        Some(address) => {
            let headers = [(LOCATION, address.as_str())];
            (StatusCode::FOUND, [(CACHE_CONTROL, MOVED)], headers).into_response()
        }
        None => response,
    }
}

async fn address_now(newsroom: &Newsroom, uri: &Uri) -> Option<String> {
    let path = uri.path().strip_prefix("/entries/")?;
    let (slug, below) = match path.find('/') {
        Some(end) => path.split_at(end),
        None => (path, ""),
    };
    let slug = Slug::parse(slug).ok()?;
    let now = match newsroom.address_now(&slug).await {
        Ok(now) => now?,
        Err(error) => {
            tracing::warn!(cause = ?error, "an old address could not be looked up");
            return None;
        }
    };
    let query = uri.query().map(|query| format!("?{query}"));
    Some(format!(
        "/entries/{now}{below}{}",
        query.unwrap_or_default()
    ))
}
