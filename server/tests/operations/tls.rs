//! The work that nginx does for Ringside: TLS, HTTP/2, and refusing requests that are too long.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{client::HOST, site::Site};

#[test]
fn page_is_served_over_https() {
    let site = Site::start();
    let client = site.client();
    assert_eq!(client.protocol(), "h2");
    let page = client.get("/entries/final");
    assert_eq!(page.cache_result(), "200 MISS");
    assert!(page.text().contains("<h1"), "{}", page.text());
    assert_eq!(page.header("strict-transport-security"), "max-age=31536000");
    assert!(!page.header("content-security-policy").is_empty());
}

#[test]
fn plain_http_redirects_to_https() {
    let site = Site::start();
    let mut connection = TcpStream::connect(site.nginx.http).unwrap();
    let request = format!("GET /entries/final?order=latest HTTP/1.0\r\nhost: {HOST}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    connection.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 308 "), "{response}");
    let location = "\r\nLocation: https://live.example.org/entries/final?order=latest\r\n";
    assert!(response.contains(location), "{response}");
}

#[test]
fn ringside_refuses_a_long_body_and_nginx_a_very_long_one() {
    let site = Site::start();
    let send = |bytes| {
        let text = "x".repeat(bytes);
        site.client().post("/login", &[("username", &text)])
    };
    let refused = send(5 << 20);
    assert_eq!(refused.status, 413);
    assert!(refused.text().starts_with("This is larger than the 16 KiB"));
    let refused = send(17 << 20);
    assert_eq!(refused.status, 413);
    assert!(refused.text().contains("<center>nginx</center>"));
}
