//! A bad network between readers and the server: a TCP proxy that keeps its address while the server
//! behind it comes and goes, and does to connections what its faults say.

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

use super::faults::{Fate, Fault, Faults, Injected};
use crate::harness::{Error, Result, While};

/// How much is passed on at once, in bytes: less than a larger batch, so that frames come in pieces.
const PIECE: usize = 4 * 1024;

/// What a proxy says that gets no answer from the server behind it.
const ERROR_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
/// What a network says that wants its user to log in first.
const PORTAL_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Welcome to the station's network</title></head>\
    <body><form action=\"/login\"><button>Accept the terms</button></form></body></html>\n";

/// A proxy that was started; it takes no more connections once dropped.
#[derive(Debug)]
pub struct FaultyProxy {
    /// Where it listens.
    pub address: SocketAddr,
    network: Arc<Network>,
    listening: AbortHandle,
}

/// What all its connections share.
#[derive(Debug)]
struct Network {
    faults: Faults,
    server: Mutex<SocketAddr>,
    /// Whether nothing goes wrong any more.
    mended: AtomicBool,
    connections: AtomicU64,
    injected: Injected,
}

impl FaultyProxy {
    /// A proxy that leads to `server`; `seed` decides what befalls the first connection, the second,
    /// and so on.
    pub async fn start(server: SocketAddr, faults: Faults, seed: u64) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .while_doing("listening as a proxy")?;
        let address = listener.local_addr().while_doing("listening as a proxy")?;
        let network = Arc::new(Network {
            faults,
            server: Mutex::new(server),
            mended: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            injected: Injected::default(),
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

    /// Leads new connections to `server` from now on.
    pub fn lead_to(&self, server: SocketAddr) {
        *self.network.server() = server;
    }

    /// Nothing goes wrong from now on; stalls that have begun last as long as they do.
    pub fn mend(&self) {
        self.network.mended.store(true, Ordering::Relaxed);
    }

    /// What befell how many connections, as a line.
    pub fn report(&self) -> String {
        let connections = self.network.connections.load(Ordering::Relaxed);
        format!("{connections} connections: {}", self.network.injected)
    }

    /// Whether enough responses were lost of those that were meant to be; else a proof on this network
    /// proves little.
    ///
    /// # Errors
    /// With how many were.
    pub fn check_lost(&self) -> Result<()> {
        if self.network.injected.lost_enough() {
            return Ok(());
        }
        let (lost, meant) = self.network.injected.lost_responses();
        Err(Error::Unexpected(format!(
            "only {lost} of {meant} answers that were meant to be lost were"
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
        // An address is whole, whoever panicked while holding it.
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What befalls a connection now that it has carried `carried` bytes, the last of them from the
    /// server or not; each fault once.
    fn strike(&self, fate: &mut Fate, carried: usize, from_server: bool) -> Option<Fault> {
        let fault = fate.fault?;
        let due = if fault.takes_response() {
            from_server
        } else {
            carried >= fate.after
        };
        if !due || self.mended.load(Ordering::Relaxed) {
            return None;
        }
        let fault = fate.fault.take()?;
        self.injected.count(fault);
        Some(fault)
    }
}

async fn listen(listener: TcpListener, network: Arc<Network>, mut rng: StdRng) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            // Too many open files, for the moment.
            sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        network.connections.fetch_add(1, Ordering::Relaxed);
        let fate = network.faults.draw(&mut rng);
        if let Some(fault) = fate.fault
            && !network.mended.load(Ordering::Relaxed)
        {
            network.injected.count_drawn(fault);
        }
        let network = Arc::clone(&network);
        tokio::spawn(async move {
            // However a connection ends, it is closed on both sides: that is all there is to say.
            let _ = carry(client, fate, &network).await;
        });
    }
}

/// Passes on what both sides send until one of them closes, or its fate does.
async fn carry(mut client: TcpStream, mut fate: Fate, network: &Network) -> io::Result<()> {
    let address = *network.server();
    let mut server = TcpStream::connect(address).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut up, mut down) = (vec![0; PIECE], vec![0; PIECE]);
    let mut carried = 0;
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
        carried += length;
        match network.strike(&mut fate, carried, from_server) {
            None => onwards.write_all(piece).await?,
            Some(Fault::Stall) => {
                sleep(network.faults.stall()).await;
                onwards.write_all(piece).await?;
            }
            Some(Fault::Cut) => return onwards.write_all(&piece[..length / 2]).await,
            Some(Fault::LostAnswer) => return Ok(()),
            Some(Fault::ErrorPage) => {
                return answer_instead(&mut client, "502 Bad Gateway", ERROR_PAGE).await;
            }
            Some(Fault::CaptivePortal) => {
                return answer_instead(&mut client, "200 OK", PORTAL_PAGE).await;
            }
            Some(Fault::CutBody) => return client.write_all(without_end(piece)).await,
            Some(Fault::Reset) => {
                client.set_zero_linger()?;
                return server.set_zero_linger();
            }
        }
    }
}

/// Sends a page in place of the server's response.
async fn answer_instead(client: &mut TcpStream, status: &str, page: &str) -> io::Result<()> {
    let length = page.len();
    let response = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{page}"
    );
    client.write_all(response.as_bytes()).await
}

/// The beginning of a response: its head and half of the body that came with it. Half of all where no
/// body came, so that it is never whole.
fn without_end(piece: &[u8]) -> &[u8] {
    let end_of_head = piece.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    match end_of_head.map(|at| at + 4) {
        Some(head) if head < piece.len() => &piece[..usize::midpoint(head, piece.len())],
        _ => &piece[..piece.len() / 2],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client of a proxy with `fate` sees of a server that answers `pong` to `ping`, and
    /// whether the server saw the request.
    async fn asked(fault: Option<Fault>, after: usize) -> (io::Result<String>, bool) {
        let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = behind.local_addr().unwrap();
        let before = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = before.local_addr().unwrap();
        let network = Network {
            faults: Faults::NONE,
            server: Mutex::new(server),
            mended: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            injected: Injected::default(),
        };
        let answering = tokio::spawn(async move {
            let (mut stream, _) = behind.accept().await.unwrap();
            let mut request = [0; 4];
            let came = stream.read_exact(&mut request).await.is_ok();
            // It may be closed already.
            let _ = stream.write_all(b"pong").await;
            came
        });
        let carrying = tokio::spawn(async move {
            let (client, _) = before.accept().await.unwrap();
            let _ = carry(client, Fate { fault, after }, &network).await;
        });
        let mut client = TcpStream::connect(proxy).await.unwrap();
        client.write_all(b"ping").await.unwrap();
        let mut answer = String::new();
        let read = client.read_to_string(&mut answer).await;
        carrying.await.unwrap();
        (read.map(|_| answer), answering.await.unwrap())
    }

    #[tokio::test]
    async fn a_connection_in_peace_carries_both_ways() {
        let (answer, came) = asked(None, 0).await;
        assert_eq!((answer.unwrap().as_str(), came), ("pong", true));
    }

    #[tokio::test]
    async fn a_lost_answer_is_lost_on_its_way_back() {
        let (answer, came) = asked(Some(Fault::LostAnswer), 0).await;
        assert_eq!((answer.unwrap().as_str(), came), ("", true));
    }

    #[tokio::test]
    async fn a_cut_lets_half_through() {
        let (answer, came) = asked(Some(Fault::Cut), 5).await;
        assert_eq!((answer.unwrap().as_str(), came), ("po", true));
        let (answer, came) = asked(Some(Fault::Cut), 1).await;
        assert_eq!((answer.unwrap().as_str(), came), ("", false));
    }

    #[tokio::test]
    async fn a_page_comes_in_place_of_an_answer() {
        let (answer, came) = asked(Some(Fault::ErrorPage), 0).await;
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        assert!(answer.ends_with(ERROR_PAGE) && came, "{answer}");
        let (answer, came) = asked(Some(Fault::CaptivePortal), 0).await;
        let answer = answer.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with(PORTAL_PAGE) && came, "{answer}");
    }

    #[tokio::test]
    async fn a_cut_body_is_never_whole() {
        let (answer, came) = asked(Some(Fault::CutBody), 0).await;
        assert_eq!((answer.unwrap().as_str(), came), ("po", true));
        for (piece, kept) in [
            ("head\r\n\r\nbody", "head\r\n\r\nbo"),
            ("head\r\n\r\nb", "head\r\n\r\n"),
            ("head\r\n\r\n", "head"),
        ] {
            assert_eq!(without_end(piece.as_bytes()), kept.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_reset_is_heard_as_one() {
        let (answer, came) = asked(Some(Fault::Reset), 5).await;
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(came);
    }

    #[tokio::test]
    async fn a_stall_ends() {
        let (answer, came) = asked(Some(Fault::Stall), 1).await;
        assert_eq!((answer.unwrap().as_str(), came), ("pong", true));
    }
}
