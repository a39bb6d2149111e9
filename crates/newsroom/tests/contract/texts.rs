//! Texts: they are stored without control characters, and their author learns which parts readers
//! don't get.

use domain::{Draft, EntryState, Invalid, Order, TokenName, Username};
use newsroom::{Entry, Error, NewEntry};

use super::support::{Database, TestNewsroom, draft, op_id, slug};

on_every_database! {
    control_characters_never_reach_the_database,
    removed_parts_are_reported_each_time,
    invisible_texts_are_refused,
    titles_in_any_script_make_slugs,
    taken_slug_gets_a_number,
    explicit_slug_that_is_taken_is_refused,
}

const NOW: Option<domain::Timestamp> = None;

async fn control_characters_never_reach_the_database(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let new = NewEntry::parse(
        "\u{feff}The\u{85}fi\u{0}nal\u{1b}",
        "",
        "One\u{b}two\r\nthree\0",
        "\u{feff}Europe/Paris\r\n",
        EntryState::Live,
        Order::Oldest,
    )
    .unwrap();
    let entry = newsroom
        .create_entry(Some(&newsroom.author), &new)
        .await
        .unwrap();
    assert_eq!(entry.title.as_str(), "The final");
    assert_eq!(entry.summary.as_str(), "One\ntwo\nthree");
    assert_eq!(entry.slug.as_str(), "the-final");

    let text = "\u{feff}# It\u{92}s\0 over\u{2028}\u{1b}[31mred\rone";
    let written = Draft::parse(text, "a\u{b}b\0\u{202e}c").unwrap();
    let posted = newsroom
        .post_update(&newsroom.author, &entry.slug, &op_id(), &written, NOW)
        .await
        .unwrap();
    let (_, update) = newsroom.update_page(&entry.slug, posted.id).await.unwrap();
    let source = newsroom.source(posted.id).await;
    assert_eq!(source, "# It’s over\n[31mred\none");
    assert_eq!(
        update.headline.unwrap().as_str(),
        "a b\u{202e}c\u{202c}",
        "the text after it would change its direction"
    );
    assert_eq!(
        update.html.as_str(),
        "<h3 dir=\"auto\">It’s over</h3>\n<p dir=\"auto\">[31mred<br>\none</p>"
    );

    let name = Username::parse(" \u{feff}bet\0ty\r\n").unwrap();
    assert_eq!(name.as_str(), "betty");
    let purpose = TokenName::parse("score\0 ticker\u{85}").unwrap();
    newsroom
        .create_token(&newsroom.author.username, &purpose)
        .await
        .unwrap();
    let tokens = newsroom.tokens().await.unwrap();
    assert_eq!(tokens[0].name.as_str(), "score ticker");
    // A username with a control character matches no account.
    assert!(
        newsroom
            .log_in("an\0n", "correct horse battery")
            .await
            .is_err()
    );
}

async fn removed_parts_are_reported_each_time(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    let text =
        draft("Watch: <iframe src=\"https://www.youtube.com/embed/X\"></iframe> [by](Reuters)");
    let removed = ["link Reuters", "iframe youtube.com"];
    let op = op_id();
    for _ in 0..2 {
        let result = newsroom
            .post_marked_update(&newsroom.author, &entry.slug, &op, &text, &[], NOW)
            .await
            .unwrap();
        assert_eq!(sorted(result.removed), sorted(removed));
    }
    let id = newsroom.post(&entry, "harmless").await.id;
    let op = op_id();
    for _ in 0..2 {
        let edited = newsroom
            .edit_update(&newsroom.author, id, &text, Some(&op), None)
            .await
            .unwrap();
        assert_eq!(sorted(edited.removed), sorted(removed));
    }
    let reported = newsroom.removed_parts(&newsroom.author, id).await.unwrap();
    assert_eq!(sorted(reported), sorted(removed));
    let harmless = newsroom
        .edit_update(&newsroom.author, id, &draft("harmless"), None, None)
        .await
        .unwrap();
    assert_eq!(harmless.removed, [""; 0]);
    let others = newsroom.removed_parts(&newsroom.reader, id).await;
    assert_refused!(others, Error::Forbidden(_));
}

fn sorted<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().map(Into::into).collect();
    names.sort();
    names
}

