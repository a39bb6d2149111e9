//! Likes of updates, and their counts.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use domain::{Caller, Counts, EntryState, FeedId, OpId, UpdateId};
use newsroom::{Entry, EntryPatch, Error, GuestId, Liked, PersonId, Result, Visitor};

use super::support::{Database, Event, Stream, TestNewsroom, op_id, slug, with_timeout};

on_every_database! {
    each_voter_counts_once,
    account_and_guests_are_different_voters,
    repeated_first_like_has_one_voter,
    hidden_update_cannot_be_liked,
    likes_of_a_deleted_update_are_not_counted,
    like_changes_no_feed_and_no_page,
    changed_counts_are_sent_to_streams,
    counts_reach_readers_of_other_servers,
    stream_begins_with_the_position_of_its_counts,
    storm_is_counted_exactly,
    likes_with_and_without_a_slug_are_counted_exactly,
    likes_reach_an_update_under_a_previous_slug,
    operation_id_of_another_address_is_another_voter,
}

const ADDRESS: &str = "192.0.2.1";

/// Returns a reader who has the cookie of `guest`, if there is one.
fn reader(guest: Option<&GuestId>) -> Visitor {
    Visitor {
        caller: None,
        guest: guest.cloned(),
        address: ADDRESS.parse::<IpAddr>().unwrap(),
    }
}

fn member(caller: &Caller) -> Visitor {
    Visitor {
        caller: Some(caller.clone()),
        ..reader(None)
    }
}

impl TestNewsroom {
    async fn set(&self, entry: &Entry, id: UpdateId, by: &Visitor, liked: bool) -> Result<Liked> {
        self.set_like(Some(&entry.slug), id, by, liked, None).await
    }

    /// Likes an update as a new guest, and returns the guest with the cookie.
    async fn liked_by_guest(&self, entry: &Entry, id: UpdateId) -> Visitor {
        let liked = self.set(entry, id, &reader(None), true).await.unwrap();
        reader(liked.new_guest.as_ref())
    }

    async fn all_counts(&self, entry: &Entry) -> Counts {
        let feed = FeedId::Entry(entry.id);
        // Counts may be a second old.
        tokio::time::sleep(newsroom::MAX_COUNTS_AGE).await;
        self.counts(feed).await.unwrap()
    }
}

fn likes<const N: usize>(counts: [(UpdateId, i64); N]) -> BTreeMap<UpdateId, i64> {
    counts.into_iter().collect()
}

/// Waits until the counts of the stream's events contain `expected`.
async fn wait_for_likes(stream: &mut Stream, expected: (UpdateId, i64)) {
    let mut known = BTreeMap::new();
    while known.get(&expected.0) != Some(&expected.1) {
        if let Event::Counts(counts) = with_timeout(stream.next()).await {
            known.extend(counts.likes);
        }
    }
}

async fn each_voter_counts_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let first = newsroom.set(&entry, update, &reader(None), true).await;
    let first = first.unwrap();
    assert_eq!((first.likes, first.liked), (1, true));
    let guest = reader(first.new_guest.as_ref());
    for _ in 0..2 {
        let again = newsroom.set(&entry, update, &guest, true).await.unwrap();
        assert_eq!((again.likes, again.new_guest), (1, None));
    }
    let other = newsroom.set(&entry, update, &reader(None), true).await;
    assert_eq!(other.unwrap().likes, 2);
    for _ in 0..2 {
        let undone = newsroom.set(&entry, update, &guest, false).await.unwrap();
        assert_eq!((undone.likes, undone.liked), (1, false));
    }
    let voter = PersonId::of(None, guest.guest.as_ref());
    let seen = newsroom.like(&entry.slug, update, voter.as_ref()).await;
    assert_eq!(
        seen.unwrap(),
        Liked {
            id: update,
            likes: 1,
            liked: false,
            new_guest: None
        }
    );
}

async fn account_and_guests_are_different_voters(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let guest = newsroom.liked_by_guest(&entry, update).await;
    let author = member(&newsroom.author);
    let liked = newsroom.set(&entry, update, &author, true).await.unwrap();
    assert_eq!((liked.likes, liked.new_guest), (2, None));
    // Logged in, the cookie of the guest doesn't count.
    let both = Visitor {
        guest: guest.guest,
        ..author
    };
    let undone = newsroom.set(&entry, update, &both, false).await.unwrap();
    assert_eq!(undone.likes, 1);
}

