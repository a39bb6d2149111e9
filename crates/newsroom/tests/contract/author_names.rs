//! Display names, and the names below updates.

use domain::{Caller, DisplayName, FeedId};
use newsroom::{Error, LiveUpdate, SiteSettings};

use super::support::{Database, PageModel, Stream, TestNewsroom, draft, op_id, slug, with_timeout};

on_every_database! {
    site_decides_which_name_readers_see,
    changed_name_reaches_open_pages,
    new_name_is_no_conflict_for_an_edit,
    name_that_looks_like_another_accounts_is_refused,
    deleted_update_is_renamed_without_a_revision,
    many_updates_are_renamed_in_small_transactions,
    names_that_change_during_a_rename_are_stored,
    name_changed_by_another_server_is_stored,
    only_owners_change_the_site,
}

fn name(text: &str) -> DisplayName {
    DisplayName::parse(text).unwrap()
}

impl TestNewsroom {
    async fn set_name(&self, caller: &Caller, text: &str) {
        let name = name(text);
        self.set_display_name(caller, Some(&name)).await.unwrap();
    }

    async fn show_names(&self, shown: bool) {
        let before = self.site_settings(&self.owner).await.unwrap();
        let settings = SiteSettings {
            display_names: shown,
            ..before
        };
        self.change_site(&self.owner, settings).await.unwrap();
    }

    /// Returns the names below the updates of the entry `final`, once they are `expected`.
    pub async fn wait_for_names(&self, expected: &[&str]) {
        with_timeout(async {
            loop {
                let page = self.entry_page(&slug("final")).await.unwrap();
                let names: Vec<_> = page.updates.iter().map(|it| it.author_name()).collect();
                if names == expected {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }
}

async fn site_decides_which_name_readers_see(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let author = newsroom.author.clone();
    let username = author.username.to_string();
    newsroom.post(&entry, "one").await;
    newsroom.set_name(&author, "Ann Lee").await;
    newsroom.post(&entry, "two").await;
    newsroom.wait_for_names(&[&username, &username]).await;
    newsroom.show_names(true).await;
    newsroom.wait_for_names(&["Ann Lee", "Ann Lee"]).await;
    newsroom.post(&entry, "three").await;
    newsroom.wait_for_names(&["Ann Lee"; 3]).await;
    newsroom.set_display_name(&author, None).await.unwrap();
    newsroom.wait_for_names(&[&*username; 3]).await;
    newsroom.set_name(&author, "Ann Ray").await;
    newsroom.wait_for_names(&["Ann Ray"; 3]).await;
    newsroom.show_names(false).await;
    newsroom.wait_for_names(&[&*username; 3]).await;
}

async fn changed_name_reaches_open_pages(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.show_names(true).await;
    newsroom.post(&entry, "one").await;
    let mut page = PageModel::open(&newsroom, &entry).await;
    let mut stream = Stream::open(&newsroom.newsroom, FeedId::Entry(entry.id), None);
    newsroom.set_name(&newsroom.author, "Ann Lee").await;
    let batch = stream.next_batch().await;
    assert_eq!(batch.changes.len(), 1);
    page.apply(batch);
    newsroom.wait_for_names(&["Ann Lee"]).await;
    // The same name again changes nothing.
    let head = newsroom.feed_head(&entry).await;
    newsroom.set_name(&newsroom.author, "Ann Lee").await;
    assert_eq!(newsroom.rename_authors().await.unwrap(), 0);
    assert_eq!(newsroom.feed_head(&entry).await, head);
}

async fn new_name_is_no_conflict_for_an_edit(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.show_names(true).await;
    let posted = newsroom.post(&entry, "one").await;
    let base = newsroom
        .posted_base(&newsroom.author, posted.id, &draft("one"))
        .await
        .unwrap();
    newsroom.set_name(&newsroom.author, "Ann Lee").await;
    newsroom.wait_for_names(&["Ann Lee"]).await;
    newsroom
        .edit_update(
            &newsroom.author,
            posted.id,
            &draft("two"),
            Some(&op_id()),
            Some(&base),
        )
        .await
        .unwrap();
    newsroom.wait_for_names(&["Ann Lee"]).await;
}

async fn name_that_looks_like_another_accounts_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.set_name(&newsroom.editor, "Ann Lee").await;
    // One's own username is one's own.
    let own = newsroom.author.username.to_string();
    newsroom.set_name(&newsroom.author, &own).await;
    let owner = newsroom.owner.username.to_string();
    // With a Cyrillic А, in other letters, and without the space.
    for taken in ["Ann Lee", "\u{410}nn Lee", "ANN LEE", "annlee", &owner] {
        let refused = newsroom
            .set_display_name(&newsroom.author, Some(&name(taken)))
            .await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{taken}");
    }
}

async fn deleted_update_is_renamed_without_a_revision(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.show_names(true).await;
    let id = newsroom.post(&entry, "one").await.id;
    newsroom
        .delete_update(&newsroom.author, id, None, None)
        .await
        .unwrap();
    let head = newsroom.feed_head(&entry).await;
    newsroom.set_name(&newsroom.author, "Ann Lee").await;
    while newsroom.rename_authors().await.unwrap() > 0 {}
    assert_eq!(newsroom.feed_head(&entry).await, head);
    newsroom
        .restore_update(&newsroom.author, id, None)
        .await
        .unwrap();
    newsroom.wait_for_names(&["Ann Lee"]).await;
}

async fn many_updates_are_renamed_in_small_transactions(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for n in 0..230 {
        newsroom.post(&entry, &format!("update {n}")).await;
    }
    newsroom.show_names(true).await;
    newsroom.set_name(&newsroom.author, "Ann Lee").await;
    newsroom.wait_for_names(&["Ann Lee"; 230]).await;
    let all = |updates: &[LiveUpdate]| updates.iter().all(|it| it.author_name() == "Ann Lee");
    let mut snapshot = database.store().await.snapshot().await.unwrap();
    assert!(all(&snapshot.updates(entry.id).await.unwrap()));
    assert!(snapshot.renamed_account().await.unwrap().is_none());
}

/// An account with a lower id, and another name of the same one, interrupt a rename.
async fn names_that_change_during_a_rename_are_stored(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.show_names(true).await;
    let (one, other) = (newsroom.editor.clone(), newsroom.author.clone());
    assert!(one.id.0 < other.id.0);
    let mut expected = Vec::new();
    for n in 0..300 {
        let (author, name) = if n % 3 == 0 {
            (&one, "Editor 9")
        } else {
            (&other, "Author 9")
        };
        newsroom
            .post_as(author, &entry, &format!("update {n}"))
            .await;
        expected.push(name);
    }
    for n in 0..10 {
        newsroom.set_name(&other, &format!("Author {n}")).await;
        newsroom.set_name(&one, &format!("Editor {n}")).await;
    }
    newsroom.wait_for_names(&expected).await;
}

async fn name_changed_by_another_server_is_stored(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    newsroom.show_names(true).await;
    newsroom.post(&entry, "one").await;
    // A command, which follows nothing.
    let command = newsroom::Newsroom::open(database.options().0)
        .await
        .unwrap();
    let ann = name("Ann Lee");
    command
        .set_display_name(&newsroom.author, Some(&ann))
        .await
        .unwrap();
    newsroom.wait_for_names(&["Ann Lee"]).await;
}

async fn only_owners_change_the_site(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let settings = newsroom.site_settings(&newsroom.owner).await.unwrap();
    for caller in [&newsroom.editor, &newsroom.author, &newsroom.reader] {
        let refused = newsroom.change_site(caller, settings).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        let refused = newsroom.site_settings(caller).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    }
}
