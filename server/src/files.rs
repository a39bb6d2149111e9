//! The build's files, and the site's few others; and what to say where nothing stands.

use std::{io, path::Path};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use tower_http::{services::ServeDir, set_header::SetResponseHeaderLayer};

use crate::{problem::Problem, security::local_path, state::AppState};

/// A build's files carry their hash in their name: the same name is for ever the same file.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The build's files, compressed where the build did so.
pub fn built(folder: &Path) -> Router<AppState> {
    let files = ServeDir::new(folder)
        .precompressed_br()
        .precompressed_gzip();
    let keep = |response: &Response| response.status().is_success().then_some(FOR_EVER);
    Router::new()
        .fallback(async move |request| file(files, request).await.unwrap_or_else(nothing))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, keep))
}

/// The site's other files, as its icon. An address with a slash too many leads to the one without.
pub fn other(folder: &Path) -> Router<AppState> {
    let files = ServeDir::new(folder).append_index_html_on_directories(false);
    Router::new().fallback(async move |request: Request| {
        let path = request.uri().path().to_owned();
        match (file(files, request).await, local_path(&path)) {
            (Some(file), _) => file,
            (None, Some(path)) if path.len() > 1 && path.ends_with('/') => {
                Redirect::permanent(path.trim_end_matches('/')).into_response()
            }
            (None, _) => nothing(),
        }
    })
}

/// The file that a request names, if there is one.
async fn file(mut folder: ServeDir, request: Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    match folder.try_call(request).await {
        Ok(file) if file.status() == StatusCode::NOT_FOUND => None,
        Ok(file) => Some(file.map(Body::new)),
        Err(error) if names_no_file(&error) => None,
        Err(error) => {
            tracing::error!(%error, "a file could not be read");
            let sentence = "The file can't be read at the moment. Try again.";
            Some(Problem::new(StatusCode::SERVICE_UNAVAILABLE, sentence).into_response())
        }
    }
}

/// Whether it only says that nothing has this name, or that nothing can have so long a one.
fn names_no_file(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidFilename, IsADirectory, NotADirectory, NotFound, PermissionDenied};

    matches!(
        error.kind(),
        NotFound | NotADirectory | IsADirectory | PermissionDenied | InvalidFilename
    )
}

fn nothing() -> Response {
    let sentence = "Nothing was found at this address. The link may be old or mistyped.";
    Problem::new(StatusCode::NOT_FOUND, sentence).into_response()
}
