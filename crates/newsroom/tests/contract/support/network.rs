//! A simulated network between a newsroom and PostgreSQL that can drop all traffic.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UnixStream},
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;

/// A proxy that forwards TCP connections to the socket of a PostgreSQL server. Closed when dropped.
pub struct Network {
    port: u16,
    drops_packets: Arc<AtomicBool>,
    _accepting: AbortOnDropHandle<()>,
}

impl Network {
    /// Starts to forward connections to the socket in `folder`.
    pub async fn to(folder: &str) -> Self {
        let socket = format!("{folder}/.s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let drops_packets = Arc::new(AtomicBool::new(false));
        let drops_for_connections = Arc::clone(&drops_packets);
        let accept = async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = UnixStream::connect(&socket).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                connections.spawn(forward(
                    from_client,
                    to_server,
                    Arc::clone(&drops_for_connections),
                ));
                connections.spawn(forward(
                    from_server,
                    to_client,
                    Arc::clone(&drops_for_connections),
                ));
            }
        };
        Self {
            port,
            drops_packets,
            _accepting: AbortOnDropHandle::new(tokio::spawn(accept)),
        }
    }

    /// Returns the port on 127.0.0.1 that is forwarded to the server.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Sets whether data is dropped without an error, as by a broken network, or delivered.
    pub fn drop_packets(&self, drops: bool) {
        self.drops_packets.store(drops, Ordering::SeqCst);
    }
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    drops_packets: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if !drops_packets.load(Ordering::SeqCst) && to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
