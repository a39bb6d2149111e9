//! Deleting accounts: what ends, what stays, and the messages in rooms.

use domain::{
    Caller, DeletedMessages, MessageText, Password, Rev, Role, RoomName, TokenName, Username,
};
use newsroom::{Error, NewMessage, NewRoom, RoomPage, SiteSettings, Visitor};

use super::support::{Database, TestNewsroom, with_timeout};

on_every_database! {
    deleted_account_ends_at_once,
    deleting_needs_the_password,
    last_owner_cannot_be_deleted,
    name_is_free_again_unless_updates_bear_it,
    messages_lose_their_name,
    messages_are_removed_and_not_restored,
    display_name_disappears_from_cards,
}

const PASSWORD: &str = "correct horse";

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn lobby() -> RoomName {
    RoomName::parse("lobby").unwrap()
}

impl TestNewsroom {
    async fn account(&self, username: &str, role: Role) -> Caller {
        let password = Password::parse(PASSWORD).unwrap();
        self.create_account(&name(username), role, &password)
            .await
            .unwrap()
    }

    async fn lobby(&self) {
        let new = NewRoom::parse("lobby", "Lobby").unwrap();
        self.create_room(Some(&self.owner), &new).await.unwrap();
    }

    async fn send_as(&self, caller: &Caller, text: &str) {
        let visitor = Visitor {
            caller: Some(caller.clone()),
            guest: None,
            address: [192, 0, 2, 1].into(),
        };
        let new = NewMessage {
            from: None,
            text: MessageText::parse(text).unwrap(),
            op_id: None,
        };
        self.post_message(lobby(), &visitor, &new).await.unwrap();
    }

    async fn lobby_page(&self) -> RoomPage {
        self.room_page(lobby(), None, None, 50).await.unwrap()
    }

