//! A newsroom that is open and followed, with somebody of every role in it.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{
    Batch, Caller, Draft, EntryState, OpId, Order, PostedUpdate, Rev, Role, Slug, UpdateId,
    Username,
};
use newsroom::{
    Clock, DeskEntryDetail, Entry, Error, LiveUpdate, ManualClock, NewEntry, Newsroom, Options,
    ShownUpdate, UpdatePage, live::FeedId, storage::Store,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Database, batch};

/// An open newsroom, its clock, and a caller of every role.
pub struct TestNewsroom {
    /// The newsroom, to be handed to tasks.
    pub newsroom: Arc<Newsroom>,
    /// Moves the clock.
    pub hand: ManualClock,
    /// May do everything.
    pub owner: Caller,
    /// May change what others posted.
    pub editor: Caller,
    /// May change what they posted.
    pub author: Caller,
    /// May read.
    pub reader: Caller,
    cards_made: Arc<AtomicUsize>,
    stop: DropGuard,
}

impl TestNewsroom {
    /// Opens a newsroom on `database` and follows it. Two on the same database know the same
    /// people, as two servers would.
    pub async fn on(database: &Database) -> Self {
        let (options, hand) = database.options();
        Self::on_options(database, options, hand).await
    }

    /// The same, with a clock of one's own.
    pub async fn on_options(database: &Database, mut options: Options, hand: ManualClock) -> Self {
        let cards_made = Arc::new(AtomicUsize::new(0));
        let (render, count) = (options.render.card, Arc::clone(&cards_made));
        options.render.card = Arc::new(move |entry, update| {
            count.fetch_add(1, Ordering::Relaxed);
            render(entry, update)
        });
        let clock = options.clock.clone();
        let newsroom = Newsroom::open(options).await.unwrap();
        let store = database.store().await;
        let stop = CancellationToken::new();
        newsroom.follow(stop.clone()).await.unwrap();
        let newsroom = Self {
            owner: person(&store, &clock, Role::Owner).await,
            editor: person(&store, &clock, Role::Editor).await,
            author: person(&store, &clock, Role::Author).await,
            reader: person(&store, &clock, Role::Reader).await,
            newsroom,
            hand,
            cards_made,
            stop: stop.drop_guard(),
        };
        store.close().await;
        newsroom
    }

    /// Two servers on `database`.
    pub async fn pair_on(database: &Database) -> (Self, Self) {
        (Self::on(database).await, Self::on(database).await)
    }

    /// Stops following, and closes the database.
    pub async fn shut_down(self) {
        drop(self.stop);
        self.newsroom.close().await;
    }

    /// A new entry, titled as it is addressed.
    pub async fn entry(&self, address: &str, state: EntryState) -> Entry {
        let new = NewEntry::parse(address, address, "", "", state, Order::Oldest).unwrap();
        self.create_entry(None, &new).await.unwrap()
    }

    /// An entry that is under way.
    pub async fn live_entry(&self) -> Entry {
        self.entry("final", EntryState::Live).await
    }

    /// Posts `text` as the author.
    pub async fn post(&self, entry: &Entry, text: &str) -> PostedUpdate {
        self.post_as(&self.author, entry, text).await
    }

    /// Posts `text` as `caller`.
    pub async fn post_as(&self, caller: &Caller, entry: &Entry, text: &str) -> PostedUpdate {
        self.post_update(caller, &entry.slug, &op_id(), &draft(text), Duration::ZERO)
            .await
            .unwrap()
    }

    /// An entry's page on the desk, a draft's too.
    pub async fn desk_page(&self, slug: &Slug) -> DeskEntryDetail {
        self.desk_entry(&self.owner, slug).await.unwrap()
    }

    /// An update as its own page shows it, and its entry.
    pub async fn update_page(
        &self,
        slug: &Slug,
        id: UpdateId,
    ) -> newsroom::Result<(Entry, LiveUpdate)> {
        match self.newsroom.update_page(slug, id).await? {
            UpdatePage::Shown(shown) => {
                let ShownUpdate { entry, update, .. } = *shown;
                Ok((entry, update))
            }
            UpdatePage::Removed(_) => Err(Error::Removed),
        }
    }

    /// What the updates on an entry's public page say, oldest first.
    pub async fn texts(&self, entry: &Entry) -> Vec<String> {
        let page = self.entry_page(&entry.slug).await.unwrap();
        page.updates.into_iter().map(|u| u.source.clone()).collect()
    }

    /// The last revision of an entry's feed.
    pub async fn feed_head(&self, entry: &Entry) -> Rev {
        self.head(FeedId::Entry(entry.id)).await.unwrap().head
    }

    /// All that changed in a feed after `rev`.
    pub async fn changes_after(&self, feed: FeedId, rev: Rev) -> Batch {
        let since = domain::Cursor::new(self.hub().head(feed).unwrap().epoch, rev);
        batch(&self.changes(feed, Some(since)).await.unwrap())
    }

    /// How often the renderer was asked for a card.
    pub fn cards_made(&self) -> usize {
        self.cards_made.load(Ordering::Relaxed)
    }
}

impl Deref for TestNewsroom {
    type Target = Newsroom;

    fn deref(&self) -> &Newsroom {
        &self.newsroom
    }
}

/// Somebody of `role`, named for it. No password opens the account: hashing one takes long, and
/// the tests of logging in make their own.
async fn person(store: &Store, clock: &Clock, role: Role) -> Caller {
    let username = Username::parse(role.as_str()).unwrap();
    let mut snapshot = store.snapshot().await.unwrap();
    match snapshot.account_by_name(&username).await.unwrap() {
        Some(account) => account.caller,
        None => store
            .add_account(&username, role, "none", clock.now(), false)
            .await
            .unwrap(),
    }
}

/// The card of an update that says `text`.
pub fn card(id: UpdateId, text: &str) -> String {
    format!(r#"<article id="update-{id}"><p dir="auto">{text}</p></article>"#)
}

/// A draft that says `text`.
pub fn draft(text: &str) -> Draft {
    Draft::parse(text, "").unwrap()
}

/// An operation's name that was never used.
pub fn op_id() -> OpId {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    OpId::parse(&format!("operation-{number}")).unwrap()
}

/// The address `text`.
pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}
