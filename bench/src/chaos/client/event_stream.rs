//! A stream of server-sent events (WHATWG HTML, section 9.2): in chunks (RFC 9112, section 7.1), or up to
//! the connection's end.

use domain::Cursor;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::{Place, stream::Events};
use crate::harness::get;

/// Opens a stream after `cursor`, and passes on what it says, until it breaks.
pub async fn listen(place: Place, cursor: Cursor, events: Events) -> Option<()> {
    let mut stream = TcpStream::connect(place.network).await.ok()?;
    let path = format!("/feed/{}/stream?since={cursor}", place.entry);
    stream
        .write_all(&get(&path, "accept: text/event-stream\r\n"))
        .await
        .ok()?;
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
    let mut unread = Vec::new();
    loop {
        if in_chunks {
            read_chunk(&mut stream, &mut unread).await?;
        } else if stream.read_buf(&mut unread).await.ok()? == 0 {
            return None;
        }
        while let Some(end) = unread.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<_> = unread.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            events
                .pass_on(field(&event, "event"), field(&event, "data"))
                .await?;
        }
    }
}

/// A line without its end.
async fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    Some(line.strip_suffix("\r\n")?.to_owned())
}

/// Appends the next chunk; `None` after the last, and if it doesn't come whole.
async fn read_chunk(stream: &mut BufReader<TcpStream>, unread: &mut Vec<u8>) -> Option<()> {
    let length = usize::from_str_radix(&read_line(stream).await?, 16).ok()?;
    let begun = unread.len();
    unread.resize(begun + length, 0);
    stream.read_exact(&mut unread[begun..]).await.ok()?;
    read_line(stream).await?;
    (length > 0).then_some(())
}

/// What an event says in the line called `name`; the server writes one of each.
fn field<'a>(event: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(": ");
    event.lines().find_map(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use crate::chaos::client::{
        Place,
        stream::{Said, Stream},
    };

    use super::*;

    /// A stream of a server that answers with these pieces, and closes.
    async fn stream(pieces: &'static [&'static str]) -> Stream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = Place {
            network: listener.local_addr().unwrap(),
            entry: 12,
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
        Stream::by_events(&place, "k3f9.7".parse().unwrap())
    }

    #[tokio::test]
    async fn events_come_in_pieces() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chun",
            "ked\r\n\r\n1b\r\nevent: bye\ndata: {\"ended\":",
            "f\r\n7\r\nalse}\n\n\r\n",
            "26\r\nevent: bye\ndata: {\"ended\":true}\n\nevent\r\n",
            // What is cut off is no event.
            "30\r\n: bye\ndata: {\"ended\":false}\n",
        ])
        .await;
        for ended in [false, true] {
            let said = stream.next().await.unwrap();
            assert!(
                matches!(said, Said::Bye { ended: e } if e == ended),
                "{said:?}"
            );
        }
        assert!(matches!(stream.next().await.unwrap(), Said::Failed));
    }

    #[tokio::test]
    async fn a_reset_is_all_that_is_said() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ncontent-length: 71\r\nconnection: close\r\n\r\nevent: stream-re",
            "set\ndata: {\"reset\":true,\"epoch\":\"k3f9\",\"head\":7}\n\n",
        ])
        .await;
        let said = stream.next().await.unwrap();
        assert!(
            matches!(&said, Said::Reset(reset) if reset.head == 7),
            "{said:?}"
        );
        assert!(matches!(stream.next().await.unwrap(), Said::Failed));
    }

    #[tokio::test]
    async fn a_refusal_is_a_failure() {
        let mut stream = stream(&["HTTP/1.1 503 Service Unavailable\r\n\r\n"]).await;
        assert!(matches!(stream.next().await.unwrap(), Said::Failed));
    }

    #[tokio::test]
    async fn what_is_not_in_the_protocol_is_an_error() {
        let mut stream = stream(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "17\r\nevent: batch\ndata: {}\n\n\r\n",
        ])
        .await;
        let said = stream.next().await.unwrap_err().to_string();
        assert!(
            said.starts_with("DISPROVED: a stream said \"batch\""),
            "{said}"
        );
    }
}
