//! A connection that is kept open, with as little work on it as can be: what the load generator
//! spends, the server on the same machine hasn't.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How much is read at once, in bytes: a head always fits, and a page in a few pieces.
const BUFFER: usize = 64 * 1024;
/// How many headers an answer may have.
const MOST_HEADERS: usize = 64;

/// An HTTP/1.1 connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body, as it was sent.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header called `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All headers called `name`.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What an answer's head says.
struct Head {
    status: u16,
    /// Bytes.
    length: usize,
    /// Where in the buffer the body begins.
    end: usize,
    /// How much of the buffer is filled.
    filled: usize,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
        })
    }

    /// Sends a request, and reads the answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let Head {
            status,
            length,
            end,
            filled,
        } = self.send(request).await?;
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let mut body = self.buffer[end..filled].to_vec();
        let begun = body.len();
        body.resize(length, 0);
        self.stream.read_exact(&mut body[begun..]).await?;
        Ok(Answer { status, head, body })
    }

    /// Sends a request, reads the answer and forgets it; its status, and the length of its body.
    pub async fn ask_and_forget(&mut self, request: &[u8]) -> io::Result<(u16, usize)> {
        let head = self.send(request).await?;
        let mut left = head.length - (head.filled - head.end);
        while left > 0 {
            let wanted = left.min(BUFFER);
            match self.stream.read(&mut self.buffer[..wanted]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => left -= read,
            }
        }
        Ok((head.status, head.length))
    }

    /// Sends a request, and reads the answer's head and what comes with it.
    async fn send(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            match self.stream.read(&mut self.buffer[filled..]).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
            if let Some((status, length, end)) = parse(&self.buffer[..filled])? {
                if filled - end > length {
                    return Err(io::Error::other("more came than was announced"));
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

/// The status, the body's length and the head's, once the head is complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(end) = answer.parse(bytes).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let status = answer.code.unwrap_or_default();
    let length = answer
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"))
        .and_then(|header| str::from_utf8(header.value).ok()?.parse().ok());
    match length {
        Some(length) => Ok(Some((status, length, end))),
        None if status == 204 || status == 304 => Ok(Some((status, 0, end))),
        None => Err(io::Error::other(
            "an answer came without its length, which the load generator doesn't read",
        )),
    }
}

/// A request for `path`, with further header lines, each ended by `\r\n`.
pub fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes()
}

/// A request that sends `body`, with further header lines, each ended by `\r\n`.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A connection to a server that answers with these pieces, each once something was asked.
    async fn answered(pieces: &'static [&'static str]) -> Connection {
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
    async fn an_answer_comes_in_pieces() {
        let pieces = &[
            "HTTP/1.1 200 OK\r\nContent-Le",
            "ngth: 5\r\nX-A: b\r\n\r\nhe",
            "llo",
        ];
        let answer = answered(pieces).await.ask(&get("/", "")).await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
        assert_eq!(answer.header("x-a"), Some("b"));
        let mut connection = answered(pieces).await;
        let forgotten = connection.ask_and_forget(&get("/", "")).await.unwrap();
        assert_eq!(forgotten, (200, 5));
    }

    #[tokio::test]
    async fn what_is_cut_off_is_no_answer() {
        let pieces = &["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel"];
        let mut connection = answered(pieces).await;
        assert!(connection.ask_and_forget(&get("/", "")).await.is_err());
    }
}
