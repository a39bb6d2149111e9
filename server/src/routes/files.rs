//! Serves the build's files and the site's other static files, and responds with 404 to all other
//! paths.

use std::io;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Redirect, Response},
};
use tower_http::{
    services::fs::{Backend, DefaultServeDirFallback, ServeDir},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    assets::{BUILD_FOLDER, Site},
    problem::Problem,
    security::local_path::local_path,
};

/// The `Cache-Control` of the build's files. Their names contain a hash, so their content never
/// changes.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The files of a folder on disk or in memory.
type Files<B> = ServeDir<DefaultServeDirFallback, B>;

/// Returns the routes of all files.
pub fn routes<S: Clone + Send + Sync + 'static>(site: &Site) -> Router<S> {
    match site {
        Site::Memory(files) => routes_of(
            ServeDir::with_backend(BUILD_FOLDER, files.clone()),
            ServeDir::with_backend("", files.clone()),
        ),
        Site::Folder(folder) => routes_of(
            ServeDir::new(folder.join(BUILD_FOLDER)),
            ServeDir::new(folder),
        ),
    }
}

fn routes_of<S, B>(build: Files<B>, site: Files<B>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    B: Backend,
{
    Router::new()
        .nest("/pkg", build_files(build))
        .merge(site_files(site))
}

/// Returns the router of the build's files, which are sent compressed if the build compressed them.
fn build_files<S, B>(files: Files<B>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    B: Backend,
{
    let files = files.precompressed_br().precompressed_gzip();
    let caching = |response: &Response| response.status().is_success().then_some(IMMUTABLE);
    Router::new()
        .fallback(async move |request| file(files, request).await.unwrap_or_else(not_found))
        .layer(SetResponseHeaderLayer::overriding(CACHE_CONTROL, caching))
}

/// Returns the router of the site's other files, such as its icon. A path that ends with a slash
/// redirects to the one without.
fn site_files<S, B>(files: Files<B>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    B: Backend,
{
    let files = files.append_index_html_on_directories(false);
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
async fn file<B: Backend>(mut files: Files<B>, request: Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    match files.try_call(request).await {
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

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use axum::{
        body::{Bytes, to_bytes},
        http::{
            HeaderName,
            header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY},
        },
    };
    use domain::Timestamp;
    use tower::ServiceExt;

    use super::*;

    /// Starts a server with the build `id`, which has one chunk. Returns its files.
    fn start(data: &Path, id: &str) -> Router {
        let file = |path: String, content: &str| {
            (
                PathBuf::from(path),
                Bytes::copy_from_slice(content.as_bytes()),
            )
        };
        let files = vec![
            file("favicon.svg".to_owned(), "<svg/>"),
            file(format!("pkg/ringside.{id}.css"), "body{}"),
            file(format!("pkg/ringside.{id}.css.br"), "pretend brotli"),
            file(format!("pkg/ringside.{id}.js"), "export{}"),
            file(format!("pkg/split_composer.{id}.wasm"), id),
        ];
        routes(&Site::in_memory(data, id, files, Timestamp(0)))
    }

    async fn get(router: &Router, path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    }

    async fn text(response: Response) -> String {
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn files_in_the_binary_are_served_like_those_of_a_folder() {
        let data = tempfile::tempdir().unwrap();
        let router = start(data.path(), "a");
        for (path, media_type, is_immutable) in [
            ("/pkg/ringside.a.css", "text/css", true),
            ("/pkg/ringside.a.js", "text/javascript", true),
            ("/pkg/split_composer.a.wasm", "application/wasm", true),
            ("/favicon.svg", "image/svg+xml", false),
        ] {
            let response = get(&router, path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[CONTENT_TYPE], media_type);
            let caching = response.headers().get(CACHE_CONTROL);
            assert_eq!(caching, is_immutable.then_some(&IMMUTABLE), "{path}");
        }
        let compressed = [(ACCEPT_ENCODING, "gzip, br")];
        let response = get(&router, "/pkg/ringside.a.css", &compressed).await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "br");
        assert_eq!(response.headers()[VARY], "accept-encoding");
        assert_eq!(text(response).await, "pretend brotli");
        // Without a compressed variant.
        let response = get(&router, "/pkg/ringside.a.js", &compressed).await;
        assert_eq!(response.headers().get(CONTENT_ENCODING), None);

        let icon = get(&router, "/favicon.svg", &[]).await;
        let tag = icon.headers()[ETAG].to_str().unwrap().to_owned();
        let again = get(&router, "/favicon.svg", &[(IF_NONE_MATCH, &tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        for missing in ["/pkg/ringside.b.css", "/pkg", "/", "/pkg/../favicon.svg"] {
            let response = get(&router, missing, &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{missing}");
        }
    }

    #[tokio::test]
    async fn page_that_was_open_during_an_upgrade_can_load_a_chunk_of_the_previous_build() {
        let data = tempfile::tempdir().unwrap();
        let _old = start(data.path(), "a");
        let new = start(data.path(), "b");
        for id in ["a", "b"] {
            let chunk = get(&new, &format!("/pkg/split_composer.{id}.wasm"), &[]).await;
            assert_eq!(chunk.headers()[CACHE_CONTROL], IMMUTABLE);
            assert_eq!(chunk.headers()[CONTENT_TYPE], "application/wasm");
            assert_eq!(text(chunk).await, id);
        }
        let other = tempfile::tempdir().unwrap();
        let other = start(other.path(), "b");
        let chunk = get(&other, "/pkg/split_composer.a.wasm", &[]).await;
        assert_eq!(chunk.status(), StatusCode::NOT_FOUND);
    }
}
