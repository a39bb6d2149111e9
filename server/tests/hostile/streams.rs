//! Streams that are opened, and not read.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::support::{CONNECTIONS_PER_ADDRESS, Target, read_head};

/// How many streams the server has room for: all connections but those that are left to requests.
const STREAMS: usize = CONNECTIONS_PER_ADDRESS;

/// Opens a stream from 127.0.0.`number`, with a small buffer. Returns the head of the answer, too.
fn open(target: &Target, number: u8, path: &str) -> (TcpStream, String) {
    let mut connection = target.connect_with_buffer(number, Some(4_096)).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let head = read_head(&mut connection).unwrap();
    (connection, head)
}

#[test]
fn streams_that_are_not_read_are_closed_and_hold_up_nobody() {
    let target = Target::start(&[]);
    let slow: Vec<_> = (0..200)
        .map(|_| open(&target, 2, "/feed/1/stream").0)
        .collect();
    let (mut busy, _) = open(&target, 3, "/feed/1/stream");
    for n in 0..40 {
        target.post(&format!("No. {n}. {}", "word ".repeat(2_000)));
        let mut came = String::new();
        let mut piece = [0; 4_096];
        while !came.contains(&format!("No. {n}.")) {
            let length = busy.read(&mut piece).unwrap();
            assert_ne!(length, 0, "the stream ended");
            came.push_str(&String::from_utf8_lossy(&piece[..length]));
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
fn as_many_streams_as_files_allow_leave_room_for_requests() {
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
