//! The baseline for Ringside's fan-out: the minimum that a server can do for many clients, one
//! `write` of the same bytes to each.
//!
//! `GET` opens a stream, and `POST` sends its body to all streams. The program prints the port that
//! it listens on at the loopback address. It is of no other use.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use socket2::{Domain, Socket, Type};

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\r\n:\n\n";
const PUBLISHED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

type Clients = Arc<Mutex<Vec<TcpStream>>>;

fn main() -> io::Result<()> {
    // Each client is an open file, and systems often have a default limit of about a thousand.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let listener = listen()?;
    println!("{}", listener.local_addr()?.port());
    let clients = Clients::default();
    for connection in listener.incoming() {
        let connection = connection?;
        let clients = Arc::clone(&clients);
        thread::spawn(move || serve(connection, &clients));
    }
    Ok(())
}

fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    // The same backlog of connections as Ringside's.
    socket.listen(4_096)?;
    Ok(socket.into())
}

/// Serves a publisher until it disconnects. A client's connection is only added to the others.
fn serve(connection: TcpStream, clients: &Clients) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut connection = BufReader::new(connection);
    let Some(mut body) = request(&mut connection)? else {
        let mut stream = connection.into_inner();
        stream.write_all(STREAM)?;
        stream.set_nonblocking(true)?;
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.push(stream);
        return Ok(());
    };
    loop {
        let event = [b"data: ", &*body, b"\n\n"].concat();
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        // A client with a full buffer misses the event, and a closed one is removed: this is a
        // baseline.
        clients.retain_mut(|client| {
            let written = client.write(&event);
            !matches!(written, Err(error) if error.kind() != io::ErrorKind::WouldBlock)
        });
        drop(clients);
        connection.get_mut().write_all(PUBLISHED)?;
        body = request(&mut connection)?.unwrap_or_default();
    }
}

/// Reads a request. Returns its body, or `None` if it has none and so opens a stream.
fn request(connection: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let Some(length) = length else {
        return Ok(None);
    };
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Some(body))
}
