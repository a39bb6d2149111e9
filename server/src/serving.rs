//! Serves HTTP on a socket, until it is told to stop.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::time::timeout;

use crate::{router::router, state::AppState, streams::HandoverAcceptor};

/// How long a connection may take to send a request's headers: longer is a mistake, or an attack.
const HEADER_TIMEOUT: Duration = Duration::from_secs(20);
/// How long what is under way may take once the server is to stop. Streams say goodbye meanwhile.
const DRAIN: Duration = Duration::from_millis(800);

/// Answers whoever connects to `listener`, which must not block, until `stop`; then says goodbye to
/// open streams, and gives what is under way a moment.
///
/// # Errors
/// If the socket fails.
pub async fn serve_http(
    listener: TcpListener,
    state: &AppState,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let handle = Handle::new();
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(HandoverAcceptor::default())
        .handle(handle.clone());
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    let service = router(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let mut serving = tokio::spawn(server.serve(service));
    tokio::select! {
        () = stop => {}
        ended = &mut serving => return ended.map_err(io::Error::other).flatten(),
    }
    state.newsroom.hub().close();
    handle.graceful_shutdown(Some(DRAIN));
    // Who has not read the goodbye by then does without.
    let (serving, _) = tokio::join!(serving, timeout(DRAIN, state.streams.finish()));
    serving.map_err(io::Error::other).flatten()
}
