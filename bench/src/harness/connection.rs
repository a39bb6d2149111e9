//! A persistent connection with as little overhead as possible: processor time of the load
//! generator is not available to the server on the same machine.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// The size of a read, in bytes: more than any head; a page takes a few reads.
const BUFFER_SIZE: usize = 64 * 1024;
/// The maximum number of headers of a response.
const MAX_HEADERS: usize = 64;

/// An HTTP/1.1 connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A complete response.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body, as it was sent.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first header called `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Returns all headers called `name`.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The head of a response.
struct Head {
    status: u16,
    /// The length of the body, in bytes.
    length: usize,
    /// The start of the body in the buffer.
    end: usize,
    /// The number of bytes in the buffer.
    filled: usize,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::of(TcpStream::connect(address).await?)
    }

    /// Connects from an own address.
    pub async fn open_from(own: Ipv4Addr, address: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((own, 0).into())?;
        Self::of(socket.connect(address).await?)
    }

    fn of(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER_SIZE],
        })
    }

    /// Sends a request and reads the response.
    pub async fn request(&mut self, request: &[u8]) -> io::Result<Response> {
        let Head {
            status,
            length,
            end,
            filled,
        } = self.send_and_read_head(request).await?;
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let mut body = self.buffer[end..filled].to_vec();
        let received = body.len();
        body.resize(length, 0);
        self.stream.read_exact(&mut body[received..]).await?;
        Ok(Response { status, head, body })
    }

    /// Sends a request, reads the response and discards it. Returns the status and the length of
    /// the body.
    pub async fn request_and_discard(&mut self, request: &[u8]) -> io::Result<(u16, usize)> {
        let head = self.send_and_read_head(request).await?;
        let mut left = head.length - (head.filled - head.end);
        while left > 0 {
            let wanted = left.min(BUFFER_SIZE);
            match self.stream.read(&mut self.buffer[..wanted]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => left -= read,
            }
        }
        Ok((head.status, head.length))
    }

    /// Sends a request, and reads the head of the response and the bytes that arrive with it.
    async fn send_and_read_head(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            match self.stream.read(&mut self.buffer[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
            if let Some((status, length, end)) = parse(&self.buffer[..filled])? {
                if filled - end > length {
                    return Err(io::Error::other("the body is longer than announced"));
                }
                return Ok(Head {
                    status,
                    length,
                    end,
                    filled,
                });
            }
        }
    }
}

/// Returns the status, the length of the body and the length of the head, once the head is
/// complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = response.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| str::from_utf8(header.value).ok()?.parse().ok());
    match length {
        Some(length) => Ok(Some((status, length, end))),
        None if status == 204 || status == 304 => Ok(Some((status, 0, end))),
        None => Err(io::Error::other(
            "the response has no content-length, which the load generator requires",
        )),
    }
}

/// Returns a GET request for `path`. Each of the additional header lines ends with `\r\n`.
pub fn get_request(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes()
}

/// Returns a POST request with `body`. Each of the additional header lines ends with `\r\n`.
pub fn post_request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    request_with_body("POST", path, headers, body)
}

/// Returns a request with `body`. Each of the additional header lines ends with `\r\n`.
pub fn request_with_body(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Connects to a server that sends these pieces after the first byte of a request.
    async fn connect_to_server(pieces: &'static [&'static str]) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        Connection::open(address).await.unwrap()
    }

    #[tokio::test]
    async fn response_is_parsed_across_reads() {
        let pieces = &[
            "HTTP/1.1 200 OK\r\nContent-Le",
            "ngth: 5\r\nX-A: b\r\n\r\nhe",
            "llo",
        ];
        let response = connect_to_server(pieces)
            .await
            .request(&get_request("/", ""))
            .await
            .unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "hello"));
        assert_eq!(response.header("x-a"), Some("b"));
        let mut connection = connect_to_server(pieces).await;
        let discarded = connection
            .request_and_discard(&get_request("/", ""))
            .await
            .unwrap();
        assert_eq!(discarded, (200, 5));
    }

    #[tokio::test]
    async fn truncated_response_is_an_error() {
        let pieces = &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"];
        let mut connection = connect_to_server(pieces).await;
        assert!(
            connection
                .request_and_discard(&get_request("/", ""))
                .await
                .is_err()
        );
    }
}
