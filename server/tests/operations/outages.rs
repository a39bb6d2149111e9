//! A server that is slow, or gone.

use std::{sync::mpsc, thread};

use super::site::{Site, soon};

#[test]
fn one_reader_waits_for_the_new_page_and_the_others_have_the_old_one() {
    let site = Site::start();
    let page = site.reader().get("/entries/final").body;
    site.server.signal("STOP");
    let (answered, answers) = mpsc::channel();
    for _ in 0..2 {
        let (reader, answered) = (site.reader(), answered.clone());
        thread::spawn(move || {
            let fresh = |cached: &str| cached == "200 HIT";
            let answer = soon(
                || reader.get("/entries/final"),
                |answer| !fresh(&answer.cached()),
            );
            // The test may have failed already.
            let _ = answered.send(answer);
        });
    }
    let first = answers.recv().unwrap();
    assert_eq!(first.cached(), "200 UPDATING");
    assert_eq!(first.body, page);
    site.server.signal("CONT");
    let second = answers.recv().unwrap();
    assert_eq!(second.cached(), "200 REVALIDATED");
    assert_eq!(second.body, page);
}

#[test]
fn while_the_server_is_away_pages_are_old_and_polls_fail() {
    let site = Site::start();
    let reader = site.reader();
    let pages = ["/", "/entries/final", "/updates/1.json"];
    let before = pages.map(|path| reader.get(path).body);
    assert_eq!(reader.get("/feed/1/head").status, 200);
    site.server.terminate();
    for (path, before) in pages.into_iter().zip(before) {
        let page = soon(|| reader.get(path), |answer| answer.cached() != "200 HIT");
        assert_eq!(page.cached(), "200 STALE", "{path}");
        assert_eq!(page.body, before, "{path}");
    }
    soon(|| reader.get("/feed/1/head"), |answer| answer.status == 502);
    assert_eq!(reader.get("/feed/1/stream").status, 502);
    assert_eq!(reader.get("/desk").status, 502);
}
