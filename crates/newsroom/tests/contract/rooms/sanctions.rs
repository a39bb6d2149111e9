//! Mutes and bans.

use domain::{Reach, Role, SanctionKind, SanctionLength};
use newsroom::NewSanction;

use super::*;

on_every_database! {
    mute_ends_at_its_time,
    ban_applies_to_all_rooms_and_to_reports,
    banned_guest_with_a_fresh_cookie_is_refused_at_the_same_address,
    accounts_are_sanctioned_as_accounts,
    nobody_sanctions_their_rank,
    sanction_holds_on_all_servers_and_after_a_restart,
    sanction_is_ended,
    banned_person_cannot_like,
}

const MINUTE: i64 = 60_000_000;

fn sanction(
    message: &Published,
    kind: SanctionKind,
    reach: Reach,
    minutes: u32,
) -> ModerationAction {
    let message = ModeratedMessage::Sent(message.message.id);
    let sanction = NewSanction {
        kind,
        length: SanctionLength::new(minutes).unwrap(),
        reach,
        reason: reason("Spam"),
    };
    ModerationAction::Sanction(message, sanction)
}

async fn is_refused(newsroom: &TestNewsroom, room: &str, visitor: &Visitor, from: &str) -> bool {
    match newsroom.try_send(room, visitor, from, "Hello").await {
        Ok(_) => false,
        Err(Error::Sanctioned(sentence)) => {
            assert!(sentence.contains("Reason: Spam"), "{sentence}");
            true
        }
        Err(error) => panic!("{error:?}"),
    }
}

async fn mute_ends_at_its_time(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let ann = browser(sent.guest.as_ref().unwrap());
    newsroom
        .act(sanction(&sent, SanctionKind::Mute, Reach::Person, 10))
        .await;
    let refused = newsroom.try_send("lobby", &ann, "ann", "Again").await;
    let sentence = "You are muted in this room until 21 November 2026, 13:15 UTC. Reason: Spam";
    assert_refused!(refused, Error::Sanctioned(it) if it == sentence);
    // Under another name, too; not in other rooms, and not others at the same address.
    assert!(is_refused(&newsroom, "lobby", &ann, "anna").await);
    assert!(!is_refused(&newsroom, "other", &ann, "ann").await);
    assert!(!is_refused(&newsroom, "lobby", &program("192.0.2.1"), "bob").await);
    assert_eq!(newsroom.room_texts("lobby").await, ["Hello", "Hello"]);

    newsroom.manual_clock.advance(10 * MINUTE - 1);
    assert!(is_refused(&newsroom, "lobby", &ann, "ann").await);
    newsroom.manual_clock.advance(1);
    assert!(!is_refused(&newsroom, "lobby", &ann, "ann").await);
    let running = newsroom.sanctions(&newsroom.editor).await.unwrap();
    assert_eq!(running, []);
}

async fn ban_applies_to_all_rooms_and_to_reports(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    newsroom.room("other").await;
    let by_bob = newsroom.send("lobby", "bob", "Hello").await.message.id;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let ann = browser(sent.guest.as_ref().unwrap());
    newsroom
        .act(sanction(&sent, SanctionKind::Ban, Reach::Person, 1))
        .await;
    for room in ["lobby", "other"] {
        assert!(is_refused(&newsroom, room, &ann, "ann").await);
    }
    let report = newsroom.report_message(name("lobby"), by_bob, &ann, reason(""));
    assert_refused!(report.await, Error::Sanctioned(_));
    // Reading is public.
    let guest = newsroom.room_page(name("lobby"), None, None, 50).await;
    assert_eq!(guest.unwrap().messages.len(), 2);
}

async fn banned_guest_with_a_fresh_cookie_is_refused_at_the_same_address(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let person = newsroom.send("lobby", "ann", "Hello").await;
    let address = newsroom.send("lobby", "bob", "Hello").await;
    let same = program("192.0.2.1");
    let neighbor = program("192.0.2.77");
    let elsewhere = program("198.51.100.1");

    // Without the address, a fresh cookie is sufficient.
    newsroom
        .act(sanction(&person, SanctionKind::Ban, Reach::Person, 1))
        .await;
    assert!(!is_refused(&newsroom, "lobby", &same, "anna").await);
    newsroom
        .act(sanction(&address, SanctionKind::Ban, Reach::Address, 2))
        .await;
    assert!(is_refused(&newsroom, "lobby", &same, "anna").await);
    assert!(is_refused(&newsroom, "lobby", &same, "zoe").await);
    assert!(!is_refused(&newsroom, "lobby", &neighbor, "eve").await);
    newsroom
        .act(sanction(&address, SanctionKind::Mute, Reach::Network, 2))
        .await;
    assert!(is_refused(&newsroom, "lobby", &neighbor, "eve").await);
    assert!(!is_refused(&newsroom, "lobby", &elsewhere, "tom").await);
    // The guest has moved.
    let bob = Visitor {
        guest: address.guest.clone(),
        ..elsewhere
    };
    assert!(is_refused(&newsroom, "lobby", &bob, "bob").await);
    // An account at the address is somebody else.
    let reader = Visitor {
        caller: Some(newsroom.reader.clone()),
        ..same
    };
    assert!(!is_refused(&newsroom, "lobby", &reader, "reader").await);
}

