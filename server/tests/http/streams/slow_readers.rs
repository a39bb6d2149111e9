//! Connections that do not read their stream.

use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::path;
use crate::http::support::{TestApp, with_timeout};

/// The number of updates of 10 kB each: more than the buffers of a slow reader hold, but few enough
/// that all are posted before the reader is disconnected, even on a slow machine.
const UPDATES: usize = 40;

/// Requests a stream on a connection with a small receive buffer.
async fn slow_reader(app: &TestApp, path: &str) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let server = app.address().await;
    socket.connect(&SockAddr::from(server)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let mut connection = TcpStream::from_std(socket.into()).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {server}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_reader_does_not_delay_others_and_misses_nothing() {
    let app = TestApp::with_flags(&[]).await;
    let path = path(app.live_entry().await);
    let mut reader = slow_reader(&app, &path).await;
    let mut other = app.stream(&path).await;
    for n in 0..UPDATES {
        app.post("final", &format!("No. {n}: {}", "word ".repeat(2_000)))
            .await;
        let event = other.next_event().await.unwrap();
        assert!(event.data.to_string().contains(&format!("No. {n}:")));
    }

    // The reader gets the updates from before and after its pause, in order.
    let mut received = Vec::new();
    let mut next = 0;
    while next < UPDATES {
        let mut buffer = vec![0; 64 * 1024];
        let length = with_timeout(reader.read(&mut buffer)).await.unwrap();
        assert_ne!(length, 0, "the stream ended after {next} updates");
        received.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&received);
        while text.contains(&format!("No. {next}:")) {
            next += 1;
        }
    }
    let text = String::from_utf8(received).unwrap();
    let places: Vec<_> = (0..UPDATES)
        .map(|n| text.find(&format!("No. {n}:")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_does_not_wait_for_slow_readers() {
    let app = TestApp::with_flags(&[]).await;
    let path = path(app.live_entry().await);
    let _reader = slow_reader(&app, &path).await;
    let mut other = app.stream(&path).await;
    for _ in 0..UPDATES {
        app.post("final", &"word ".repeat(2_000)).await;
    }
    app.stop();
    let last = async {
        let mut last = None;
        while let Some(event) = other.next_event().await {
            last = Some(event.name);
        }
        last
    };
    assert_eq!(with_timeout(last).await.as_deref(), Some("bye"));
    let closed = async {
        while TcpStream::connect(app.address().await).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    with_timeout(closed).await;
}
