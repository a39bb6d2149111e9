//! WebSocket connections that send but don't read.

use std::{io::Write, net::TcpStream};

use super::support::{Target, frame, is_closed, read_head, read_to_close, upgrade_request};

const TEXT: u8 = 1;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The number of bytes after which a client counts as not stopped: much more than all buffers on
/// the way hold.
const FLOOD: usize = 64 * 1024 * 1024;

fn open(target: &Target) -> TcpStream {
    let mut connection = target.connect(2).unwrap();
    connection.write_all(upgrade_request().as_bytes()).unwrap();
    let head = read_head(&mut connection).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    connection
}

/// Sends the same frames repeatedly, without reading, until the server closes the connection.
fn flood(connection: &mut TcpStream, frames: &[u8]) {
    let mut sent = 0;
    while sent < FLOOD {
        match connection.write(frames) {
            Ok(length) => sent += length,
            Err(error) if is_closed(&error) => return,
            Err(error) => panic!("after {sent} bytes: {error}"),
        }
    }
    panic!("the server accepted {sent} bytes");
}

#[test]
fn pings_of_a_client_that_reads_nothing_use_no_memory() {
    let target = Target::start(&[]);
    for opcode in [PING, PING, PONG] {
        let mut connection = open(&target);
        flood(&mut connection, &frame(opcode, &[b'x'; 125]).repeat(100));
    }
    target.assert_serves();
    target.assert_little_memory();
    target.assert_logged("WebSocket connections were closed");
}

#[test]
fn client_that_sends_too_much_is_closed_with_a_reason() {
    let target = Target::start(&[]);
    for (opcode, payload, count) in [
        (PING, "", 30),
        (PONG, "x", 30),
        (TEXT, r#"{"unsubscribe": "all"}"#, 310),
    ] {
        let mut connection = open(&target);
        let frames = frame(opcode, payload.as_bytes()).repeat(count);
        connection.write_all(&frames).unwrap();
        let received = read_to_close(&mut connection);
        assert!(received.contains("sent in 15 seconds"), "{received:?}");
    }
    target.assert_serves();
    target.assert_logged("WebSocket connections were closed");
}