async fn accounts_are_sanctioned_as_accounts(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let reader = member(&newsroom.reader);
    let sent = newsroom.try_send("lobby", &reader, "reader", "Hello").await;
    newsroom
        .act(sanction(
            &sent.unwrap(),
            SanctionKind::Mute,
            Reach::Address,
            1,
        ))
        .await;
    let elsewhere = Visitor {
        address: program("198.51.100.1").address,
        ..reader.clone()
    };
    assert!(is_refused(&newsroom, "lobby", &elsewhere, "reader").await);
    // The same address without the login.
    let logged_out = Visitor {
        caller: None,
        ..reader
    };
    assert!(is_refused(&newsroom, "lobby", &logged_out, "sock").await);
}

async fn nobody_sanctions_their_rank(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    for target in [
        &newsroom.owner,
        &newsroom.editor,
        &newsroom.author,
        &newsroom.reader,
    ] {
        let from = target.username.to_string();
        let sent = newsroom
            .try_send("lobby", &member(target), &from, "Hello")
            .await
            .unwrap();
        for caller in [
            &newsroom.owner,
            &newsroom.editor,
            &newsroom.author,
            &newsroom.reader,
        ] {
            let may = caller.role.may_sanction(target.role);
            let message = ModeratedMessage::Sent(sent.message.id);
            for action in [
                sanction(&sent, SanctionKind::Mute, Reach::Person, 1),
                sanction(&sent, SanctionKind::Ban, Reach::Network, 1),
                ModerationAction::RemoveAll {
                    message,
                    everywhere: true,
                    reason: reason(""),
                },
            ] {
                let result = newsroom.moderate(caller, None, action).await;
                assert_eq!(result.is_ok(), may, "{} {}", caller.role, target.role);
                if !may {
                    assert_refused!(result, Error::Forbidden(_));
                }
            }
        }
    }
    // An editor can't end what an owner decided about an editor.
    let of_editor = newsroom.sanctions(&newsroom.editor).await.unwrap();
    let of_editor = of_editor
        .iter()
        .find(|it| it.account == Some(newsroom.editor.id))
        .unwrap();
    let end = ModerationAction::EndSanction(of_editor.id);
    let refused = newsroom.moderate(&newsroom.editor, None, end.clone()).await;
    assert_refused!(refused, Error::Forbidden(_));
    newsroom.moderate(&newsroom.owner, None, end).await.unwrap();
    assert_eq!(newsroom.owner.role, Role::Owner);
}

async fn sanction_holds_on_all_servers_and_after_a_restart(database: Database) {
    let (one, two) = TestNewsroom::pair_on(&database).await;
    one.room("lobby").await;
    let sent = one.send("lobby", "ann", "Hello").await;
    let ann = browser(sent.guest.as_ref().unwrap());
    one.act(sanction(&sent, SanctionKind::Mute, Reach::Person, 60))
        .await;
    assert!(is_refused(&two, "lobby", &ann, "ann").await);
    one.shut_down().await;
    two.shut_down().await;
    let three = TestNewsroom::on(&database).await;
    assert!(is_refused(&three, "lobby", &ann, "ann").await);
}

async fn sanction_is_ended(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let ann = browser(sent.guest.as_ref().unwrap());
    newsroom
        .act(sanction(&sent, SanctionKind::Ban, Reach::Address, 60))
        .await;
    assert!(is_refused(&newsroom, "lobby", &ann, "ann").await);
    let running = newsroom.sanctions(&newsroom.editor).await.unwrap();
    assert_eq!(
        (running.len(), running[0].reach, running[0].nick.as_str()),
        (1, Reach::Address, "ann")
    );
    newsroom
        .act(ModerationAction::EndSanction(running[0].id))
        .await;
    assert!(!is_refused(&newsroom, "lobby", &ann, "ann").await);
    let end = ModerationAction::EndSanction(running[0].id);
    let again = newsroom.moderate(&newsroom.editor, None, end).await;
    assert_refused!(again, Error::NotFound(_));
    let log = newsroom
        .moderation_log(&newsroom.editor, None)
        .await
        .unwrap();
    let log: Vec<_> = log
        .items
        .iter()
        .map(|it| (it.action.as_str(), &*it.by, it.reason.as_str()))
        .collect();
    assert_eq!(
        log,
        [("end_sanction", "editor", ""), ("ban", "editor", "Spam")]
    );
}

async fn banned_person_cannot_like(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    newsroom.room("lobby").await;
    let entry = newsroom.live_entry().await;
    let update = newsroom.post(&entry, "Goal!").await.id;
    let sent = newsroom.send("lobby", "ann", "Hello").await;
    let ann = browser(sent.guest.as_ref().unwrap());
    let like = |by, liked| newsroom.set_like(None, update, by, liked, None);
    assert_eq!(like(&ann, true).await.unwrap().likes, 1);
    newsroom
        .act(sanction(&sent, SanctionKind::Mute, Reach::Person, 1))
        .await;
    assert_eq!(like(&ann, false).await.unwrap().likes, 0);
    newsroom
        .act(sanction(&sent, SanctionKind::Ban, Reach::Person, 1))
        .await;
    assert_refused!(like(&ann, true).await, Error::Sanctioned(_));
    let other = program("192.0.2.77");
    let others = like(&other, true).await.unwrap();
    assert_eq!(others.likes, 1);
    newsroom.manual_clock.advance(MINUTE);
    assert_eq!(like(&ann, true).await.unwrap().likes, 2);
}
