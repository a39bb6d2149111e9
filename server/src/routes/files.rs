//! Serves the build's files and the site's other static files, and responds with 404 to all other
//! paths.

use std::{io, path::Path};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

use crate::{problem::Problem, security::local_path::local_path, state::AppState};

/// The `Cache-Control` of the build's files. Their names contain a hash, so their content never
/// changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Returns the router of the build's files, which are sent compressed if the build compressed them.
pub fn build_files(folder: &Path) -> Router<AppState> {
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let caching = |response: &Response| response.status().is_success().then_some(IMMUTABLE);
    Router::new()
        .fallback(async move |request| file(files, request).await.unwrap_or_else(not_found))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, caching))
}

/// Returns the router of the site's other files, such as its icon. A path that ends with a slash
/// redirects to the one without.
pub fn site_files(folder: &Path) -> Router<AppState> {
    let files = ServeDir::new(folder).append_index_html_on_directories(false);
    Router::new().fallback(async move |request: Request| {
        let path = request.uri().path().to_owned();
        match (file(files, request).await, local_path(&path)) {
            (Some(file), _) => file,
            (None, Some(path)) if path.len() > 1 && path.ends_with('/') => {
                Redirect::permanent(path.trim_end_matches('/')).into_response()
            }
            (None, _) => not_found(),
        }
    })
}

/// Returns the file at the request's path, if there is one.
async fn file(mut folder: ServeDir, request: Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    match folder.try_call(request).await {
        Ok(file) if file.status() == StatusCode::NOT_FOUND => None,
        Ok(file) => Some(file.map(Body::new)),
        Err(error) if is_not_found(&error) => None,
        Err(error) => {
            tracing::error!(%error, "a file could not be read");
            let sentence = "The file can't be read at the moment. Try again.";
            Some(Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response())
        }
    }
}

/// Returns whether the error means that there is no file with this name.
fn is_not_found(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied};

    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidFilename
    )
}

fn not_found() -> Response {
    let sentence = "There is no page at this address. The link may be old or mistyped.";
    Problem::new(StatusCode::NOT_FOUND, sentence).into_response()
}
