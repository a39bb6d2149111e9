//! Connections that occupy the server without using it.

use std::{io::Write, net::TcpStream};

use super::support::{
    CONNECTIONS, CONNECTIONS_PER_ADDRESS, FILES, Target, eventually, is_closed, read_head,
    read_to_close,
};

/// Counts the connections that are still open.
fn still_open(connections: &mut [TcpStream]) -> usize {
    let is_open = |connection: &&mut TcpStream| {
        connection.set_nonblocking(true).unwrap();
        match connection.peek(&mut [0]) {
            Ok(read) => read > 0,
            Err(error) => !is_closed(&error),
        }
    };
    connections.iter_mut().filter(is_open).count()
}

#[test]
fn silent_connections_do_not_block_other_clients_and_are_closed() {
    let target = Target::start(&[]);
    // More connections than the server has file descriptors, but no more from each address than
    // allowed.
    let addresses = [2, 3, 4, 5].into_iter().cycle();
    let mut silent: Vec<_> = addresses
        .take(1_100)
        .filter_map(|number| target.connect(number).ok())
        .collect();
    assert!(silent.len() > CONNECTIONS);
    target.assert_serves();
    assert!(still_open(&mut silent) <= CONNECTIONS);
    eventually("all connections are closed", || {
        still_open(&mut silent) == 0
    });
    target.assert_serves();
    target.assert_logged("had sent no request");
    target.assert_little_memory();
}

#[test]
fn connection_without_a_complete_request_head_is_closed() {
    let target = Target::start(&[]);
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    // An empty SETTINGS frame (RFC 9113, section 6.5).
    let settings = format!("{preface}\0\0\0\u{4}\0\0\0\0\0");
    let waiting: Vec<_> = [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        preface,
        &settings,
        "\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nx: y",
    ]
    .into_iter()
    .map(|sent| {
        let mut connection = target.connect(2).unwrap();
        connection.write_all(sent.as_bytes()).unwrap();
        (sent, connection)
    })
    .collect();
    for (sent, mut connection) in waiting {
        let response = read_to_close(&mut connection);
        assert!(!response.contains(" 200 "), "{response} to {sent:?}");
    }
    target.assert_serves();
    target.assert_logged("had sent no request");
}

#[test]
fn request_head_that_is_too_long_is_refused() {
    let target = Target::start(&[]);
    let mut connection = target.connect(2).unwrap();
    let cookie = "x".repeat(1_000_000);
    // The server does not have to read all of it.
    let _ = write!(
        connection,
        "GET / HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n"
    );
    let response = read_to_close(&mut connection);
    assert!(
        response.is_empty() || response.contains(" 431 "),
        "{response}"
    );
    target.assert_serves();
}

#[test]
fn connections_of_one_address_leave_room_for_others() {
    let target = Target::start(&[]);
    let mut flood: Vec<_> = (0..900).filter_map(|_| target.connect(2).ok()).collect();
    eventually("those above the limit are closed", || {
        still_open(&mut flood) <= CONNECTIONS_PER_ADDRESS
    });
    target.assert_serves();
    target.assert_logged("RINGSIDE_MAX_CONNECTIONS_PER_ADDRESS are open from one address");
    // Closed connections make room for new ones.
    drop(flood);
    eventually("the address is served again", || {
        let response = target.request(2, "GET", "/healthz", "", "");
        response.is_ok_and(|response| response.status == 200)
    });
}

#[test]
fn connections_with_a_request_are_limited_too() {
    let target = Target::start(&["--max-connections", "40"]);
    let mut open = Vec::new();
    for number in [2, 3, 4, 5].into_iter().cycle().take(60) {
        if let Ok(mut connection) = target.connect(number)
            && connection
                .write_all(b"GET /feed/1/stream HTTP/1.1\r\nhost: x\r\n\r\n")
                .is_ok()
        {
            open.push(connection);
        }
    }
    target.assert_serves();
    drop(open);
    target.assert_serves();
}

#[test]
fn connections_wait_while_the_server_has_no_file_descriptors() {
    let target = Target::start(&[]);
    target.assert_serves();
    target.limit_files(1);
    let mut waiting = connect_from_all(&target);
    for connection in &mut waiting {
        connection
            .write_all(b"GET /healthz HTTP/1.0\r\nhost: x\r\n\r\n")
            .unwrap();
    }
    target.await_log("connections can't be accepted");
    target.limit_files(FILES);
    for connection in &mut waiting {
        let response = read_to_close(connection);
        assert!(response.contains(" 200 "), "{response}");
    }
    target.assert_serves();
    target.assert_logged("connections can't be accepted");
}

#[test]
fn silent_connections_are_closed_when_the_server_runs_out_of_file_descriptors() {
    let target = Target::start(&[]);
    let mut silent = connect_from_all(&target);
    // Connections are accepted in order, so a later request shows that all are accepted.
    target.assert_serves();
    target.limit_to_open_sockets();
    let mut streams = connect_from_all(&target);
    for stream in &mut streams {
        stream
            .write_all(b"GET /feed/1/stream HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
    }
    for stream in &mut streams {
        let head = read_head(stream).unwrap();
        assert!(head.contains(" 200 "), "{head}");
    }
    assert!(still_open(&mut silent) < silent.len());
    target.assert_logged("connections can't be accepted");
}

/// Connects once from each of sixty addresses.
fn connect_from_all(target: &Target) -> Vec<TcpStream> {
    let connect = |number| target.connect(number).unwrap();
    (2..62).map(connect).collect()
}
