//! Takes a connection's socket from hyper once the response has begun.
//!
//! For each connection, hyper keeps a task, a parser and buffers through which all bytes pass. An
//! event stream needs none of that after the head of its response, and stays open for hours. So
//! hyper gets an [`HttpSocket`], from which a handler can take the socket with a [`Handoff`] while
//! its body is pending. The socket is handed off when hyper flushes the `HttpSocket`, because hyper
//! does that only after it has written all of its buffers. From then on hyper reads the end of the
//! connection, as if the client had closed it, and drops its state.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use super::write_deadline::{WRITE_TIMEOUT, WriteDeadline};
use crate::security::address_limits::Permit;

type Receiver = Box<dyn FnOnce(Socket) + Send>;

/// Requests the socket of a connection. An extension of the connection's requests; tests without a
/// socket have none.
#[derive(Clone, Default)]
pub struct Handoff(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    #[default]
    NotRequested,
    Requested(Receiver),
    Done,
}

impl Handoff {
    /// Calls `receiver` with the socket, once everything that was written before has been passed to
    /// the system. The response's body must stay pending.
    pub fn request(&self, receiver: impl FnOnce(Socket) + Send + 'static) {
        let mut state = self.state();
        if matches!(*state, State::NotRequested) {
            *state = State::Requested(Box::new(receiver));
        }
    }

    /// Returns whether the socket has been handed off.
    pub fn is_done(&self) -> bool {
        matches!(*self.state(), State::Done)
    }

    /// Returns the receiver of the socket, if it was requested. The caller hands the socket off.
    fn take_receiver(&self) -> Option<Receiver> {
        let mut state = self.state();
        if !matches!(*state, State::Requested(_)) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Done) {
            State::Requested(receiver) => Some(receiver),
            State::NotRequested | State::Done => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the socket's wakers by no-ops. They refer to hyper's task, and would keep its two
/// kilobytes in memory for as long as the socket is open.
fn drop_wakers(socket: &TcpStream) {
    let mut context = Context::from_waker(Waker::noop());
    // A poll that is ready has no waker left to replace.
    let _ = socket.poll_read_ready(&mut context);
    let _ = socket.poll_write_ready(&mut context);
}

/// A client's socket, and its permit among the open connections.
#[derive(Debug)]
pub struct Socket {
    /// The socket.
    pub stream: TcpStream,
    _permit: Permit,
}

/// A socket while hyper uses it. A write fails if the client reads too little for too long.
pub struct HttpSocket {
    /// `None` once the socket has been handed off.
    socket: Option<Socket>,
    handoff: Handoff,
    deadline: WriteDeadline,
    /// Wakes the task at the deadline. `None` while the socket takes what is written.
    timer: Option<Pin<Box<Sleep>>>,
}

impl HttpSocket {
    /// Prepares an accepted socket. Also returns the handle for handing it off.
    pub fn new(stream: TcpStream, permit: Permit) -> (Self, Handoff) {
        // With Nagle's algorithm, a page in chunks would wait 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        // The system's default is longer, for clients that are gone or read nothing.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(WRITE_TIMEOUT));
        let handoff = Handoff::default();
        let http_socket = Self {
            socket: Some(Socket {
                stream,
                _permit: permit,
            }),
            handoff: handoff.clone(),
            deadline: WriteDeadline::default(),
            timer: None,
        };
        (http_socket, handoff)
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let socket = self.socket.as_mut();
        let stream = socket.map(|socket| Pin::new(&mut socket.stream));
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Returns the result of a write, or an error if the client has read too little for too long.
    fn within_deadline(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.deadline.taken(bytes);
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let deadline = self.deadline.blocked(Instant::now());
                let timer = self
                    .timer
                    .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
                ready!(timer.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for HttpSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().stream() {
            Ok(stream) => stream.poll_read(cx, buffer),
            // The end of the connection, as if the client had closed it.
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for HttpSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.stream()?.poll_write(cx, bytes);
        this.within_deadline(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.stream()?.poll_write_vectored(cx, slices);
        this.within_deadline(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Ok(stream) = this.stream() else {
            return Poll::Ready(Ok(()));
        };
        ready!(stream.poll_flush(cx))?;
        // Everything has been written.
        this.deadline.done();
        this.timer = None;
        if let Some(receiver) = this.handoff.take_receiver()
            && let Some(socket) = this.socket.take()
        {
            drop_wakers(&socket.stream);
            receiver(socket);
            // Makes hyper poll again, and find the connection closed.
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut().stream() {
            Ok(stream) => stream.poll_shutdown(cx),
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}
