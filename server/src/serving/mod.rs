//! Serves HTTP/1 on a listening socket, and shuts down gracefully.

pub mod connections;
pub mod open_files;

use std::{
    convert::Infallible,
    io,
    net::{SocketAddr, TcpListener as StdListener},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo};
use futures::future::{self, Either, ready};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    cache::service::PageCacheService, router::service, security::address_limits::Permit,
    serving::connections::Connections, state::AppState, streams::handoff::HttpSocket,
};

/// How long a connection has to send a complete request head, from when it is accepted or its last
/// request is done. A client that takes longer is faulty or hostile.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// The size of a connection's read and write buffers, in bytes, and so the longest request head. It
/// is the longest head that nginx passes on, and limits the memory for clients that send half a
/// head.
const BUFFER: usize = 32 * 1024;
/// How long requests and streams have to finish once the server is stopped.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(800);

/// Serves the connections of `listener`, which must be non-blocking, until `stop` completes. Then
/// sends `bye` to open streams, and waits a moment for requests that are in progress.
///
/// # Errors
/// If the socket can't be registered with the runtime.
pub async fn serve_http(
    listener: StdListener,
    state: &AppState,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let server = Arc::new(Server::new(state));
    tokio::select! {
        never = server.accept_all(&listener) => match never {},
        () = stop => {}
    }
    // From now on, the system refuses new connections at once.
    drop(listener);
    state.newsroom.hub().close();
    server.stopping.cancel();
    server.tasks.close();
    let drained = async { tokio::join!(server.tasks.wait(), state.streams.finish()) };
    // Connections that are still open after the timeout are closed.
    let _ = timeout(DRAIN_TIMEOUT, drained).await;
    server.closing.cancel();
    server.tasks.wait().await;
    Ok(())
}

/// The state that all connections share.
struct Server {
    http: http1::Builder,
    service: PageCacheService,
    connections: Connections,
    tasks: TaskTracker,
    /// Cancelled when no further requests are to be read.
    stopping: CancellationToken,
    /// Cancelled when all connections are to be closed.
    closing: CancellationToken,
}

impl Server {
    fn new(state: &AppState) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(BUFFER);
        Self {
            http,
            service: service(state.clone()),
            connections: state.connections.clone(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            closing: CancellationToken::new(),
        }
    }

    async fn accept_all(self: &Arc<Self>, listener: &TcpListener) -> Infallible {
        loop {
            match listener.accept().await {
                Ok((socket, peer)) => match self.connections.admit(peer.ip()).await {
                    Some(permit) => {
                        self.tasks
                            .spawn(Arc::clone(self).serve(socket, peer, permit));
                    }
                    None => refuse(&socket),
                },
                Err(error) => self.connections.accept_failed(&error).await,
            }
        }
    }

    async fn serve(self: Arc<Self>, socket: TcpStream, peer: SocketAddr, permit: Permit) {
        let (socket, handoff) = HttpSocket::new(socket, permit);
        let (silent, make_room) = self.connections.register();
        let make_room = async {
            // The sender is dropped once a request was received.
            if make_room.await.is_err() {
                future::pending::<()>().await;
            }
        };
        let service = service_fn(|request: Request<Incoming>| {
            silent.has_sent_request();
            if let Some(page) = self.service.cached(&request) {
                return Either::Left(ready(Ok(page)));
            }
            let mut request = request.map(Body::new);
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(peer));
            extensions.insert(handoff.clone());
            Either::Right(self.service.route(request))
        });
        let connection = self.http.serve_connection(TokioIo::new(socket), service);
        let mut connection = pin!(connection.with_upgrades());
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = make_room => return,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = &mut connection => ended,
                    () = self.closing.cancelled() => return,
                }
            }
        };
        if ended.is_err_and(|error| error.is_timeout()) {
            silent.log_timeout();
        }
    }
}

/// Closes a connection beyond a limit with a reset.
fn refuse(socket: &TcpStream) {
    // Otherwise the system keeps the connection's state for a minute.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}
