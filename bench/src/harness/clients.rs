//! Thousands of readers on one thread, who note when each post came.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
    runtime,
    sync::oneshot,
    task::LocalSet,
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Error, Result, While, get};

/// From how many addresses readers come: one alone has not enough ports for the largest audiences, nor
/// would Ringside serve as many from it.
const ADDRESSES: usize = 8;
/// How many bytes the system keeps for a reader.
const RECEIVE_BUFFER: u32 = 8 * 1024;
/// How much is read at once, in bytes.
const PIECE: usize = 64 * 1024;
/// What stands before a post's number, and the most that the mark and the number take.
const MARK: &[u8] = b"seq=";
const LONGEST_MARK: usize = 16;
/// How long connecting may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Readers who listen until this is dropped.
#[derive(Debug)]
pub struct Audience {
    notes: Arc<Notes>,
    readers: usize,
    _stop: DropGuard,
}

/// What all readers write down.
#[derive(Debug, Default)]
struct Notes {
    /// How many have heard that their stream is open.
    open: AtomicUsize,
    /// How many were closed.
    closed: AtomicUsize,
    /// When the first post was to be sent, and how long after it each next one.
    clock: OnceLock<(Instant, Duration)>,
    deliveries: Mutex<Vec<Delivery>>,
}

#[derive(Clone, Copy, Debug)]
struct Delivery {
    post: u32,
    milliseconds: f32,
}

