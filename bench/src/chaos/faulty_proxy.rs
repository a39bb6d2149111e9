//! An unreliable network between the clients and the server: a TCP proxy that keeps its address
//! while the server behind it restarts, and injects faults into connections.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use rand::{SeedableRng, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
    time::sleep,
};

use super::faults::{Fault, FaultCounts, FaultPlan, Faults};
use crate::harness::{Context, Error, Result};

/// The size of a read, in bytes: less than a larger batch, so that frames arrive in pieces.
const BUFFER_SIZE: usize = 4 * 1024;

/// The page of a proxy that gets no response from the server behind it.
const ERROR_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
/// The page of a network that requires a login first.
const PORTAL_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Welcome to the station's network</title></head>\
    <body><form action=\"/login\"><button>Accept the terms</button></form></body></html>\n";

/// A running proxy. It accepts no more connections once dropped.
#[derive(Debug)]
pub struct FaultyProxy {
    /// The address that it listens on.
    pub address: SocketAddr,
    network: Arc<Network>,
    listening: AbortHandle,
}

/// The state shared by all connections.
#[derive(Debug)]
struct Network {
    faults: Faults,
    server: Mutex<SocketAddr>,
    /// Whether no further faults are injected.
    faults_disabled: AtomicBool,
    connections: AtomicU64,
    counts: FaultCounts,
}

impl FaultyProxy {
    /// Starts a proxy in front of `server`. `seed` determines the faults of the first connection,
    /// the second, and so on.
    pub async fn start(server: SocketAddr, faults: Faults, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .context("listening as a proxy")?;
        let address = listener.local_addr().context("listening as a proxy")?;
        let network = Arc::new(Network {
            faults,
            server: Mutex::new(server),
            faults_disabled: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            counts: FaultCounts::default(),
        });
        let listening = tokio::spawn(listen(
            listener,
            Arc::clone(&network),
            StdRng::seed_from_u64(seed),
        ));
        Ok(Self {
            address,
            network,
            listening: listening.abort_handle(),
        })
    }

    /// Forwards new connections to `server` from now on.
    pub fn forward_to(&self, server: SocketAddr) {
        *self.network.server() = server;
    }

    /// Injects no faults from now on; stalls that have begun still last their full time.
    pub fn disable_faults(&self) {
        self.network.faults_disabled.store(true, Ordering::Relaxed);
    }

    /// Returns the percentage of connections whose response was lost or replaced.
    pub fn lost_percent(&self) -> u64 {
        let connections = self.network.connections.load(Ordering::Relaxed);
        let (lost, _) = self.network.counts.lost_responses();
        lost * 100 / connections.max(1)
    }

    /// Returns the number of connections and of each fault, as a line.
    pub fn report(&self) -> String {
        let connections = self.network.connections.load(Ordering::Relaxed);
        format!("{connections} connections: {}", self.network.counts)
    }

    /// Checks that enough of the responses that were planned to be lost were lost; otherwise a test
    /// on this network shows little.
    ///
    /// # Errors
    ///
    /// With the numbers.
    pub fn check_lost(&self) -> Result<()> {
        if self.network.counts.has_lost_enough() {
            return Ok(());
        }
        let (lost, planned) = self.network.counts.lost_responses();
        Err(Error::Unexpected(format!(
            "only {lost} of {planned} responses that were planned to be lost were lost"
        )))
    }
}

impl Drop for FaultyProxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Network {
    fn server(&self) -> std::sync::MutexGuard<'_, SocketAddr> {
        // An address is always valid, even after a panic.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the fault that is due after `forwarded` bytes, the last of them from the server or
    /// not. Each fault is returned once.
    fn take_due_fault(
        &self,
        plan: &mut FaultPlan,
        forwarded: usize,
        from_server: bool,
    ) -> Option<Fault> {
        let fault = plan.fault?;
        let due = if fault.replaces_response() {
            from_server
        } else {
            forwarded >= plan.after
        };
        if !due || self.faults_disabled.load(Ordering::Relaxed) {
            return None;
        }
        let fault = plan.fault.take()?;
        self.counts.count(fault);
        Some(fault)
    }
}

async fn listen(listener: TcpListener, network: Arc<Network>, mut rng: StdRng) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // There are too many open files at the moment.
            sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        network.connections.fetch_add(1, Ordering::Relaxed);
        let plan = network.faults.plan(&mut rng);
        let network = Arc::clone(&network);
        tokio::spawn(async move {
            // An error also closes the connection on both sides.
            let _ = forward(client, plan, &network).await;
        });
    }
}

