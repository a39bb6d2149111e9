//! Thousands of clients on one thread, which record when each post arrives.

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

use super::{Context, Error, Result, get_request};

/// How many addresses the clients use. A single address has too few ports for the largest
/// benchmarks, and Ringside would reject as many streams from it.
const ADDRESSES: usize = 8;
/// The size of a client's receive buffer, in bytes.
const RECEIVE_BUFFER: u32 = 8 * 1024;
/// The size of a read, in bytes.
const BUFFER_SIZE: usize = 64 * 1024;
/// The marker before a post's number, and the maximum length of both together.
const MARKER: &[u8] = b"seq=";
const MAX_MARKER_LENGTH: usize = 16;
/// How many clients may wait for the response to their request. If all requested at once, the
/// server's memory would contain what that burst needed, and not what open streams need.
const MAX_IN_FLIGHT: usize = 100;
/// How often this is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(1);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_mins(1);

/// Clients that read until this is dropped.
#[derive(Debug)]
pub struct StreamClients {
    records: Arc<Records>,
    clients: usize,
    _stop: DropGuard,
}

/// The records of all clients.
#[derive(Debug, Default)]
struct Records {
    /// How many streams are open.
    open: AtomicUsize,
    /// How many streams were closed.
    closed: AtomicUsize,
    /// The scheduled time of the first post, and the interval of the following ones.
    clock: OnceLock<(Instant, Duration)>,
    deliveries: Mutex<Vec<Delivery>>,
}

#[derive(Clone, Copy, Debug)]
struct Delivery {
    post: u32,
    milliseconds: f32,
}

impl Records {
    /// Waits until this many streams are open.
    async fn wait_until_open(&self, streams: usize) -> Result<()> {
        let start = Instant::now();
        while self.open.load(Ordering::Relaxed) < streams {
            if start.elapsed() > CONNECT_TIMEOUT {
                let sentence = "not all clients have a stream";
                return Err(Error::Unexpected(sentence.to_owned()));
            }
            sleep(CHECK_INTERVAL).await;
        }
        Ok(())
    }
}

impl StreamClients {
    /// Opens `clients` streams of `path`. The last `stalled` of them send their request and read
    /// nothing.
    pub async fn open(server: SocketAddr, path: &str, clients: u32, stalled: u32) -> Result<Self> {
        let (clients, stalled) = (clients as usize, stalled as usize);
        let records = Arc::new(Records::default());
        let stop = CancellationToken::new();
        let reading = clients - stalled;
        let request = get_request(path, "accept: text/event-stream\r\n");
        let (sender, receiver) = oneshot::channel();
        let (stopped, shared) = (stop.clone(), Arc::clone(&records));
        thread::spawn(move || {
            let run = async move {
                let tasks = LocalSet::new();
                let connected = tasks.run_until(connect(server, request, clients, reading, shared));
                let unread = connected.await;
                // The caller may have been dropped.
                let _ = sender.send(unread.as_ref().map(Vec::len).map_err(ToString::to_string));
                tasks.run_until(stopped.cancelled()).await;
            };
            // If there is no runtime, `sender` is dropped, which the caller sees as an error.
            if let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() {
                runtime.block_on(run);
            }
        });
        let connected = receiver.await.map_err(|error| error.to_string()).flatten();
        connected.map_err(Error::Unexpected)?;
        records.wait_until_open(reading).await?;
        Ok(Self {
            records,
            clients: reading,
            _stop: stop.drop_guard(),
        })
    }

    /// Returns the number of clients that read.
    pub const fn count(&self) -> usize {
        self.clients
    }

    /// Measures latencies from the scheduled times of the posts, the first at `start`.
    pub fn start_clock(&self, start: Instant, every: Duration) {
        // The clients are used for one round only.
        let _ = self.records.clock.set((start, every));
    }

