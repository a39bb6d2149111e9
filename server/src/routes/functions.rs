//! The server functions of the islands.

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use newsroom::Error;

use crate::{
    pages::Pages,
    problem::Problem,
    security::bodies::{Bodies, Interrupted, ReceivedBody, Sender},
    state::AppState,
};

/// Returns the routes of the islands' server functions.
pub fn routes() -> Router<AppState> {
    let call =
        async |State(pages): State<Pages>, State(bodies): State<Bodies>, request: Request| {
            call_function(&pages, &bodies, request).await
        };
    server_fn::axum::server_fn_paths().fold(Router::new(), |router, (path, method)| {
        match MethodFilter::try_from(method) {
            Ok(method) => router.route(path, on(method, call)),
            // Never happens: all server functions use POST.
            Err(_) => router,
        }
    })
}

/// Receives the arguments of a server function, and runs it.
async fn call_function(pages: &Pages, bodies: &Bodies, request: Request) -> Response {
    let sender = Sender::of(&request);
    let (parts, body) = request.into_parts();
    match bodies.receive(body, sender).await {
        Ok(ReceivedBody { bytes, held: _held }) => {
            let request = Request::from_parts(parts, Body::from(bytes));
            pages.call(request).await
        }
        // For an author whose session has expired, that is the error, not the length of the text.
        Err(Interrupted { problem, .. })
            if problem.status() == StatusCode::PAYLOAD_TOO_LARGE && sender == Sender::Anonymous =>
        {
            Problem::from(Error::Unauthenticated).into_response()
        }
        Err(interrupted) => interrupted.problem.into_response(),
    }
}
