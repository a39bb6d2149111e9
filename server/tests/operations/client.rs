//! An HTTPS client with its own address.

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

/// The host name of the site, which is also in its certificate.
pub const HOST: &str = "live.example.org";

/// How long a client waits for data: longer than any response takes, and shorter than a test's
/// timeout.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// An HTTPS client that sends the same headers with each request.
#[derive(Clone)]
pub struct Client {
    tls: Arc<ClientConfig>,
    site: SocketAddr,
    address: Ipv4Addr,
    headers: String,
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// A connection from which a response can be read step by step.
pub type ResponseReader = BufReader<Tls>;

/// A TLS connection.
pub type Tls = StreamOwned<ClientConnection, TcpStream>;

impl Client {
    /// Returns a client at 127.0.0.`number`. The whole network 127.0.0.0/8 is this machine.
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

    /// Returns a copy of this client that sends one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        write!(client.headers, "{name}: {value}\r\n").unwrap();
        client
    }

    pub fn get(&self, path: &str) -> Response {
        read_to_end(self.send("GET", path, ""))
    }

    /// Sends a form.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        read_to_end(self.send("POST", path, &body))
    }

    /// Requests a response that does not end, and reads its head.
    pub fn open(&self, path: &str) -> (Response, ResponseReader) {
        let mut reader = self.send("GET", path, "");
        (read_head(&mut reader), reader)
    }

    /// Opens a WebSocket, as the site's own page does.
    pub fn websocket(&self) -> WebSocket<Tls> {
        let mut request = format!("wss://{HOST}/ws").into_client_request().unwrap();
        let origin = format!("https://{HOST}").parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let tls = self.connect(Arc::clone(&self.tls));
        tungstenite::client(request, tls).unwrap().0
    }

    /// Returns the protocol that nginx chooses from those that browsers offer.
    pub fn protocol(&self) -> String {
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut tls = self.connect(Arc::new(tls));
        tls.conn.complete_io(&mut tls.sock).unwrap();
        String::from_utf8(tls.conn.alpn_protocol().unwrap().to_vec()).unwrap()
    }

    /// Sends an HTTP/1.0 request, so that the response is not chunked, and nginx closes the
    /// connection after it.
    fn send(&self, method: &str, path: &str, body: &str) -> ResponseReader {
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
    pub fn poller(&self, path: &str) -> impl FnMut() -> Response + use<> {
        let request = format!(
            "GET {path} HTTP/1.0\r\nhost: {HOST}\r\nconnection: keep-alive\r\n{}\r\n",
            self.headers
        );
        let mut connection = BufReader::new(self.connect(Arc::clone(&self.tls)));
        move || {
            connection.get_mut().write_all(request.as_bytes()).unwrap();
            let mut response = read_head(&mut connection);
            let length = response.header("content-length").parse().unwrap();
            response.body = vec![0; length];
            connection.read_exact(&mut response.body).unwrap();
            response
        }
    }

    fn connect(&self, tls: Arc<ClientConfig>) -> Tls {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((self.address, 0)).into())
            .unwrap();
        socket.connect(&self.site.into()).unwrap();
        let socket = TcpStream::from(socket);
        socket.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        let tls = ClientConnection::new(tls, HOST.try_into().unwrap()).unwrap();
        StreamOwned::new(tls, socket)
    }
}

impl Response {
    /// Returns the first value of a header, or an empty string.
    pub fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(header, _)| header == name);
        found.next().map_or("", |(_, value)| value)
    }

    /// Returns all values of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let found = self.headers.iter().filter(|(header, _)| header == name);
        found.map(|(_, value)| &**value).collect()
    }

    /// Returns the status, and the status of nginx's cache, such as `200 HIT`.
    pub fn cache_result(&self) -> String {
        format!("{} {}", self.status, self.header("x-cache-status"))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

fn read_to_end(mut reader: ResponseReader) -> Response {
    let mut response = read_head(&mut reader);
    reader.read_to_end(&mut response.body).unwrap();
    response
}

fn read_head(reader: &mut impl BufRead) -> Response {
    let mut lines = reader.lines().map(Result::unwrap);
    let status = lines.next().unwrap();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        })
        .collect();
    Response {
        status: status.split(' ').nth(1).unwrap().parse().unwrap(),
        headers,
        body: Vec::new(),
    }
}