    /// Returns how many posts arrived, counted for each client.
    pub fn deliveries(&self) -> usize {
        let deliveries = self.records.deliveries.lock();
        deliveries.unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns the latency of each of the first `posts` at each client, in milliseconds.
    ///
    /// # Errors
    ///
    /// If a post arrived at a client twice, or not at all.
    pub fn latencies(&self, posts: u32) -> Result<Vec<Vec<f64>>> {
        let deliveries = self.records.deliveries.lock();
        let deliveries = deliveries.unwrap_or_else(PoisonError::into_inner);
        let mut latencies = vec![Vec::with_capacity(self.clients); posts as usize];
        for delivery in deliveries.iter() {
            if let Some(of_post) = latencies.get_mut(delivery.post as usize) {
                of_post.push(f64::from(delivery.milliseconds));
            }
        }
        let closed = self.records.closed.load(Ordering::Relaxed);
        match latencies
            .iter()
            .position(|of_post| of_post.len() != self.clients)
        {
            None => Ok(latencies),
            Some(post) => Err(Error::Unexpected(format!(
                "post {post} arrived {} times at {} clients ({closed} streams were closed)",
                latencies[post].len(),
                self.clients,
            ))),
        }
    }
}

/// Connects all clients and starts those that read. Returns the others, whose connections must be
/// kept open.
async fn connect(
    server: SocketAddr,
    request: Vec<u8>,
    clients: usize,
    reading: usize,
    records: Arc<Records>,
) -> Result<Vec<TcpStream>> {
    let bytes = Rc::new(RefCell::new(vec![0; BUFFER_SIZE]));
    let mut unread = Vec::new();
    for n in 0..clients {
        let with_response = n.min(reading).saturating_sub(MAX_IN_FLIGHT);
        records.wait_until_open(with_response).await?;
        let socket = TcpSocket::new_v4().context("creating a socket")?;
        let octet = u8::try_from(1 + n % ADDRESSES).unwrap_or(1);
        let own = SocketAddr::from((Ipv4Addr::new(127, 0, 0, octet), 0));
        let connected = async {
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
            socket.bind(own)?;
            let mut stream = socket.connect(server).await?;
            stream.write_all(&request).await?;
            Ok(stream)
        };
        let stream = connected.await.context(format!("connecting client {n}"))?;
        if n < reading {
            let client = StreamClient::new(Arc::clone(&records), Rc::clone(&bytes));
            tokio::task::spawn_local(client.read(stream));
        } else {
            unread.push(stream);
        }
    }
    Ok(unread)
}

/// A single client.
struct StreamClient {
    records: Arc<Records>,
    /// The read buffer, which all clients share.
    bytes: Rc<RefCell<Vec<u8>>>,
    /// The end of the previous bytes, which may contain the beginning of a marker.
    tail: Vec<u8>,
    is_open: bool,
    next: u32,
}

impl StreamClient {
    const fn new(records: Arc<Records>, bytes: Rc<RefCell<Vec<u8>>>) -> Self {
        Self {
            records,
            bytes,
            tail: Vec::new(),
            is_open: false,
            next: 0,
        }
    }

    async fn read(mut self, stream: TcpStream) {
        while stream.readable().await.is_ok() {
            let bytes = Rc::clone(&self.bytes);
            let mut bytes = bytes.borrow_mut();
            match stream.try_read(&mut bytes) {
                Ok(0) => break,
                Ok(length) => self.on_bytes(&bytes[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
        self.records.closed.fetch_add(1, Ordering::Relaxed);
    }

    fn on_bytes(&mut self, bytes: &[u8]) {
        if !self.is_open {
            self.is_open = true;
            self.records.open.fetch_add(1, Ordering::Relaxed);
        }
        let joined;
        let mut text = if self.tail.is_empty() {
            bytes
        } else {
            joined = [&self.tail, bytes].concat();
            &joined
        };
        while let Some((post, rest)) = next_marker(text) {
            self.note(post);
            text = rest;
        }
        // Most reads end with a blank line, so that no marker has begun.
        self.tail.clear();
        if !text.ends_with(b"\n") {
            let from = text.len().saturating_sub(MAX_MARKER_LENGTH);
            self.tail.extend_from_slice(&text[from..]);
        }
    }

    fn note(&mut self, post: u32) {
        // Only posts in the right order are recorded, each once; the others count as missing.
        if post != self.next {
            return;
        }
        self.next += 1;
        let Some((start, every)) = self.records.clock.get() else {
            return;
        };
        let latency = Instant::now().saturating_duration_since(*start + *every * post);
        let delivery = Delivery {
            post,
            milliseconds: latency.as_secs_f32() * 1e3,
        };
        let deliveries = self.records.deliveries.lock();
        deliveries
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery);
    }
}

/// Returns the next post's number in `text`, and the bytes after it.
fn next_marker(text: &[u8]) -> Option<(u32, &[u8])> {
    let at = text
        .windows(MARKER.len())
        .position(|window| window == MARKER)?;
    let number = &text[at + MARKER.len()..];
    let end = number.iter().position(|&byte| byte == b';')?;
    let post = str::from_utf8(&number[..end]).ok()?.parse().ok()?;
    Some((post, &number[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_found_across_read_boundaries() {
        let text = b"data: seq=0; word\n\nid: 7\ndata: {\"html\":\"seq=1; word\"}\n\n";
        for cut in 0..text.len() {
            let records = Arc::new(Records::default());
            records.clock.set((Instant::now(), Duration::ZERO)).unwrap();
            let mut client = StreamClient::new(Arc::clone(&records), Rc::default());
            for bytes in [&text[..cut], &text[cut..]] {
                client.on_bytes(bytes);
            }
            let posts: Vec<_> = records
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
