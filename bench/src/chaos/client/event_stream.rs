//! A stream of server-sent events (WHATWG HTML, section 9.2): chunked (RFC 9112, section 7.1), or
//! up to the end of the connection.

use std::net::SocketAddr;

use domain::Cursor;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{config::ClientConfig, event::EventSender};
use crate::harness::get_request;

/// Opens a stream after `cursor` and forwards its events until it breaks.
pub async fn listen(config: ClientConfig, cursor: Cursor, sender: EventSender) -> Option<()> {
    let path = format!("/feed/{}/stream?since={cursor}", config.feed);
    let mut stream = EventStream::open(config.address, &path, "").await?;
    loop {
        let event = stream.next().await?;
        sender
            .send(field(&event, "event"), field(&event, "data"))
            .await?;
    }
}

/// An open stream.
#[derive(Debug)]
pub struct EventStream {
    stream: BufReader<TcpStream>,
    in_chunks: bool,
    /// The beginning of the next events.
    buffer: Vec<u8>,
}

impl EventStream {
    /// Requests the stream at `path` with additional header lines. Returns `None` if the status is
    /// not 200, or no response arrives.
    pub async fn open(address: SocketAddr, path: &str, headers: &str) -> Option<Self> {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let headers = format!("accept: text/event-stream\r\n{headers}");
        stream.write_all(&get_request(path, &headers)).await.ok()?;
        let mut stream = BufReader::new(stream);
        if !read_line(&mut stream).await?.starts_with("HTTP/1.1 200 ") {
            return None;
        }
        let mut in_chunks = false;
        loop {
            let header = read_line(&mut stream).await?.to_ascii_lowercase();
            in_chunks |= header == "transfer-encoding: chunked";
            if header.is_empty() {
                break;
            }
        }
        Some(Self {
            stream,
            in_chunks,
            buffer: Vec::new(),
        })
    }

    /// Waits for the next complete event. Returns `None` if the stream breaks before.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            let end = self.buffer.windows(2).position(|pair| pair == b"\n\n");
            if let Some(end) = end {
                let event: Vec<_> = self.buffer.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&event).into_owned());
            }
            if self.in_chunks {
                read_chunk(&mut self.stream, &mut self.buffer).await?;
            } else if self.stream.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }
}

/// Reads a line and returns it without its end.
async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.strip_suffix("\r\n")?.to_owned())
}

/// Appends the next chunk. Returns `None` after the last one, or if it is incomplete.
async fn read_chunk(stream: &mut BufReader<TcpStream>, buffer: &mut Vec<u8>) -> Option<()> {
    let length = usize::from_str_radix(&read_line(stream).await?, 16).ok()?;
    let start = buffer.len();
    buffer.resize(start + length, 0);
    stream.read_exact(&mut buffer[start..]).await.ok()?;
    read_line(stream).await?;
    (length > 0).then_some(())
}

/// Returns the value of a field of an event; the server writes each field once.
pub fn field<'a>(event: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    event.lines().find_map(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use domain::{Bye, StreamEvent};

    use crate::chaos::client::{ClientConfig, stream::Stream};

    use super::*;

    /// Opens a stream from a server that sends these pieces and closes the connection.
    async fn stream(pieces: &'static [&'static str]) -> Stream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = ClientConfig {
            address: listener.local_addr().unwrap(),
            feed: "12".to_owned(),
            time_scale: 1,
            cards: std::sync::Arc::default(),
        };
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..length]).into_owned();
            assert!(request.starts_with("GET /feed/12/stream?since=k3f9.7 HTTP/1.1\r\n"));
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Stream::server_sent_events(&config, "k3f9.7".parse().unwrap())
    }

    #[tokio::test]
    async fn events_are_parsed_across_chunk_boundaries() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chun",
            "ked\r\n\r\n1b\r\nevent: bye\ndata: {\"ended\":",
            "f\r\n7\r\nalse}\n\n\r\n",
            "26\r\nevent: bye\ndata: {\"ended\":true}\n\nevent\r\n",
            // An incomplete event is ignored.
            "30\r\n: bye\ndata: {\"ended\":false}\n",
        ])
        .await;
        for ended in [false, true] {
            let event = stream.next().await.unwrap();
            assert!(event == StreamEvent::Bye(Some(Bye { ended })), "{event:?}");
        }
        assert!(matches!(stream.next().await.unwrap(), StreamEvent::Failed));
    }

    #[tokio::test]
    async fn stream_ends_after_a_reset() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 71\r\nconnection: close\r\n\r\nevent: stream-re",
            "set\ndata: {\"reset\":true,\"epoch\":\"k3f9\",\"head\":7}\n\n",
        ])
        .await;
        let event = stream.next().await.unwrap();
        assert!(
            matches!(&event, StreamEvent::Reset(Some(reset)) if reset.head == 7),
            "{event:?}"
        );
        assert!(matches!(stream.next().await.unwrap(), StreamEvent::Failed));
    }

    #[tokio::test]
    async fn rejected_stream_is_reported_as_failed() {
        let mut stream = stream(&["HTTP/1.1 503 Service Unavailable\r\n\r\n"]).await;
        assert!(matches!(stream.next().await.unwrap(), StreamEvent::Failed));
    }

    #[tokio::test]
    async fn event_outside_the_protocol_is_an_error() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "17\r\nevent: batch\ndata: {}\n\n\r\n",
        ])
        .await;
        let error = stream.next().await.unwrap_err().to_string();
        assert!(
            error.starts_with("VIOLATED: the stream sent the event \"batch\""),
            "{error}"
        );
    }
}