async fn invisible_texts_are_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let entry = newsroom.live_entry().await;
    for (text, why) in [
        ("&#8203;", "Enter some visible text."),
        ("<br>", "Enter some visible text."),
        ("<video></video>", "Enter some visible text."),
        (
            "![](data:image/png;base64,iVBORw0KGgo=)",
            "Not shown: an image from data:. An image needs a web address, such as https://example.org/picture.jpg.",
        ),
        ("<script>alert(1)</script>", "Not shown: a script."),
    ] {
        let posted = newsroom
            .post_update(&newsroom.author, &entry.slug, &op_id(), &draft(text), NOW)
            .await;
        let Err(Error::Invalid(Invalid { field, message })) = posted else {
            panic!("{text}: {posted:?}")
        };
        assert_eq!(field, "source");
        assert_eq!(
            message,
            format!("This text has no visible content. {why}"),
            "{text}"
        );
    }
    for text in [
        "\u{200b}",
        "\u{2060}\u{feff}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
    ] {
        let refused = Draft::parse(text, "").unwrap_err();
        assert_eq!(refused.field, "source");
        assert!(
            refused
                .message
                .starts_with("The update contains only invisible"),
            "{refused}"
        );
        assert!(refused.message.ends_with("at character 1."), "{refused}");
    }
    // With a headline, the update is visible.
    let under = Draft::parse("&#8203;", "Full time").unwrap();
    newsroom
        .post_update(&newsroom.author, &entry.slug, &op_id(), &under, NOW)
        .await
        .unwrap();
}

async fn titled(newsroom: &TestNewsroom, title: &str) -> Entry {
    let new = NewEntry::parse(title, "", "", "", EntryState::Live, Order::Oldest).unwrap();
    newsroom
        .create_entry(Some(&newsroom.author), &new)
        .await
        .unwrap()
}

async fn titles_in_any_script_make_slugs(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    for (title, expected) in [
        (
            "Élection présidentielle : résultats",
            "election-presidentielle-resultats",
        ),
        ("Størst i Ålesund", "storst-i-alesund"),
        ("Straße gesperrt", "strasse-gesperrt"),
        ("e\u{301}le\u{301}ction", "election"),
    ] {
        let entry = titled(&newsroom, title).await;
        assert_eq!(entry.slug.as_str(), expected, "{title}");
        assert_eq!(newsroom.entry_page(&entry.slug).await.unwrap().entry, entry);
    }
    for title in [
        "Выборы: ход подсчёта",
        "日本シリーズ第7戦",
        "مباشر: النهائي",
        "🏆",
    ] {
        let entry = titled(&newsroom, title).await;
        assert!(entry.slug.as_str().len() > 3, "{title}: {}", entry.slug);
        assert_eq!(newsroom.entry_page(&entry.slug).await.unwrap().entry, entry);
    }
    for title in ["…", "—"] {
        let entry = titled(&newsroom, title).await;
        assert_eq!(entry.slug, slug(&format!("live-{}", entry.id)), "{title}");
        assert_eq!(newsroom.entry_page(&entry.slug).await.unwrap().entry, entry);
    }
}

async fn taken_slug_gets_a_number(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    let first = titled(&newsroom, "The final").await;
    assert_eq!(first.slug, slug("the-final"));
    assert_eq!(
        titled(&newsroom, "The final!").await.slug,
        slug("the-final-2")
    );
    // A slug that redirects to another entry is taken, too.
    let patch = newsroom::EntryPatch {
        slug: Some(slug("the-final-3")),
        ..newsroom::EntryPatch::default()
    };
    newsroom
        .patch_entry(&newsroom.author, &first.slug, &patch, None)
        .await
        .unwrap();
    assert_eq!(
        titled(&newsroom, "The Final").await.slug,
        slug("the-final-4")
    );
    let next = titled(&newsroom, "…").await;
    let taken = format!("live-{}", next.id.0 + 2);
    let new = NewEntry::parse("x", &taken, "", "", EntryState::Live, Order::Oldest).unwrap();
    newsroom.create_entry(None, &new).await.unwrap();
    assert_eq!(
        titled(&newsroom, "…").await.slug,
        slug(&format!("{taken}-2"))
    );
}

async fn explicit_slug_that_is_taken_is_refused(database: Database) {
    let newsroom = TestNewsroom::on(&database).await;
    titled(&newsroom, "The final").await;
    let new = NewEntry::parse(
        "Another",
        "the-final",
        "",
        "",
        EntryState::Live,
        Order::Oldest,
    )
    .unwrap();
    let refused = newsroom.create_entry(Some(&newsroom.author), &new).await;
    assert_refused!(refused, Error::Invalid(Invalid { field: "slug", .. }));
}
