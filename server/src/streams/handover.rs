//! How a connection leaves hyper once its answer has begun.
//!
//! What serves HTTP keeps buffers, a task and a parser for each connection, and passes through all of
//! them whatever is written. A stream that has sent its head needs none of it, and lasts for hours. So
//! the socket stands behind a [`Handover`]: a handler whose body has nothing to say for now may ask for
//! it. The socket is taken at the one moment when everything before is on its way: when hyper flushes,
//! which it does to what is below only after it has written all it holds. To hyper it looks as if the
//! reader had gone, and it forgets the connection.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use axum::{Extension, middleware::AddExtension};
use axum_server::accept::{Accept, NoDelayAcceptor};
use futures::future::BoxFuture;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tower::Layer;

/// How long what was sent may wait for a reader to take it: two heartbeats. Whoever reads nothing for so
/// long isn't there, or will find all of it in the database when they are back.
pub const PATIENCE: Duration = Duration::from_secs(30);

type Taker = Box<dyn FnOnce(TcpStream) + Send>;

/// A connection's way out of HTTP: an extension of its requests, where it has one.
#[derive(Clone, Default)]
pub struct Handover(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    Kept,
    Asked(Taker),
    Given,
}

impl Handover {
    /// Has `taker` get the socket, once everything that was written before is on its way. Nothing but
    /// a pending body may follow.
    pub fn ask(&self, taker: impl FnOnce(TcpStream) + Send + 'static) {
        let mut state = self.state();
        if matches!(*state, State::Kept) {
            *state = State::Asked(Box::new(taker));
        }
    }

    /// Whether the socket is somebody else's.
    pub fn is_given(&self) -> bool {
        matches!(*self.state(), State::Given)
    }

    fn taker(&self) -> Option<Taker> {
        let mut state = self.state();
        if !matches!(*state, State::Asked(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Given) {
            State::Asked(taker) => Some(taker),
            State::Kept | State::Given => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections that can be handed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandoverAcceptor(NoDelayAcceptor);

impl<S> Accept<TcpStream, S> for HandoverAcceptor
where
    S: Send + 'static,
{
    type Stream = Connection;
    type Service = AddExtension<S, Handover>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, socket: TcpStream, service: S) -> Self::Future {
        let accepted = self.0.accept(socket, service);
        Box::pin(async move {
            let (socket, service) = accepted.await?;
            // Without it, the system bears with a reader who is gone or reads nothing for longer.
            #[cfg(target_os = "linux")]
            let _ = SockRef::from(&socket).set_tcp_user_timeout(Some(PATIENCE));
            let handover = Handover::default();
            let connection = Connection {
                socket: Some(socket),
                handover: handover.clone(),
            };
            Ok((connection, Extension(handover).layer(service)))
        })
    }
}

/// Has the socket wake nobody: it remembers hyper's task, and would keep its two kilobytes for as long as
/// it is open.
fn forget_who_waits(socket: &TcpStream) {
    let mut nobody = Context::from_waker(Waker::noop());
    // What is ready has been told, and remembers nobody.
    let _ = socket.poll_read_ready(&mut nobody);
    let _ = socket.poll_write_ready(&mut nobody);
}

/// A socket, for as long as HTTP has it.
pub struct Connection {
    socket: Option<TcpStream>,
    handover: Handover,
}

impl Connection {
    fn socket(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let socket = self.socket.as_mut().map(Pin::new);
        socket.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().socket() {
            Ok(socket) => socket.poll_read(cx, buffer),
            // The end, as if the reader had gone.
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().socket()?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().socket()?.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Ok(socket) = this.socket() else {
            return Poll::Ready(Ok(()));
        };
        ready!(socket.poll_flush(cx))?;
        if let Some(take) = this.handover.taker()
            && let Some(socket) = this.socket.take()
        {
            forget_who_waits(&socket);
            take(socket);
            // So that hyper looks again, and finds the connection closed.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().socket() {
            Ok(socket) => socket.poll_shutdown(cx),
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}
