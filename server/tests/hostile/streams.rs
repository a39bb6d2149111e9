//! Streams that are opened but not read.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::support::{CONNECTIONS_PER_ADDRESS, Target, read_head};

/// The number of streams that the server allows: all connections except those reserved for
/// requests.
const STREAMS: usize = CONNECTIONS_PER_ADDRESS;

/// Opens a stream from 127.0.0.`number`, with a small buffer. Returns the connection and the head
/// of the response.
fn open(target: &Target, number: u8, path: &str) -> (TcpStream, String) {
    let mut connection = target.connect_with_buffer(number, Some(4_096)).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let head = read_head(&mut connection).unwrap();
    (connection, head)
}

#[test]
fn unread_streams_are_closed_and_do_not_delay_other_clients() {
    let target = Target::start(&[]);
    let slow: Vec<_> = (0..200)
        .map(|_| open(&target, 2, "/feed/1/stream").0)
        .collect();
    let (mut other, _) = open(&target, 3, "/feed/1/stream");
    for n in 0..40 {
        target.post(&format!("No. {n}. {}", "word ".repeat(2_000)));
        let mut received = String::new();
        let mut buffer = [0; 4_096];
        while !received.contains(&format!("No. {n}.")) {
            let length = other.read(&mut buffer).unwrap();
            assert_ne!(length, 0, "the stream ended");
            received.push_str(&String::from_utf8_lossy(&buffer[..length]));
        }
    }
    target.assert_serves();
    target.await_log("streams were closed because their clients do not read");
    target.assert_serves();
    target.assert_logged("streams were closed because their clients do not read");
    target.assert_little_memory();
    drop(slow);
}

#[test]
fn maximum_number_of_streams_leaves_room_for_requests() {
    let target = Target::start(&[]);
    let addresses = [2, 3, 4, 5].into_iter().cycle();
    let streams: Vec<_> = addresses
        .take(STREAMS)
        .map(|number| {
            let (connection, head) = open(&target, number, "/feed/all/stream");
            assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
            connection
        })
        .collect();
    for _ in 0..10 {
        let refused = target
            .request(9, "GET", "/feed/all/stream", "", "")
            .unwrap();
        assert_eq!(refused.status, 503, "{}", refused.text);
        assert!(refused.text.contains("retry-after: 30"), "{}", refused.text);
    }
    target.assert_serves();
    target.assert_logged("streams were refused");
    target.assert_logged("limits are lower than set");
    target.assert_little_memory();
    drop(streams);
    target.assert_serves();
}
