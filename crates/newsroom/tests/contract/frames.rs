//! The bytes of batches and cards: their content, and that they are made once.

use domain::{Change, FeedId};

use super::support::{Database, TestNewsroom, batch, card, draft};

on_every_database! {
    batch_is_encoded_as_an_sse_event,
    equal_requests_share_one_encoded_batch,
    card_is_rendered_once_for_each_revision,
}

async fn batch_is_encoded_as_an_sse_event(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "\"Goal\"\n\nfor us").await;
    let frame = newsroom
        .changes(FeedId::Entry(entry.id), None)
        .await
        .unwrap();
    let event = String::from_utf8(frame.event().text().to_vec()).unwrap();
    let epoch = newsroom.head(FeedId::All).await.unwrap().epoch;
    // Both databases have the same result, and may run in one process.
    insta::allow_duplicates! {
    insta::assert_snapshot!(event.replace(epoch.as_str(), "EPOCH"), @r#"
    id: EPOCH.2
    event: batch
    data: {"epoch":"EPOCH","from":0,"to":2,"head":2,"more":false,"changes":[{"id":1,"rev":2,"entry_id":1,"posted_at":1795266300000000,"html":"<article id=\"update-1\"><p dir=\"auto\">\"Goal\"</p>\n<p dir=\"auto\">for us</p></article>"}],"entry":{"id":1,"rev":1,"state":"live","title":"final","since":"Since 21 November 2026, 13:05 UTC","since_html":"Since 21 November 2026, 13:05 UTC","slug":"final","summary":"","time_zone":"UTC","language":"en","default_order":"oldest","article":""}}
    "#);
    }
    assert!(
        event.ends_with("}\n\n") && event.lines().count() == 4,
        "{event:?}"
    );
    let json = frame.json();
    assert!(event.contains(&format!("data: {}\n\n", str::from_utf8(&json).unwrap())));
}

async fn equal_requests_share_one_encoded_batch(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.post(&entry, "a").await;
    let feed = FeedId::Entry(entry.id);
    let fetch = async || newsroom.changes(feed, None).await.unwrap().json();
    let (first, second) = (fetch().await, fetch().await);
    assert_eq!(
        first.as_ptr(),
        second.as_ptr(),
        "the batch was encoded twice"
    );
    newsroom.post(&entry, "b").await;
    assert_ne!(fetch().await, first, "an outdated batch was returned");
}

async fn card_is_rendered_once_for_each_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let id = newsroom.post(&entry, "one").await.id;
    let check_card = async |text: &str| {
        let card = card(id, text);
        let page = newsroom.entry_page(&entry.slug).await.unwrap();
        assert_eq!(*newsroom.cards().card(&page.entry, &page.updates[0]), *card);
        for feed in [FeedId::Entry(entry.id), FeedId::All] {
            let everything = batch(&newsroom.changes(feed, None).await.unwrap());
            let Change::Upserted(update) = &everything.changes[0] else {
                panic!()
            };
            assert_eq!(update.html, card);
        }
    };
    check_card("one").await;
    assert_eq!(newsroom.rendered_cards(), 1);
    newsroom
        .edit_update(&newsroom.author, id, &draft("two"), None, None)
        .await
        .unwrap();
    check_card("two").await;
    assert_eq!(newsroom.rendered_cards(), 2);
}