    /// Waits until the messages in the lobby have these names and texts, the first one first.
    async fn wait_for_messages(&self, expected: &[(&str, &str)]) {
        with_timeout(async {
            loop {
                let page = self.lobby_page().await;
                let messages = page.messages.iter();
                let messages: Vec<_> = messages
                    .map(|it| (it.nick.as_str(), it.text.as_str()))
                    .collect();
                if messages == expected {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await;
    }

    async fn remove_messages_of_deleted_accounts(&self) {
        let before = self.site_settings(&self.owner).await.unwrap();
        let settings = SiteSettings {
            deleted_messages: DeletedMessages::Remove,
            ..before
        };
        self.change_site(&self.owner, settings).await.unwrap();
    }
}

async fn deleted_account_ends_at_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let zoe = newsroom.account("zoe", Role::Editor).await;
    let session = newsroom.log_in("zoe", PASSWORD).await.unwrap();
    let token = newsroom
        .create_token(&name("zoe"), &TokenName::parse("bot").unwrap())
        .await
        .unwrap();
    let invitation = newsroom.invite(Some(&zoe), Role::Reader).await.unwrap();
    let reset = newsroom.create_reset_link(&name("zoe")).await.unwrap();
    assert_eq!(
        newsroom.delete_account(&name("ZOE")).await.unwrap(),
        name("zoe")
    );

    assert_eq!(newsroom.caller(&session.token).await.unwrap(), None);
    assert_eq!(newsroom.token_caller(&token).await.unwrap(), None);
    assert_refused!(newsroom.log_in("zoe", PASSWORD).await, Error::WrongPassword);
    assert_refused!(
        newsroom.invited_role(&invitation.token).await,
        Error::LinkExpired(_)
    );
    assert_refused!(
        newsroom.account_to_reset(&reset.token).await,
        Error::LinkExpired(_)
    );
    for refused in [
        newsroom.enable_account(&name("zoe")).await,
        newsroom.set_role(&name("zoe"), Role::Owner).await,
        newsroom.delete_account(&name("zoe")).await,
        newsroom.managed_account(&newsroom.owner, zoe.id).await,
    ] {
        assert_refused!(refused, Error::NotFound("account"));
    }
    let listed = newsroom.accounts().await.unwrap();
    assert!(listed.iter().all(|account| account.caller.id != zoe.id));
}

async fn deleting_needs_the_password(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let zoe = newsroom.account("zoe", Role::Reader).await;
    let refused = newsroom.delete_own_account(&zoe, "wrong password").await;
    assert_refused!(refused, Error::Invalid(invalid) if invalid.field == "current_password");
    newsroom.log_in("zoe", PASSWORD).await.unwrap();
    newsroom.delete_own_account(&zoe, PASSWORD).await.unwrap();
    let again = newsroom.delete_own_account(&zoe, PASSWORD).await;
    assert_refused!(again, Error::Unauthenticated);
}

async fn last_owner_cannot_be_deleted(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let owner = newsroom.owner.username.clone();
    let refused = newsroom.delete_account(&owner).await;
    assert_refused!(refused, Error::Forbidden(_));
    newsroom.account("olga", Role::Owner).await;
    newsroom.delete_account(&owner).await.unwrap();
}

async fn name_is_free_again_unless_updates_bear_it(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let ann = newsroom.account("ann-the-author", Role::Author).await;
    newsroom.account("zoe", Role::Author).await;
    newsroom.post_as(&ann, &entry, "A goal").await;
    for account in ["ann-the-author", "zoe"] {
        newsroom.delete_account(&name(account)).await.unwrap();
    }
    newsroom.account("zoe", Role::Reader).await;
    let password = Password::parse(PASSWORD).unwrap();
    let taken = newsroom
        .create_account(&name("Ann-the-author"), Role::Reader, &password)
        .await;
    assert_refused!(taken, Error::Invalid(_));
    let page = newsroom.entry_page(&entry.slug).await.unwrap();
    assert_eq!(page.updates[0].author_name(), "ann-the-author");
}

async fn messages_lose_their_name(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.lobby().await;
    let zoe = newsroom.account("zoe", Role::Author).await;
    let author = newsroom.author.clone();
    newsroom.send_as(&zoe, "Hello").await;
    newsroom.send_as(&author, "Hi").await;
    let author = author.username.as_str();
    newsroom
        .wait_for_messages(&[("zoe", "Hello"), (author, "Hi")])
        .await;
    let before: Rev = newsroom.lobby_page().await.room.head;
    newsroom.delete_account(&name("zoe")).await.unwrap();
    newsroom
        .wait_for_messages(&[("Deleted account", "Hello"), (author, "Hi")])
        .await;
    // Open pages get it.
    assert!(newsroom.lobby_page().await.room.head > before);
}

async fn messages_are_removed_and_not_restored(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.lobby().await;
    newsroom.remove_messages_of_deleted_accounts().await;
    let zoe = newsroom.account("zoe", Role::Author).await;
    let author = newsroom.author.clone();
    for number in 0..3 {
        newsroom.send_as(&zoe, &format!("hers {number}")).await;
        newsroom.send_as(&author, &format!("mine {number}")).await;
    }
    let removed = newsroom.lobby_page().await.messages[0].id;
    newsroom.delete_account(&name("zoe")).await.unwrap();
    let author = author.username.as_str();
    newsroom
        .wait_for_messages(&[(author, "mine 0"), (author, "mine 1"), (author, "mine 2")])
        .await;
    let moderator = Visitor {
        caller: Some(newsroom.owner.clone()),
        guest: None,
        address: [192, 0, 2, 1].into(),
    };
    let restored = newsroom.restore_message(lobby(), removed, &moderator).await;
    assert_refused!(restored, Error::Forbidden(_));
}

async fn display_name_disappears_from_cards(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let before = newsroom.site_settings(&newsroom.owner).await.unwrap();
    let settings = SiteSettings {
        display_names: true,
        ..before
    };
    newsroom
        .change_site(&newsroom.owner, settings)
        .await
        .unwrap();
    let zoe = newsroom.account("zoe", Role::Author).await;
    let display_name = "Zoe Smith".parse().unwrap();
    newsroom
        .set_display_name(&zoe, Some(&display_name))
        .await
        .unwrap();
    newsroom.post_as(&zoe, &entry, "A goal").await;
    newsroom.wait_for_names(&["Zoe Smith"]).await;
    newsroom.delete_account(&name("zoe")).await.unwrap();
    newsroom.wait_for_names(&["zoe"]).await;
}
