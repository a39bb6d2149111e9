//! Somebody who asks over https, from an address of their own.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};
use tokio_tungstenite::tungstenite::{self, WebSocket, client::IntoClientRequest};

use super::nginx::Nginx;

/// What everybody calls the site; its certificate, too.
pub const HOST: &str = "live.example.org";

/// Longer than anything takes, and shorter than a test's patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who asks over https, and sends the same headers each time.
#[derive(Clone)]
pub struct Reader {
    tls: Arc<ClientConfig>,
    site: SocketAddr,
    address: Ipv4Addr,
    headers: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// An answer whose body comes bit by bit.
pub type Opened = BufReader<Tls>;

/// What is said passes through here.
pub type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Reader {
    /// Somebody at 127.0.0.`number`: all of that network is this machine.
    pub fn new(nginx: &Nginx, number: u8) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(nginx.certificate.clone()).unwrap();
        let tls = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: Arc::new(tls),
            site: nginx.https,
            address: Ipv4Addr::new(127, 0, 0, number),
            headers: String::new(),
        }
    }

    /// The same, who sends one header more.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut reader = self.clone();
        write!(reader.headers, "{name}: {value}\r\n").unwrap();
        reader
    }

    pub fn get(&self, path: &str) -> Answer {
        finish(self.send("GET", path, ""))
    }

    /// Sends a form.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        finish(self.send("POST", path, &body))
    }

    /// Asks for what doesn't end; its head was read.
    pub fn open(&self, path: &str) -> (Answer, Opened) {
        let mut opened = self.send("GET", path, "");
        (head(&mut opened), opened)
    }

    /// Opens a WebSocket, as the site's own page would.
    pub fn websocket(&self) -> WebSocket<Tls> {
        let mut request = format!("wss://{HOST}/ws").into_client_request().unwrap();
        let origin = format!("https://{HOST}").parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let tls = self.connect(Arc::clone(&self.tls));
        tungstenite::client(request, tls).unwrap().0
    }

    /// The protocol that nginx picks of those that browsers offer.
    pub fn protocol(&self) -> String {
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut tls = self.connect(Arc::new(tls));
        tls.conn.complete_io(&mut tls.sock).unwrap();
        String::from_utf8(tls.conn.alpn_protocol().unwrap().to_vec()).unwrap()
    }

    /// HTTP/1.0: what comes is not in chunks, and nginx closes the connection after it.
    fn send(&self, method: &str, path: &str, body: &str) -> Opened {
        let mut tls = self.connect(Arc::clone(&self.tls));
        write!(
            tls,
            "{method} {path} HTTP/1.0\r\nhost: {HOST}\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n{}\r\n{body}",
            body.len(),
            self.headers
        )
        .unwrap();
        BufReader::new(tls)
    }

    /// A function that requests `path` and returns the response, on one connection for all calls.
    pub fn poller(&self, path: &str) -> impl FnMut() -> Answer + use<> {
        let request = format!(
            "GET {path} HTTP/1.0\r\nhost: {HOST}\r\nconnection: keep-alive\r\n{}\r\n",
            self.headers
        );
        let mut connection = BufReader::new(self.connect(Arc::clone(&self.tls)));
        move || {
            connection.get_mut().write_all(request.as_bytes()).unwrap();
            let mut answer = head(&mut connection);
            let length = answer.header("content-length").parse().unwrap();
            answer.body = vec![0; length];
            connection.read_exact(&mut answer.body).unwrap();
            answer
        }
    }

    fn connect(&self, tls: Arc<ClientConfig>) -> Tls {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((self.address, 0)).into())
            .unwrap();
        socket.connect(&self.site.into()).unwrap();
        let socket = TcpStream::from(socket);
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let tls = ClientConnection::new(tls, HOST.try_into().unwrap()).unwrap();
        StreamOwned::new(tls, socket)
    }
}

impl Answer {
    /// The header's value, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(header, _)| header == name);
        found.next().map_or("", |(_, value)| value)
    }

    /// The values of a header that stands there several times.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(header, _)| header == name);
        found.map(|(_, value)| &**value).collect()
    }

    /// The status, and what nginx's cache did, as in `200 HIT`.
    pub fn cached(&self) -> String {
        format!("{} {}", self.status, self.header("x-cache-status"))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn finish(mut opened: Opened) -> Answer {
    let mut answer = head(&mut opened);
    opened.read_to_end(&mut answer.body).unwrap();
    answer
}

fn head(opened: &mut impl BufRead) -> Answer {
    let mut lines = opened.lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        })
        .collect();
    Answer {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers,
        body: Vec::new(),
    }
}
