//! A newsroom that follows its database, with an account of every role.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use domain::{
    Batch, Caller, Draft, EntryState, FeedId, OpId, Order, PostedUpdate, Rev, Role, Slug, UpdateId,
    Username,
};
use newsroom::{
    Clock, DeskEntryDetail, Entry, Error, LiveUpdate, ManualClock, NewEntry, Newsroom, Options,
    ShownUpdate, UpdatePage, storage::Store,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{BeforeCard, Database, batch};

/// An open newsroom, its clock, and a caller of every role.
pub struct TestNewsroom {
    /// The newsroom, in a form that can be moved into tasks.
    pub newsroom: Arc<Newsroom>,
    /// The newsroom's clock.
    pub manual_clock: ManualClock,
    /// The caller with the role owner.
    pub owner: Caller,
    /// The caller with the role editor.
    pub editor: Caller,
    /// The caller with the role author.
    pub author: Caller,
    /// The caller with the role reader.
    pub reader: Caller,
    rendered_cards: Arc<AtomicUsize>,
    stop: DropGuard,
}

impl TestNewsroom {
    /// Opens a newsroom on `database` and follows it. Two newsrooms on one database share their
    /// accounts, as two servers do.
    pub async fn on(database: &Database) -> Self {
        let (options, manual_clock) = database.options();
        Self::on_options(database, options, manual_clock).await
    }

    /// Opens and follows a newsroom with the given options and clock.
    pub async fn on_options(
        database: &Database,
        mut options: Options,
        manual_clock: ManualClock,
    ) -> Self {
        let rendered_cards = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&rendered_cards);
        options.render = Arc::new(BeforeCard {
            render: options.render,
            before: move |_: &LiveUpdate| {
                count.fetch_add(1, Ordering::Relaxed);
            },
        });
        let clock = options.clock.clone();
        let newsroom = Newsroom::open(options).await.unwrap();
        let store = database.store().await;
        let stop = CancellationToken::new();
        newsroom.follow(stop.clone()).await.unwrap();
        let newsroom = Self {
            owner: account(&store, &clock, Role::Owner).await,
            editor: account(&store, &clock, Role::Editor).await,
            author: account(&store, &clock, Role::Author).await,
            reader: account(&store, &clock, Role::Reader).await,
            newsroom,
            manual_clock,
            rendered_cards,
            stop: stop.drop_guard(),
        };
        store.close().await;
        newsroom
    }

    /// Opens two newsrooms on `database`, as two servers do.
    pub async fn pair_on(database: &Database) -> (Self, Self) {
        (Self::on(database).await, Self::on(database).await)
    }

    /// Stops following, and closes the database.
    pub async fn shut_down(self) {
        drop(self.stop);
        self.newsroom.close().await;
    }

    /// Creates an entry with the slug `slug`, which is also its title.
    pub async fn entry(&self, slug: &str, state: EntryState) -> Entry {
        let new = NewEntry::parse(slug, slug, "", "", state, Order::Oldest).unwrap();
        self.create_entry(None, &new).await.unwrap()
    }

    /// Creates the live entry `final`.
    pub async fn live_entry(&self) -> Entry {
        self.entry("final", EntryState::Live).await
    }

    /// Posts `text` as the author.
    pub async fn post(&self, entry: &Entry, text: &str) -> PostedUpdate {
        self.post_as(&self.author, entry, text).await
    }

    /// Posts `text` as `caller`.
    pub async fn post_as(&self, caller: &Caller, entry: &Entry, text: &str) -> PostedUpdate {
        self.post_update(caller, &entry.slug, &op_id(), &draft(text), None)
            .await
            .unwrap()
    }

    /// Returns an entry's desk page, also of a draft.
    pub async fn desk_page(&self, slug: &Slug) -> DeskEntryDetail {
        self.desk_entry(&self.owner, slug).await.unwrap()
    }

    /// Returns an update as its own page shows it, with its entry.
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

    /// Returns the texts of the updates on an entry's public page, oldest first.
    pub async fn texts(&self, entry: &Entry) -> Vec<String> {
        let page = self.entry_page(&entry.slug).await.unwrap();
        page.updates.iter().map(|update| text(update)).collect()
    }

    /// Returns the text of an update as its author wrote it.
    pub async fn source(&self, id: UpdateId) -> String {
        let (_, editable) = self.editable_update(&self.owner, id).await.unwrap();
        editable.source
    }

    /// Returns the last revision of an entry's feed.
    pub async fn feed_head(&self, entry: &Entry) -> Rev {
        self.head(FeedId::Entry(entry.id)).await.unwrap().head
    }

    /// Returns all changes in a feed after `rev`.
    pub async fn changes_after(&self, feed: FeedId, rev: Rev) -> Batch {
        let since = domain::Cursor::new(self.hub().head(feed).unwrap().epoch, rev);
        batch(&self.changes(feed, Some(since)).await.unwrap())
    }

    /// Returns how many cards the renderer has rendered.
    pub fn rendered_cards(&self) -> usize {
        self.rendered_cards.load(Ordering::Relaxed)
    }
}

impl Deref for TestNewsroom {
    type Target = Newsroom;

    fn deref(&self) -> &Newsroom {
        &self.newsroom
    }
}

/// Returns the account with the role `role` and the same name, creating it if it does not exist.
///
/// No password matches its hash: hashing a password is slow, and the tests of logins create their
/// own accounts.
async fn account(store: &Store, clock: &Clock, role: Role) -> Caller {
    let username = Username::parse(role.as_str()).unwrap();
    if let Some(account) = store.account_by_name(&username).await.unwrap() {
        return account.caller;
    }
    let mut change = store.change_accounts().await.unwrap();
    let added = change.add_account(&username, role, "none", clock.now());
    let account = added.await.unwrap().unwrap();
    change.commit().await.unwrap();
    account
}

/// Returns the card of an update with the text `text`.
pub fn card(id: UpdateId, text: &str) -> String {
    format!(r#"<article id="update-{id}"><p dir="auto">{text}</p></article>"#)
}

/// Returns the text of an update, without markup.
pub fn text(update: &LiveUpdate) -> String {
    update.html.excerpt(200)
}

/// Returns a draft with the text `text`.
pub fn draft(text: &str) -> Draft {
    Draft::parse(text, "").unwrap()
}

/// Returns an operation id that was not used before.
pub fn op_id() -> OpId {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    OpId::parse(&format!("operation-{number:020}")).unwrap()
}

/// Parses `text` as a slug.
pub fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}
