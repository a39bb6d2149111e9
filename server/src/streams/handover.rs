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
};

use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use super::write_deadline::{PATIENCE, WriteDeadline};
use crate::address_limits::Permit;

type Taker = Box<dyn FnOnce(Socket) + Send>;

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
    pub fn ask(&self, taker: impl FnOnce(Socket) + Send + 'static) {
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

/// Has the socket wake nobody: it remembers hyper's task, and would keep its two kilobytes for as long as
/// it is open.
fn forget_who_waits(socket: &TcpStream) {
    let mut nobody = Context::from_waker(Waker::noop());
    // What is ready has been told, and remembers nobody.
    let _ = socket.poll_read_ready(&mut nobody);
    let _ = socket.poll_write_ready(&mut nobody);
}

/// A client's socket, and its place among the open connections.
#[derive(Debug)]
pub struct Socket {
    /// Where to write to, and to read from.
    pub stream: TcpStream,
    _permit: Permit,
}

/// A socket, for as long as HTTP has it. What the client doesn't take in time is an error.
pub struct Connection {
    socket: Option<Socket>,
    handover: Handover,
    deadline: WriteDeadline,
    /// Wakes the task at the deadline; none for as long as the client takes what is written.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    /// Prepares an accepted socket, and returns the way to take it out of HTTP, too.
    pub fn new(stream: TcpStream, permit: Permit) -> (Self, Handover) {
        // Without it, a page in chunks waits 40 ms for an acknowledgement.
        let _ = stream.set_nodelay(true);
        // Without it, the system bears with a reader who is gone or reads nothing for longer.
        #[cfg(target_os = "linux")]
        let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(PATIENCE));
        let handover = Handover::default();
        let connection = Self {
            socket: Some(Socket {
                stream,
                _permit: permit,
            }),
            handover: handover.clone(),
            deadline: WriteDeadline::default(),
            alarm: None,
        };
        (connection, handover)
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let socket = self.socket.as_mut();
        let stream = socket.map(|socket| Pin::new(&mut socket.stream));
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Passes on what a write came to, unless the client has taken too little for too long.
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
                let alarm = self
                    .alarm
                    .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                if alarm.deadline() != deadline {
                    alarm.as_mut().reset(deadline);
                }
                ready!(alarm.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().stream() {
            Ok(stream) => stream.poll_read(cx, buffer),
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
        // All that there was is written.
        this.deadline.done();
        this.alarm = None;
        if let Some(take) = this.handover.taker()
            && let Some(socket) = this.socket.take()
        {
            forget_who_waits(&socket.stream);
            take(socket);
            // So that hyper looks again, and finds the connection closed.
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
