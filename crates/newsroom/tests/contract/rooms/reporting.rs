//! Reports of messages by readers.

use newsroom::storage::Store;

use super::*;

on_every_database! {
    message_is_reported_once_by_each_person,
    reports_are_dismissed,
    reports_of_an_address_are_bounded,
    only_messages_that_readers_see_are_reported,
}

impl TestNewsroom {
    async fn reports(&self) -> Vec<(String, usize)> {
        let queue = self.moderation_queue(&self.editor, None).await.unwrap();
        let reported = queue.reported.iter();
        reported
            .map(|item| (item.text.to_string(), item.reports.len()))
            .collect()
    }
}

async fn message_is_reported_once_by_each_person(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Spam").await;
    let bob = newsroom.send("lobby", "bob", "Hello").await.guest.unwrap();
    let report = async |visitor: &Visitor, why: &str| {
        let id = sent.message.id;
        newsroom
            .report_message(name("lobby"), id, visitor, reason(why))
            .await
            .unwrap();
    };
    for visitor in [
        browser(&bob),
        member(&newsroom.reader),
        program("198.51.100.1"),
    ] {
        for why in ["It is spam", "again"] {
            report(&visitor, why).await;
        }
    }
    assert_eq!(newsroom.reports().await, [("Spam".to_owned(), 3)]);
    let queue = newsroom.moderation_queue(&newsroom.editor, None).await;
    let reports = &queue.unwrap().reported[0].reports;
    assert!(reports.iter().all(|it| it.reason.as_str() == "It is spam"));
    // Nothing that readers see has changed.
    assert_eq!(newsroom.room_texts("lobby").await, ["Spam", "Hello"]);
}

async fn reports_are_dismissed(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let id = newsroom.send("lobby", "ann", "Hello").await.message.id;
    let report = async |address: &str| {
        let visitor = program(address);
        newsroom
            .report_message(name("lobby"), id, &visitor, reason(""))
            .await
            .unwrap();
    };
    report("198.51.100.1").await;
    newsroom.act(ModerationAction::Dismiss(id)).await;
    assert_eq!(newsroom.reports().await, []);
    report("198.51.100.1").await;
    assert_eq!(newsroom.reports().await, []);
    report("198.51.100.2").await;
    assert_eq!(newsroom.reports().await.len(), 1);
    newsroom
        .act(ModerationAction::Delete(id, reason("rude")))
        .await;
    assert_eq!(newsroom.reports().await, []);
    assert_eq!(newsroom.room_texts("lobby").await, Vec::<String>::new());
}

async fn reports_of_an_address_are_bounded(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let visitor = program("198.51.100.1");
    for number in 0..21 {
        let sent = newsroom.send("lobby", "ann", "Hello").await;
        let id = sent.message.id;
        let reported = newsroom.report_message(name("lobby"), id, &visitor, reason(""));
        match number {
            20 => assert_refused!(reported.await, Error::Limited { seconds: 6, .. }),
            _ => reported.await.unwrap(),
        }
    }
    let store: Store = database.store().await;
    let end = newsroom.clock().now().plus_micros(1);
    store.delete_reports(end).await.unwrap();
    assert_eq!(newsroom.reports().await, []);
    store.close().await;
}

async fn only_messages_that_readers_see_are_reported(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let (id, ann) = (sent.message.id, browser(&sent.guest.unwrap()));
    let visitor = program("198.51.100.1");
    let elsewhere = newsroom.report_message(name("other"), id, &visitor, reason(""));
    assert_refused!(elsewhere.await, Error::NotFound("message"));
    let unknown = newsroom.report_message(name("none"), id, &visitor, reason(""));
    assert_refused!(unknown.await, Error::NotFound("room"));
    newsroom
        .delete_message(name("lobby"), id, &ann)
        .await
        .unwrap();
    let deleted = newsroom.report_message(name("lobby"), id, &visitor, reason(""));
    assert_refused!(deleted.await, Error::NotFound("message"));
}