async fn repeated_first_like_has_one_voter(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let op_id: OpId = op_id();
    let mut guests = Vec::new();
    for _ in 0..2 {
        let liked = newsroom
            .set_like(Some(&entry.slug), update, &reader(None), true, Some(&op_id))
            .await
            .unwrap();
        assert_eq!(liked.likes, 1);
        guests.push(liked.new_guest.unwrap());
    }
    assert_eq!(guests[0], guests[1]);
    let cookie = newsroom.guest_cookie(&guests[0]).await.unwrap();
    let known = newsroom.guest_of(&cookie).await.unwrap();
    assert_eq!(known.as_ref(), Some(&guests[0]));
}

async fn hidden_update_cannot_be_liked(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let hidden = newsroom.entry("hidden", EntryState::Draft).await;
    let of_draft = newsroom.post(&hidden, "Not yet").await.id;
    let deleted = newsroom.post(&entry, "Gone").await.id;
    newsroom
        .delete_update(&newsroom.author, deleted, None, None)
        .await
        .unwrap();
    let update = newsroom.post(&entry, "Goal!").await.id;
    for (slug, id) in [
        (entry.slug.clone(), deleted),
        (entry.slug.clone(), of_draft),
        (entry.slug.clone(), UpdateId(9_999)),
        (hidden.slug.clone(), of_draft),
        (hidden.slug.clone(), update),
        (slug("elsewhere"), update),
    ] {
        for voter in [reader(None), member(&newsroom.author)] {
            for liked in [true, false] {
                let refused = newsroom
                    .set_like(Some(&slug), id, &voter, liked, None)
                    .await;
                assert_refused!(refused, Error::NotFound("update" | "live blog"));
            }
        }
        assert_refused!(
            newsroom.like(&slug, id, None).await,
            Error::NotFound("update" | "live blog")
        );
    }
    let counts = newsroom.all_counts(&entry).await;
    assert_eq!((counts.from, counts.to, counts.likes), (0, 0, likes([])));
    let draft_counts = newsroom.counts(FeedId::Entry(hidden.id)).await;
    assert_refused!(draft_counts, Error::NotFound(_));
}

async fn likes_of_a_deleted_update_are_not_counted(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    newsroom.liked_by_guest(&entry, update).await;
    assert_eq!(
        newsroom.all_counts(&entry).await.likes,
        likes([(update, 1)])
    );
    newsroom
        .delete_update(&newsroom.author, update, None, None)
        .await
        .unwrap();
    assert_eq!(newsroom.all_counts(&entry).await.likes, likes([]));
    newsroom
        .restore_update(&newsroom.author, update, None)
        .await
        .unwrap();
    assert_eq!(
        newsroom.all_counts(&entry).await.likes,
        likes([(update, 1)])
    );
}

async fn like_changes_no_feed_and_no_page(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let feeds = [FeedId::Entry(entry.id), FeedId::All];
    let before = [
        newsroom.head(feeds[0]).await.unwrap().head,
        newsroom.head(feeds[1]).await.unwrap().head,
    ];
    for _ in 0..20 {
        newsroom.liked_by_guest(&entry, update).await;
    }
    for (feed, before) in feeds.into_iter().zip(before) {
        assert_eq!(newsroom.head(feed).await.unwrap().head, before);
        let changes = newsroom.changes_after(feed, before).await;
        assert!(changes.is_empty());
    }
}

async fn changed_counts_are_sent_to_streams(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let elsewhere = newsroom.post(&other, "Elsewhere").await.id;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), None);
    let guest = newsroom.liked_by_guest(&entry, update).await;
    newsroom.liked_by_guest(&other, elsewhere).await;
    newsroom.liked_by_guest(&entry, update).await;
    wait_for_likes(&mut stream, (update, 2)).await;
    newsroom.set(&entry, update, &guest, false).await.unwrap();
    let mut known = Vec::new();
    while known.last() != Some(&1) {
        let Event::Counts(counts) = with_timeout(stream.next()).await else {
            continue;
        };
        assert!(counts.likes.keys().all(|id| *id == update), "{counts:?}");
        assert!(counts.from < counts.to || counts.likes.is_empty());
        known.extend(counts.likes.values());
    }
}

async fn counts_reach_readers_of_other_servers(database: Database) {
    let (here, there) = TestNewsroom::pair_on(&database).await;
    let entry = here.live_entry().await;
    let update = here.post(&entry, "Goal!").await.id;
    there.head(FeedId::Entry(entry.id)).await.unwrap();
    let mut stream = Stream::open(&there.newsroom, FeedId::Entry(entry.id), None);
    let guest = here.liked_by_guest(&entry, update).await;
    wait_for_likes(&mut stream, (update, 1)).await;
    // The cookie holds at every server.
    let cookie = here.guest_cookie(guest.guest.as_ref().unwrap()).await;
    let known = there.guest_of(&cookie.unwrap()).await.unwrap();
    assert_eq!(known, guest.guest);
    let undone = there.set(&entry, update, &guest, false).await.unwrap();
    assert_eq!(undone.likes, 0);
    wait_for_likes(&mut stream, (update, 0)).await;
}

