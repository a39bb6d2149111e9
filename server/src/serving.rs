//! Serves HTTP/1 on a socket, until it is told to stop.

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
    address_limits::Permit, connections::Connections, finished_pages::FinishedPages,
    router::service, state::AppState, streams::HttpSocket,
};

/// How long a connection may take to send a whole request head, from when it is accepted or the
/// last request is done: longer is a mistake, or an attack.
const HEAD_DEADLINE: Duration = Duration::from_secs(20);
/// How long a request head may be, in bytes, and how much hyper keeps of what it reads and writes
/// on a connection. It is what nginx passes on at most, and bounds what a client that sends half a
/// head costs.
const BUFFER: usize = 32 * 1024;
/// How long requests may take once the server is to stop. Streams say goodbye meanwhile.
const DRAIN: Duration = Duration::from_millis(800);

/// Answers whoever connects to `listener`, which must not block, until `stop`; then says goodbye to
/// open streams, and gives what is under way a moment.
///
/// # Errors
/// If the socket can't be used.
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
    // New connections are refused at once, and don't wait for a server that is gone.
    drop(listener);
    state.newsroom.hub().close();
    server.stopping.cancel();
    server.tasks.close();
    let farewell = async { tokio::join!(server.tasks.wait(), state.streams.finish()) };
    // Clients that have not read the goodbye by then do without.
    let _ = timeout(DRAIN, farewell).await;
    server.closing.cancel();
    server.tasks.wait().await;
    Ok(())
}

/// What all connections share.
struct Server {
    http: http1::Builder,
    service: FinishedPages,
    connections: Connections,
    tasks: TaskTracker,
    /// No more requests are to be answered than those under way.
    stopping: CancellationToken,
    /// No connection is to stay open.
    closing: CancellationToken,
}

impl Server {
    fn new(state: &AppState) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
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
        let (silent, room_is_needed) = self.connections.register();
        let room_is_needed = async {
            // It is never needed once a request was received.
            if room_is_needed.await.is_err() {
                future::pending::<()>().await;
            }
        };
        let service = service_fn(|request: Request<Incoming>| {
            silent.has_sent_request();
            if let Some(page) = self.service.page(&request) {
                return Either::Left(ready(Ok(page)));
            }
            let mut request = request.map(Body::new);
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(peer));
            extensions.insert(handoff.clone());
            Either::Right(self.service.pass_on(request))
        });
        let connection = self.http.serve_connection(TokioIo::new(socket), service);
        let mut connection = pin!(connection.with_upgrades());
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = room_is_needed => return,
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

/// Has a connection that is above a limit closed by a reset, which leaves nothing of it in the
/// system.
fn refuse(socket: &TcpStream) {
    // Without it, the system remembers the connection for a minute.
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}