/// Forwards data in both directions until one side closes the connection or its fault is due.
async fn forward(mut client: TcpStream, mut plan: FaultPlan, network: &Network) -> io::Result<()> {
    let address = *network.server();
    let mut server = TcpStream::connect(address).await?;
    // While the server is down, no response can be lost.
    if let Some(fault) = plan.fault
        && !network.faults_disabled.load(Ordering::Relaxed)
    {
        network.counts.count_planned(fault);
    }
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut up, mut down) = (vec![0; BUFFER_SIZE], vec![0; BUFFER_SIZE]);
    let mut forwarded = 0;
    loop {
        let (from_server, length) = tokio::select! {
            read = client.read(&mut up) => (false, read?),
            read = server.read(&mut down) => (true, read?),
        };
        if length == 0 {
            return Ok(());
        }
        let (piece, onwards) = if from_server {
            (&down[..length], &mut client)
        } else {
            (&up[..length], &mut server)
        };
        forwarded += length;
        match network.take_due_fault(&mut plan, forwarded, from_server) {
            None => onwards.write_all(piece).await?,
            Some(Fault::Stall) => {
                sleep(network.faults.stall()).await;
                onwards.write_all(piece).await?;
            }
            Some(Fault::Cut) => return onwards.write_all(&piece[..length / 2]).await,
            Some(Fault::LostResponse) => return Ok(()),
            Some(Fault::ErrorPage) => {
                return send_page(&mut client, "502 Bad Gateway", ERROR_PAGE).await;
            }
            Some(Fault::CaptivePortal) => {
                return send_page(&mut client, "200 OK", PORTAL_PAGE).await;
            }
            Some(Fault::CutBody) => return client.write_all(truncated(piece)).await,
            Some(Fault::Reset) => {
                client.set_zero_linger()?;
                return server.set_zero_linger();
            }
        }
    }
}

/// Sends a page in place of the server's response.
async fn send_page(client: &mut TcpStream, status: &str, page: &str) -> io::Result<()> {
    let length = page.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{page}"
    );
    client.write_all(response.as_bytes()).await
}

/// Returns the beginning of a response: its head and half of the body that arrived with it, or half
/// of everything where no body arrived, so that it is never complete.
fn truncated(piece: &[u8]) -> &[u8] {
    let end_of_head = piece.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    match end_of_head.map(|at| at + 4) {
        Some(head) if head < piece.len() => &piece[..usize::midpoint(head, piece.len())],
        _ => &piece[..piece.len() / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `ping` through a proxy with a fault to a server that responds with `pong`. Returns the
    /// response at the client, and whether the server received the request.
    async fn request_through(fault: Option<Fault>, after: usize) -> (io::Result<String>, bool) {
        let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = behind.local_addr().unwrap();
        let before = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = before.local_addr().unwrap();
        let network = Network {
            faults: Faults::NONE,
            server: Mutex::new(server),
            faults_disabled: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            counts: FaultCounts::default(),
        };
        let serving = tokio::spawn(async move {
            let (mut stream, _) = behind.accept().await.unwrap();
            let mut request = [0; 4];
            let request_arrived = stream.read_exact(&mut request).await.is_ok();
            // The connection may be closed already.
            let _ = stream.write_all(b"pong").await;
            request_arrived
        });
        let forwarding = tokio::spawn(async move {
            let (client, _) = before.accept().await.unwrap();
            let _ = forward(client, FaultPlan { fault, after }, &network).await;
        });
        let mut client = TcpStream::connect(proxy).await.unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut response = String::new();
        let read = client.read_to_string(&mut response).await;
        forwarding.await.unwrap();
        (read.map(|_| response), serving.await.unwrap())
    }

    #[tokio::test]
    async fn connection_without_a_fault_forwards_both_ways() {
        let (response, request_arrived) = request_through(None, 0).await;
        assert_eq!(
            (response.unwrap().as_str(), request_arrived),
            ("pong", true)
        );
    }

    #[tokio::test]
    async fn lost_response_is_dropped_after_the_request_arrived() {
        let (response, request_arrived) = request_through(Some(Fault::LostResponse), 0).await;
        assert_eq!((response.unwrap().as_str(), request_arrived), ("", true));
    }

    #[tokio::test]
    async fn cut_forwards_half_of_the_data() {
        let (response, request_arrived) = request_through(Some(Fault::Cut), 5).await;
        assert_eq!((response.unwrap().as_str(), request_arrived), ("po", true));
        let (response, request_arrived) = request_through(Some(Fault::Cut), 1).await;
        assert_eq!((response.unwrap().as_str(), request_arrived), ("", false));
    }

    #[tokio::test]
    async fn page_replaces_the_response() {
        let (response, request_arrived) = request_through(Some(Fault::ErrorPage), 0).await;
        let response = response.unwrap();
        assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
        assert!(
            response.ends_with(ERROR_PAGE) && request_arrived,
            "{response}"
        );
        let (response, request_arrived) = request_through(Some(Fault::CaptivePortal), 0).await;
        let response = response.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(
            response.ends_with(PORTAL_PAGE) && request_arrived,
            "{response}"
        );
    }

    #[tokio::test]
    async fn truncated_body_is_never_complete() {
        let (response, request_arrived) = request_through(Some(Fault::CutBody), 0).await;
        assert_eq!((response.unwrap().as_str(), request_arrived), ("po", true));
        for (piece, kept) in [
            ("head\r\n\r\nbody", "head\r\n\r\nbo"),
            ("head\r\n\r\nb", "head\r\n\r\n"),
            ("head\r\n\r\n", "head"),
        ] {
            assert_eq!(truncated(piece.as_bytes()), kept.as_bytes());
        }
    }

    #[tokio::test]
    async fn client_receives_a_reset() {
        let (response, request_arrived) = request_through(Some(Fault::Reset), 5).await;
        assert_eq!(response.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(request_arrived);
    }

    #[tokio::test]
    async fn connection_continues_after_a_stall() {
        let (response, request_arrived) = request_through(Some(Fault::Stall), 1).await;
        assert_eq!(
            (response.unwrap().as_str(), request_arrived),
            ("pong", true)
        );
    }
}
