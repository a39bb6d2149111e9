//! Accounts that people create themselves: by invitation, by open sign-up; and new passwords by
//! link.

use domain::{Caller, Invalid, Password, Role, Username};
use newsroom::{Error, INVITATION_LIFE, RESET_LIFE, Result, Secret, Session, SiteSettings};

use super::support::{Database, TestNewsroom};

on_every_database! {
    invitation_creates_one_account_of_its_role,
    invitation_above_the_own_role_is_refused,
    invitation_ends_with_its_time_its_withdrawal_and_its_inviter,
    editor_sees_and_withdraws_only_own_invitations,
    of_two_people_with_one_invitation_one_gets_the_account,
    refused_name_does_not_use_up_the_invitation,
    sign_up_needs_the_setting,
    look_alike_and_reserved_names_are_refused,
    reset_link_sets_the_password_once,
    reset_link_ends_with_its_time_and_every_other_change,
    only_owners_manage_accounts,
    accounts_are_found_by_prefix_in_pages,
}

const PASSWORD: &str = "correct horse";
const OTHER: &str = "battery staple";

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

impl TestNewsroom {
    async fn invitation(&self, caller: Option<&Caller>, role: Role) -> Secret {
        self.invite(caller, role).await.unwrap().token
    }

    async fn accept(&self, token: &Secret, username: &str) -> Result<Session> {
        self.accept_invitation(token, &name(username), &password(PASSWORD))
            .await
    }

    async fn open_sign_up(&self) {
        let before = self.site_settings(&self.owner).await.unwrap();
        let settings = SiteSettings {
            open_sign_up: true,
            ..before
        };
        self.change_site(&self.owner, settings).await.unwrap();
    }

    async fn try_sign_up(&self, username: &str) -> Result<Session> {
        self.sign_up(&name(username), &password(PASSWORD)).await
    }
}

async fn invitation_creates_one_account_of_its_role(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (caller, role) in [
        (None, Role::Owner),
        (Some(&newsroom.owner), Role::Owner),
        (Some(&newsroom.editor), Role::Editor),
        (Some(&newsroom.editor), Role::Reader),
    ] {
        let token = newsroom.invitation(caller, role).await;
        assert_eq!(newsroom.invited_role(&token).await.unwrap(), role);
        let by = caller.map_or("operator", |caller| caller.username.as_str());
        let username = format!("new-{role}-{by}");
        let session = newsroom.accept(&token, &username).await.unwrap();
        assert_eq!(session.caller.role, role);
        assert_eq!(
            newsroom.caller(&session.token).await.unwrap(),
            Some(session.caller)
        );
        newsroom.log_in(&username, PASSWORD).await.unwrap();
        let again = newsroom.accept(&token, "second").await;
        assert_refused!(again, Error::LinkExpired("invitation"));
    }
    let unknown = newsroom.accept(&Secret::new_random(), "second").await;
    assert_refused!(unknown, Error::LinkExpired("invitation"));
}

async fn invitation_above_the_own_role_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (caller, role) in [
        (&newsroom.editor, Role::Owner),
        (&newsroom.author, Role::Reader),
        (&newsroom.reader, Role::Reader),
    ] {
        let refused = newsroom.invite(Some(caller), role).await;
        assert_refused!(refused, Error::Forbidden(_));
    }
}

async fn invitation_ends_with_its_time_its_withdrawal_and_its_inviter(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let owner = newsroom.owner.clone();
    let expired = async |token: &Secret| {
        let refused = newsroom.accept(token, "late").await;
        assert_refused!(refused, Error::LinkExpired("invitation"));
    };

    let token = newsroom.invitation(Some(&owner), Role::Author).await;
    newsroom.manual_clock.advance(INVITATION_LIFE);
    expired(&token).await;
    assert_eq!(newsroom.invitations(&owner).await.unwrap(), []);

    let token = newsroom.invitation(Some(&owner), Role::Author).await;
    let open = newsroom.invitations(&owner).await.unwrap();
    newsroom
        .withdraw_invitation(&owner, open[0].id)
        .await
        .unwrap();
    expired(&token).await;
    let again = newsroom.withdraw_invitation(&owner, open[0].id).await;
    assert_refused!(again, Error::NotFound("invitation"));

    // The role of who invites is that at the time of its use.
    let editor = newsroom.editor.username.clone();
    let token = newsroom
        .invitation(Some(&newsroom.editor), Role::Editor)
        .await;
    newsroom.set_role(&editor, Role::Author).await.unwrap();
    expired(&token).await;
    newsroom.set_role(&editor, Role::Editor).await.unwrap();
    newsroom.disable_account(&editor).await.unwrap();
    expired(&token).await;
    newsroom.enable_account(&editor).await.unwrap();
    newsroom.accept(&token, "new").await.unwrap();
}