impl Audience {
    /// Opens `readers` streams of `path`, of which the last `stalled` ask and then read nothing.
    pub async fn open(server: SocketAddr, path: &str, readers: u32, stalled: u32) -> Result<Self> {
        let (readers, stalled) = (readers as usize, stalled as usize);
        let notes = Arc::new(Notes::default());
        let stop = CancellationToken::new();
        let listening = readers - stalled;
        let request = get(path, "accept: text/event-stream\r\n");
        let (tell, told) = oneshot::channel();
        let (stopped, kept) = (stop.clone(), Arc::clone(&notes));
        thread::spawn(move || {
            let run = async move {
                let tasks = LocalSet::new();
                let connected = tasks.run_until(connect(server, request, readers, listening, kept));
                let silent = connected.await;
                // Whoever asked has gone, if nobody hears it.
                let _ = tell.send(silent.as_ref().map(Vec::len).map_err(ToString::to_string));
                tasks.run_until(stopped.cancelled()).await;
            };
            // Without a runtime nobody is told, and that is an error there.
            if let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(run);
            }
        });
        let connected = told.await.map_err(|error| error.to_string()).flatten();
        connected.map_err(Error::Unexpected)?;
        let start = Instant::now();
        while notes.open.load(Ordering::Relaxed) < listening {
            if start.elapsed() > PATIENCE {
                return Err(Error::Unexpected(
                    "not every reader has a stream".to_owned(),
                ));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(Self {
            notes,
            readers: listening,
            _stop: stop.drop_guard(),
        })
    }

    /// How many of them read.
    pub const fn readers(&self) -> usize {
        self.readers
    }

    /// Counts latencies from when the posts were to be sent: the first at `start`.
    pub fn count_from(&self, start: Instant, every: Duration) {
        // Each audience hears one round.
        let _ = self.notes.clock.set((start, every));
    }

    /// How many posts came, counted with every reader.
    pub fn deliveries(&self) -> usize {
        let deliveries = self.notes.deliveries.lock();
        deliveries.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How long each of the first `posts` took to each reader, in milliseconds.
    ///
    /// # Errors
    /// If a post came to somebody twice, or not at all.
    pub fn latencies(&self, posts: u32) -> Result<Vec<Vec<f64>>> {
        let deliveries = self.notes.deliveries.lock();
        let deliveries = deliveries.unwrap_or_else(PoisonError::into_inner);
        let mut latencies = vec![Vec::with_capacity(self.readers); posts as usize];
        for delivery in deliveries.iter() {
            if let Some(of_post) = latencies.get_mut(delivery.post as usize) {
                of_post.push(f64::from(delivery.milliseconds));
            }
        }
        let closed = self.notes.closed.load(Ordering::Relaxed);
        match latencies
            .iter()
            .position(|of_post| of_post.len() != self.readers)
        {
            None => Ok(latencies),
            Some(post) => Err(Error::Unexpected(format!(
                "post {post} came {} times to {} readers ({closed} streams were closed)",
                latencies[post].len(),
                self.readers,
            ))),
        }
    }
}

/// Connects everybody, and has those who listen do so; answers the others, to be kept open.
async fn connect(
    server: SocketAddr,
    request: Vec<u8>,
    readers: usize,
    listening: usize,
    notes: Arc<Notes>,
) -> Result<Vec<TcpStream>> {
    let piece = Rc::new(RefCell::new(vec![0; PIECE]));
    let mut silent = Vec::new();
    for n in 0..readers {
        let socket = TcpSocket::new_v4().while_doing("making a socket")?;
        let octet = u8::try_from(1 + n % ADDRESSES).unwrap_or(1);
        let own = SocketAddr::from((Ipv4Addr::new(127, 0, 0, octet), 0));
        let connected = async {
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
            socket.bind(own)?;
            let mut stream = socket.connect(server).await?;
            stream.write_all(&request).await?;
            Ok(stream)
        };
        let stream = connected
            .await
            .while_doing(format!("connecting reader {n}"))?;
        if n < listening {
            let listener = Listener::new(Arc::clone(&notes), Rc::clone(&piece));
            tokio::task::spawn_local(listener.listen(stream));
        } else {
            silent.push(stream);
        }
    }
    Ok(silent)
}

/// One reader.
struct Listener {
    notes: Arc<Notes>,
    /// Where what is read stands for a moment: all take turns.
    piece: Rc<RefCell<Vec<u8>>>,
    /// The end of what was read last, in which a mark may have begun.
    tail: Vec<u8>,
    is_open: bool,
    next: u32,
}

impl Listener {
    const fn new(notes: Arc<Notes>, piece: Rc<RefCell<Vec<u8>>>) -> Self {
        Self {
            notes,
            piece,
            tail: Vec::new(),
            is_open: false,
            next: 0,
        }
    }

    async fn listen(mut self, stream: TcpStream) {
        while stream.readable().await.is_ok() {
            let piece = Rc::clone(&self.piece);
            let mut piece = piece.borrow_mut();
            match stream.try_read(&mut piece) {
                Ok(0) => break,
                Ok(length) => self.hear(&piece[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        self.notes.closed.fetch_add(1, Ordering::Relaxed);
    }

    fn hear(&mut self, piece: &[u8]) {
        if !self.is_open {
            self.is_open = true;
            self.notes.open.fetch_add(1, Ordering::Relaxed);
        }
        let joined;
        let mut text = if self.tail.is_empty() {
            piece
        } else {
            joined = [&self.tail, piece].concat();
            &joined
        };
        while let Some((post, rest)) = next_mark(text) {
            self.note(post);
            text = rest;
        }
        // Most pieces end with a blank line, after which nothing has begun.
        self.tail.clear();
        if !text.ends_with(b"\n") {
            let from = text.len().saturating_sub(LONGEST_MARK);
            self.tail.extend_from_slice(&text[from..]);
        }
    }

    fn note(&mut self, post: u32) {
        // Each comes once, and in order; whatever doesn't is missing in the end.
        if post != self.next {
            return;
        }
        self.next += 1;
        let Some((start, every)) = self.notes.clock.get() else {
            return;
        };
        let latency = Instant::now().saturating_duration_since(*start + *every * post);
        let delivery = Delivery {
            post,
            milliseconds: latency.as_secs_f32() * 1e3,
        };
        let deliveries = self.notes.deliveries.lock();
        deliveries
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery);
    }
}

/// The next post's number in `text`, and what stands behind it.
fn next_mark(text: &[u8]) -> Option<(u32, &[u8])> {
    let at = text.windows(MARK.len()).position(|window| window == MARK)?;
    let number = &text[at + MARK.len()..];
    let end = number.iter().position(|&byte| byte == b';')?;
    let post = str::from_utf8(&number[..end]).ok()?.parse().ok()?;
    Some((post, &number[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_found_wherever_pieces_are_cut() {
        let text = b"data: seq=0; word\n\nid: 7\ndata: {\"html\":\"seq=1; word\"}\n\n";
        for cut in 0..text.len() {
            let notes = Arc::new(Notes::default());
            notes.clock.set((Instant::now(), Duration::ZERO)).unwrap();
            let mut listener = Listener::new(Arc::clone(&notes), Rc::default());
            for piece in [&text[..cut], &text[cut..]] {
                listener.hear(piece);
            }
            let posts: Vec<_> = notes
                .deliveries
                .lock()
                .unwrap()
                .iter()
                .map(|d| d.post)
                .collect();
            assert_eq!(posts, [0, 1], "cut at {cut}");
        }
    }
}