async fn stream_begins_with_the_position_of_its_counts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let feed = FeedId::Entry(entry.id);
    let mut first = Stream::open(&newsroom.newsroom, feed, None);
    newsroom.liked_by_guest(&entry, update).await;
    wait_for_likes(&mut first, (update, 1)).await;
    let mut second = Stream::open(&newsroom.newsroom, feed, None);
    let Event::Counts(counts) = with_timeout(Box::pin(second.next_event())).await else {
        panic!("no counts");
    };
    // A client whose counts are older than `from` requests all of them.
    let all = newsroom.all_counts(&entry).await;
    assert!(
        counts.from <= all.to && counts.to == all.to,
        "{counts:?} {all:?}"
    );
    assert_eq!(counts.likes, all.likes);
}

async fn storm_is_counted_exactly(database: Database) {
    const VOTERS: usize = 25;
    const ROUNDS: usize = 20;

    let newsroom = Arc::new(TestNewsroom::on(&database).await);
    let entry = newsroom.live_entry().await;
    let updates = [
        newsroom.post(&entry, "One").await.id,
        newsroom.post(&entry, "Two").await.id,
    ];
    let mut voters = Vec::new();
    for number in 0..VOTERS {
        let newsroom = Arc::clone(&newsroom);
        let entry = entry.clone();
        voters.push(tokio::spawn(async move {
            let voter = newsroom.liked_by_guest(&entry, updates[0]).await;
            let mut last = [true, false];
            for round in 0..ROUNDS {
                let which = (number + round) % 2;
                let liked = (number * 7 + round * 3) % 5 < 3;
                newsroom
                    .set(&entry, updates[which], &voter, liked)
                    .await
                    .unwrap();
                last[which] = liked;
            }
            last
        }));
    }
    let mut expected = [0, 0];
    for voter in voters {
        for (expected, liked) in expected.iter_mut().zip(voter.await.unwrap()) {
            *expected += i64::from(liked);
        }
    }
    let counts = newsroom.all_counts(&entry).await.likes;
    let counted = updates.map(|update| counts.get(&update).copied().unwrap_or(0));
    assert_eq!(counted, expected);
}

async fn likes_with_and_without_a_slug_are_counted_exactly(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let voters: Vec<_> = (0..60).map(|_| reader(Some(&GuestId::random()))).collect();
    for (liked, expected) in [(true, 60), (false, 0)] {
        let requests = voters.iter().enumerate().map(|(number, voter)| {
            // A WebSocket names the update alone.
            let slug = (number % 2 == 0).then_some(&entry.slug);
            newsroom.set_like(slug, update, voter, liked, None)
        });
        for result in futures::future::join_all(requests).await {
            result.unwrap();
        }
        let seen = newsroom.like(&entry.slug, update, None).await.unwrap();
        assert_eq!(seen.likes, expected);
    }
}

async fn likes_reach_an_update_under_a_previous_slug(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let other = newsroom.entry("other", EntryState::Live).await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let patch = EntryPatch {
        slug: Some(slug("the-final")),
        ..EntryPatch::default()
    };
    newsroom
        .patch_entry(&newsroom.author, &entry.slug, &patch, None)
        .await
        .unwrap();
    let liked = newsroom.set(&entry, update, &reader(None), true).await;
    assert_eq!(liked.unwrap().likes, 1);
    let seen = newsroom.like(&entry.slug, update, None).await.unwrap();
    assert_eq!(seen.likes, 1);
    let refused = newsroom.set(&other, update, &reader(None), true).await;
    assert_refused!(refused, Error::NotFound("update"));
}

async fn operation_id_of_another_address_is_another_voter(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let op_id = op_id();
    let mut guests = Vec::new();
    for address in [ADDRESS, "198.51.100.1"] {
        let visitor = Visitor {
            address: address.parse().unwrap(),
            ..reader(None)
        };
        let liked = newsroom
            .set_like(Some(&entry.slug), update, &visitor, true, Some(&op_id))
            .await
            .unwrap();
        guests.push(liked.new_guest.unwrap());
    }
    assert_ne!(guests[0], guests[1]);
    let seen = newsroom.like(&entry.slug, update, None).await.unwrap();
    assert_eq!(seen.likes, 2);
}