async fn editor_sees_and_withdraws_only_own_invitations(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let (owner, editor) = (&newsroom.owner, &newsroom.editor);
    newsroom.invitation(None, Role::Owner).await;
    newsroom.invitation(Some(owner), Role::Author).await;
    newsroom.invitation(Some(editor), Role::Reader).await;
    let all = newsroom.invitations(owner).await.unwrap();
    let by: Vec<_> = all.iter().map(|it| it.invited_by.clone()).collect();
    let expected = [&newsroom.editor, &newsroom.owner].map(|it| Some(it.username.clone()));
    assert_eq!(by[..2], expected);
    assert_eq!(by[2..], [None]);
    let own = newsroom.invitations(editor).await.unwrap();
    assert_eq!(own, all[..1]);
    let refused = newsroom.withdraw_invitation(editor, all[1].id).await;
    assert_refused!(refused, Error::NotFound("invitation"));
    for caller in [&newsroom.author, &newsroom.reader] {
        assert_refused!(newsroom.invitations(caller).await, Error::Forbidden(_));
        let refused = newsroom.withdraw_invitation(caller, all[0].id).await;
        assert_refused!(refused, Error::Forbidden(_));
    }
    newsroom
        .withdraw_invitation(editor, all[0].id)
        .await
        .unwrap();
}

async fn of_two_people_with_one_invitation_one_gets_the_account(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let token = newsroom.invitation(None, Role::Author).await;
    let (one, other) = tokio::join!(
        newsroom.accept(&token, "one"),
        newsroom.accept(&token, "two")
    );
    assert_ne!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
}

async fn refused_name_does_not_use_up_the_invitation(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let token = newsroom.invitation(None, Role::Author).await;
    let used = newsroom.author.username.to_string();
    let refused = newsroom.accept(&token, &used).await;
    assert_refused!(
        refused,
        Error::Invalid(Invalid {
            field: "username",
            ..
        })
    );
    let weak = newsroom
        .accept_invitation(&token, &name("new"), &password("password12"))
        .await;
    assert_refused!(
        weak,
        Error::Invalid(Invalid {
            field: "password",
            ..
        })
    );
    newsroom.accept(&token, "new").await.unwrap();
}

async fn sign_up_needs_the_setting(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    assert!(!newsroom.has_open_sign_up().await.unwrap());
    assert_refused!(newsroom.try_sign_up("zoe").await, Error::Forbidden(_));
    newsroom.open_sign_up().await;
    assert!(newsroom.has_open_sign_up().await.unwrap());
    let session = newsroom.try_sign_up("zoe").await.unwrap();
    assert_eq!(session.caller.role, Role::Reader);
    assert_eq!(
        newsroom.caller(&session.token).await.unwrap(),
        Some(session.caller)
    );
}

async fn look_alike_and_reserved_names_are_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.open_sign_up().await;
    newsroom.try_sign_up("paul").await.unwrap();
    let display_name = "Ann-Lee".parse().unwrap();
    newsroom
        .set_display_name(&newsroom.author, Some(&display_name))
        .await
        .unwrap();
    for taken in [
        "Paul",
        "pau1",
        "ANN-LEE",
        "admin",
        "Moderator",
        "0wner",
        "r00t",
    ] {
        let refused = newsroom.try_sign_up(taken).await;
        assert_refused!(
            refused,
            Error::Invalid(Invalid {
                field: "username",
                ..
            })
        );
    }
    // Staff may be called what they are.
    let token = newsroom.invitation(None, Role::Editor).await;
    newsroom.accept(&token, "moderator").await.unwrap();
}

