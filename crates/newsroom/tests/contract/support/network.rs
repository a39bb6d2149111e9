//! A network between a newsroom and PostgreSQL that can be made to swallow what is sent.

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

/// Forwards connections to the socket of a PostgreSQL server. Closed when dropped.
pub struct Network {
    port: u16,
    swallows: Arc<AtomicBool>,
    _accepting: AbortOnDropHandle<()>,
}

impl Network {
    /// A network that leads to the socket in `folder`.
    pub async fn to(folder: &str) -> Self {
        let socket = format!("{folder}/.s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let swallows = Arc::new(AtomicBool::new(false));
        let forwarded = Arc::clone(&swallows);
        let accept = async move {
            let mut connections = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = UnixStream::connect(&socket).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                connections.spawn(forward(from_client, to_server, Arc::clone(&forwarded)));
                connections.spawn(forward(from_server, to_client, Arc::clone(&forwarded)));
            }
        };
        Self {
            port,
            swallows,
            _accepting: AbortOnDropHandle::new(tokio::spawn(accept)),
        }
    }

    /// The port on 127.0.0.1 that leads to the server.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Has it take everything and deliver nothing, or deliver again.
    pub fn swallow(&self, swallows: bool) {
        self.swallows.store(swallows, Ordering::SeqCst);
    }
}

async fn forward(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    swallows: Arc<AtomicBool>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if !swallows.load(Ordering::SeqCst) && to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
