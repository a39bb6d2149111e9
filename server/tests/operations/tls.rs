//! What nginx takes from Ringside's shoulders: TLS, HTTP/2, and requests that are too long.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{reader::HOST, site::Site};

#[test]
fn a_page_is_read_over_https() {
    let site = Site::start();
    let reader = site.reader();
    assert_eq!(reader.protocol(), "h2");
    let page = reader.get("/entries/final");
    assert_eq!(page.cached(), "200 MISS");
    assert!(page.text().contains("<h1"), "{}", page.text());
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    assert!(!page.header("content-security-policy").is_empty());
}

#[test]
fn plain_http_leads_to_https() {
    let site = Site::start();
    let mut connection = TcpStream::connect(site.nginx.http).unwrap();
    let request = format!("GET /entries/final?order=latest HTTP/1.0\r\nhost: {HOST}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
    let location = "\r\nLocation: https://live.example.org/entries/final?order=latest\r\n";
    assert!(answer.contains(location), "{answer}");
}

#[test]
fn what_is_too_long_is_told_in_ringsides_words_unless_it_is_far_too_long() {
    let site = Site::start();
    let send = |bytes| {
        let text = "x".repeat(bytes);
        site.reader().post("/login", &[("username", &text)])
    };
    let refused = send(5 << 20);
    assert_eq!(refused.status, 413);
    assert!(refused.text().starts_with("This is larger than the 16 KiB"));
    let refused = send(17 << 20);
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("<center>nginx</center>"));
}
