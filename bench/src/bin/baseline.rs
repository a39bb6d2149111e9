//! The least that a server can do for many readers: one `write` of the same bytes to each. What Ringside's
//! fan-out is measured beside.
//!
//! `GET` opens a stream, `POST` sends its body to all of them. It prints the port that it serves on the
//! loopback address, and is good for nothing else.

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

type Readers = Arc<Mutex<Vec<TcpStream>>>;

fn main() -> io::Result<()> {
    // Every reader is an open file, and systems begin with a thousand or so.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let listener = listen()?;
    println!("{}", listener.local_addr()?.port());
    let readers = Readers::default();
    for connection in listener.incoming() {
        let connection = connection?;
        let readers = Arc::clone(&readers);
        thread::spawn(move || serve(connection, &readers));
    }
    Ok(())
}

fn listen() -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    // As many may wait to be let in as with Ringside.
    socket.listen(4_096)?;
    Ok(socket.into())
}

/// Serves a publisher until they go; a reader's connection is only put to the others.
fn serve(connection: TcpStream, readers: &Readers) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut connection = BufReader::new(connection);
    let Some(mut body) = request(&mut connection)? else {
        let mut stream = connection.into_inner();
        stream.write_all(STREAM)?;
        stream.set_nonblocking(true)?;
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.push(stream);
        return Ok(());
    };
    loop {
        let event = [b"data: ", &*body, b"\n\n"].concat();
        let mut readers = readers.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever is gone or full gets nothing: this is a baseline.
        readers.retain_mut(|reader| {
            let written = reader.write(&event);
            !matches!(written, Err(error) if error.kind() != io::ErrorKind::WouldBlock)
        });
        drop(readers);
        connection.get_mut().write_all(PUBLISHED)?;
        body = request(&mut connection)?.unwrap_or_default();
    }
}

/// The body of what is asked next; `None` if it has none, and so asks for a stream.
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