async fn reset_link_sets_the_password_once(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let zoe = newsroom
        .create_account(&name("zoe"), Role::Reader, &password(PASSWORD))
        .await
        .unwrap();
    let before = newsroom.log_in("zoe", PASSWORD).await.unwrap();
    let link = newsroom.create_reset_link(&name("ZOE")).await.unwrap();
    assert_eq!(newsroom.account_to_reset(&link.token).await.unwrap(), zoe);
    newsroom.log_in("zoe", PASSWORD).await.unwrap();
    let weak = newsroom
        .reset_password(&link.token, &password("zoezoezoezoe"))
        .await;
    assert_refused!(
        weak,
        Error::Invalid(Invalid {
            field: "password",
            ..
        })
    );

    let session = newsroom
        .reset_password(&link.token, &password(OTHER))
        .await
        .unwrap();
    assert_eq!(newsroom.caller(&session.token).await.unwrap(), Some(zoe));
    assert_eq!(newsroom.caller(&before.token).await.unwrap(), None);
    assert_refused!(newsroom.log_in("zoe", PASSWORD).await, Error::WrongPassword);
    newsroom.log_in("zoe", OTHER).await.unwrap();
    let again = newsroom
        .reset_password(&link.token, &password(PASSWORD))
        .await;
    assert_refused!(again, Error::LinkExpired("link"));
}

async fn reset_link_ends_with_its_time_and_every_other_change(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let zoe = name("zoe");
    newsroom
        .create_account(&zoe, Role::Reader, &password(PASSWORD))
        .await
        .unwrap();
    let link = async || newsroom.create_reset_link(&zoe).await.unwrap().token;
    let expired = async |token: &Secret| {
        let refused = newsroom.reset_password(token, &password(OTHER)).await;
        assert_refused!(refused, Error::LinkExpired("link"));
        assert_refused!(
            newsroom.account_to_reset(token).await,
            Error::LinkExpired("link")
        );
    };
    let late = link().await;
    newsroom.manual_clock.advance(RESET_LIFE);
    expired(&late).await;
    let replaced = link().await;
    let disabled = link().await;
    expired(&replaced).await;
    newsroom.disable_account(&zoe).await.unwrap();
    expired(&disabled).await;
    let refused = newsroom.create_reset_link(&zoe).await;
    assert_refused!(refused, Error::Forbidden(_));
    newsroom.enable_account(&zoe).await.unwrap();
    expired(&disabled).await;
    let changed = link().await;
    newsroom
        .set_password(&zoe, &password("another password"))
        .await
        .unwrap();
    expired(&changed).await;
}

async fn only_owners_manage_accounts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let id = newsroom.reader.id;
    for caller in [&newsroom.editor, &newsroom.author, &newsroom.reader] {
        let page = newsroom.accounts_page(caller, "", "").await;
        assert_refused!(page, Error::Forbidden(_));
        let managed = newsroom.managed_account(caller, id).await;
        assert_refused!(managed, Error::Forbidden(_));
        let changed = newsroom.change_role(caller, id, Role::Owner).await;
        assert_refused!(changed, Error::Forbidden(_));
    }
    let changed = newsroom
        .change_role(&newsroom.owner, id, Role::Author)
        .await;
    assert_eq!(changed.unwrap(), newsroom.reader.username);
    let unknown = newsroom
        .change_role(&newsroom.owner, 999.into(), Role::Author)
        .await;
    assert_refused!(unknown, Error::NotFound("account"));
}

async fn accounts_are_found_by_prefix_in_pages(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.open_sign_up().await;
    let mut change = database.store().await.change_accounts().await.unwrap();
    for number in 0..60 {
        let username = name(&format!("zoe-{number:02}"));
        let now = newsroom.clock().now();
        change
            .add_account(&username, Role::Reader, "", now)
            .await
            .unwrap();
    }
    change.commit().await.unwrap();
    let owner = &newsroom.owner;
    let names = async |prefix: &str, after: &str| {
        let page = newsroom.accounts_page(owner, prefix, after).await.unwrap();
        let names = page.items.iter().map(|it| it.caller.username.to_string());
        (names.collect::<Vec<_>>(), page.next)
    };
    let (first, next) = names(" ZOE-", "").await;
    assert_eq!(first.len(), 50);
    assert_eq!(next.as_ref().map(Username::as_str), Some("zoe-49"));
    let (rest, next) = names("zoe-", "zoe-49").await;
    assert_eq!((rest.len(), next), (10, None));
    let (none, _) = names("%", "").await;
    assert_eq!(none, [""; 0]);
}
