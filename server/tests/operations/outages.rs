//! nginx in front of a server that hangs or is down.

use std::{sync::mpsc, thread};

use super::site::{Site, poll_until};

#[test]
fn one_client_waits_for_the_new_page_and_the_others_get_the_old_one() {
    let site = Site::start();
    let page = site.client().get("/entries/final").body;
    site.server.signal("STOP");
    let (sender, receiver) = mpsc::channel();
    for _ in 0..2 {
        let (client, sender) = (site.client(), sender.clone());
        thread::spawn(move || {
            let response = poll_until(
                || client.get("/entries/final"),
                |response| response.cache_result() != "200 HIT",
            );
            // The test may have failed already.
            let _ = sender.send(response);
        });
    }
    let first = receiver.recv().unwrap();
    assert_eq!(first.cache_result(), "200 UPDATING");
    assert_eq!(first.body, page);
    site.server.signal("CONT");
    let second = receiver.recv().unwrap();
    assert_eq!(second.cache_result(), "200 REVALIDATED");
    assert_eq!(second.body, page);
}

#[test]
fn pages_are_stale_and_polls_fail_while_the_server_is_down() {
    let site = Site::start();
    let client = site.client();
    let pages = ["/", "/entries/final", "/updates/1.json"];
    let before = pages.map(|path| client.get(path).body);
    assert_eq!(client.get("/feed/1/head").status, 200);
    site.server.terminate();
    for (path, before) in pages.into_iter().zip(before) {
        let page = poll_until(
            || client.get(path),
            |response| response.cache_result() != "200 HIT",
        );
        assert_eq!(page.cache_result(), "200 STALE", "{path}");
        assert_eq!(page.body, before, "{path}");
    }
    poll_until(
        || client.get("/feed/1/head"),
        |response| response.status == 502,
    );
    assert_eq!(client.get("/feed/1/stream").status, 502);
    assert_eq!(client.get("/desk").status, 502);
}
