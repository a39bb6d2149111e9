//! Redirects from the previous slugs of entries.

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

/// The `Cache-Control` of redirects. It is that of pages, so that caches replace the old page, and
/// browsers revalidate, because the entry may get its previous slug back.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");

/// Redirects a request whose response is 404 if its slug is a previous slug of an entry.
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
    match current_url(&newsroom, &uri).await {
        Some(url) => {
            let headers = [(LOCATION, url.as_str())];
            (StatusCode::FOUND, [(CACHE_CONTROL, CACHING)], headers).into_response()
        }
        None => response,
    }
}

/// Returns the URL with the entry's current slug, if the one in `uri` is a previous slug.
async fn current_url(newsroom: &Newsroom, uri: &Uri) -> Option<String> {
    let path = uri.path().strip_prefix("/entries/")?;
    let (slug, rest) = match path.find('/') {
        Some(end) => path.split_at(end),
        None => (path, ""),
    };
    let slug = Slug::parse(slug).ok()?;
    let current = match newsroom.current_slug(&slug).await {
        Ok(current) => current?,
        Err(error) => {
            tracing::warn!(cause = ?error, "a previous slug could not be looked up");
            return None;
        }
    };
    let query = uri.query().map(|query| format!("?{query}"));
    Some(format!(
        "/entries/{current}{rest}{}",
        query.unwrap_or_default()
    ))
}
