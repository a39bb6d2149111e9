//! How moments and people's texts are rendered in all parts of an entry.

use domain::{
    AccountId, Draft, EntryId, EntryState, Epoch, Language, Order, Slug, Summary, Timestamp, Title,
    UpdateId, Username,
};
use newsroom::{Entry, LiveUpdate, to_safe_html, zone};

use super::{render_card, render_highlights, render_since};
use crate::front::{labelled_cards::add_entry_label, render_entry_summary};

/// Parses a moment in UTC, such as `2026-11-21 14:05`.
pub fn at(text: &str) -> Timestamp {
    let moment: jiff::Timestamp = format!("{}Z", text.replace(' ', "T")).parse().unwrap();
    Timestamp(moment.as_microsecond())
}

pub fn entry(time_zone: &str, starts_at: &str) -> Entry {
    Entry {
        epoch: Epoch::parse("e").unwrap(),
        id: EntryId(3),
        slug: Slug::parse("final").unwrap(),
        title: Title::parse("The final").unwrap(),
        summary: Summary::parse("").unwrap(),
        state: EntryState::Live,
        time_zone: zone::parse(time_zone).unwrap(),
        language: Language::default(),
        own_language: None,
        has_chat: false,
        starts_at: at(starts_at),
        ended_at: None,
        default_order: Order::Oldest,
        rev: 1,
        head: 9,
    }
}

pub fn update(posted_at: &str) -> LiveUpdate {
    let draft = Draft::parse("Goal", "").unwrap();
    LiveUpdate {
        id: UpdateId(12),
        entry_id: EntryId(3),
        rev: 9,
        author_id: AccountId(1),
        author: Username::parse("ann").unwrap(),
        shown_author: None,
        html: to_safe_html(&draft.source).unwrap().html,
        headline: None,
        key: true,
        pinned: false,
        posted_at: at(posted_at),
        published_at: at(posted_at),
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    }
}

/// Returns the text of HTML.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text of each `<time>` in `html`.
fn times(html: &str) -> Vec<String> {
    let times = html.split("<time ").skip(1);
    times
        .map(|time| {
            let (time, _) = time.split_once("</time>").unwrap();
            text(&["<time ", time].concat())
        })
        .collect()
}

#[test]
fn every_time_has_a_date_unless_the_page_implies_the_day() {
    let entry = entry("Europe/Paris", "2026-11-21 13:05");
    // When it was posted, and its time in the card, on `/live` and the front page, and among the
    // key moments.
    for (posted_at, card, elsewhere, moment) in [
        ("2026-11-21 13:05", "14:05", "21 Nov 14:05", "14:05"),
        ("2026-11-21 22:59", "23:59", "21 Nov 23:59", "23:59"),
        (
            "2026-11-21 23:00",
            "22 Nov 00:00",
            "22 Nov 00:00",
            "22 Nov 00:00",
        ),
        (
            "2026-11-22 13:05",
            "22 Nov 14:05",
            "22 Nov 14:05",
            "22 Nov 14:05",
        ),
        // Posted before the entry was started.
        (
            "2026-11-18 09:00",
            "18 Nov 10:00",
            "18 Nov 10:00",
            "18 Nov 10:00",
        ),
        (
            "2027-01-02 09:00",
            "2 Jan 2027 10:00",
            "2 Jan 2027 10:00",
            "2 Jan 2027 10:00",
        ),
    ] {
        let update = update(posted_at);
        let html = render_card(&entry, &update);
        assert_eq!(times(&html), [card], "card of {posted_at}");
        let labelled = add_entry_label(&html, update.id, entry.id, "final", "The final");
        assert_eq!(
            times(&labelled),
            [elsewhere],
            "card on /live of {posted_at}"
        );
        let highlights = render_highlights(&entry, std::slice::from_ref(&update));
        assert_eq!(times(&highlights), [moment], "key moment of {posted_at}");
        let summary = render_entry_summary(&entry, Some(&update));
        assert_eq!(times(&summary)[0], elsewhere, "summary of {posted_at}");
    }
}

#[test]
fn edit_on_another_day_than_the_post_has_a_date() {
    let entry = entry("Europe/Paris", "2026-11-21 13:05");
    for (posted_at, edited_at, edited) in [
        ("2026-11-21 22:50", "2026-11-21 22:55", "23:55"),
        ("2026-11-21 22:50", "2026-11-22 08:10", "22 Nov 09:10"),
        ("2026-11-22 08:00", "2026-11-22 08:10", "09:10"),
        ("2026-12-31 22:00", "2026-12-31 23:10", "1 Jan 2027 00:10"),
    ] {
        let update = LiveUpdate {
            edited_at: Some(at(edited_at)),
            ..update(posted_at)
        };
        let html = render_card(&entry, &update);
        assert_eq!(times(&html)[1], edited, "{posted_at} {edited_at}");
    }
}

#[test]
fn update_published_late_shows_when_it_was_written_and_published() {
    let entry = entry("Europe/Paris", "2026-11-21 13:05");
    let late = |written, published| LiveUpdate {
        published_at: at(published),
        ..update(written)
    };
    for (written, published, shown) in [
        ("2026-11-21 13:05", "2026-11-21 13:52", ["14:05", "14:52"]),
        (
            "2026-11-21 22:50",
            "2026-11-21 23:10",
            ["23:50", "22 Nov 00:10"],
        ),
        // The card's own time has the date.
        ("2026-11-22 08:00", "2026-11-22 08:06", ["09:00", "09:06"]),
        (
            "2026-12-31 22:00",
            "2026-12-31 23:10",
            ["23:00", "1 Jan 2027 00:10"],
        ),
    ] {
        let html = render_card(&entry, &late(written, published));
        assert_eq!(times(&html)[1..], shown, "{written} {published}");
        let note = format!("written {}, published {}", shown[0], shown[1]);
        assert!(text(&html).contains(&note), "{html}");
        // On `/live`, the card's own time has the date too.
        let live = add_entry_label(&html, UpdateId(12), entry.id, "final", "The final");
        assert!(text(&live).contains(&note), "{live}");
    }
    let clocks_put_back = late("2026-10-25 00:30", "2026-10-25 01:10");
    let html = render_card(&entry, &clocks_put_back);
    assert!(text(&html).contains("written 02:30 CEST, published 02:10 CET"));

    let in_time = render_card(&entry, &late("2026-11-21 13:05", "2026-11-21 13:10"));
    assert_eq!(in_time, render_card(&entry, &update("2026-11-21 13:05")));
}

#[test]
fn key_moments_of_several_days_have_all_their_dates() {
    let entry = entry("Europe/Paris", "2026-11-21 13:00");
    let days = ["2026-11-21 13:05", "2026-11-22 13:05", "2026-11-23 13:05"];
    let html = render_highlights(&entry, &days.map(update));
    assert_eq!(
        times(&html),
        ["21 Nov 14:05", "22 Nov 14:05", "23 Nov 14:05"]
    );
}

#[test]
fn repeated_hour_has_its_zone_wherever_it_is_shown() {
    let entry = entry("Europe/Paris", "2026-10-24 22:00");
    for (posted_at, clock) in [
        ("2026-10-24 23:59", "01:59"),
        ("2026-10-25 00:30", "02:30 CEST"),
        ("2026-10-25 01:10", "02:10 CET"),
        ("2026-10-25 02:00", "03:00"),
    ] {
        let update = LiveUpdate {
            edited_at: Some(at(posted_at)),
            ..update(posted_at)
        };
        let dated = format!("25 Oct {clock}");
        assert_eq!(times(&render_card(&entry, &update)), [clock, clock]);
        let highlights = render_highlights(&entry, std::slice::from_ref(&update));
        assert_eq!(times(&highlights), [clock]);
        assert_eq!(
            times(&render_entry_summary(&entry, Some(&update)))[0],
            dated
        );
    }
}

#[test]
fn since_has_the_same_text_with_moments_as_time_elements() {
    let live = entry("Europe/Paris", "2026-11-21 13:05");
    let ended_at = |moment| Entry {
        state: EntryState::Ended,
        ended_at: Some(at(moment)),
        ..live.clone()
    };
    let upcoming = Entry {
        state: EntryState::Upcoming,
        ..live.clone()
    };
    for (entry, since, moments) in [
        (&live, "Since 21 November 2026, 14:05 CET", 1),
        (&upcoming, "Not started yet", 0),
        (
            &ended_at("2026-11-21 16:00"),
            "From 21 November 2026, 14:05 to 17:00 CET",
            2,
        ),
        (
            &ended_at("2026-11-22 16:00"),
            "From 21 November 2026, 14:05 CET to 22 November 2026, 17:00 CET",
            2,
        ),
    ] {
        let html = render_since(entry);
        assert_eq!(text(&html), since);
        assert_eq!(entry.since(), since);
        assert_eq!(times(&html).len(), moments);
    }
    // On the day that clocks are put back, the zone differs at the end.
    let ended = Entry {
        starts_at: at("2026-10-24 22:00"),
        ..ended_at("2026-10-25 10:00")
    };
    assert_eq!(
        ended.since(),
        "From 25 October 2026, 00:00 CEST to 25 October 2026, 11:00 CET"
    );
}

#[test]
fn texts_of_people_have_their_own_direction_and_language() {
    let entry = Entry {
        title: Title::parse("مباشر: النهائي 2026").unwrap(),
        summary: Summary::parse("هدف!").unwrap(),
        language: Language::new_unchecked("ar"),
        ..entry("Europe/Paris", "2026-11-21 13:05")
    };
    let update = LiveUpdate {
        headline: Draft::parse("x", "هدف (2–1)").unwrap().headline,
        edited_at: Some(at("2026-11-21 14:00")),
        pinned: true,
        ..update("2026-11-21 13:05")
    };
    let card = render_card(&entry, &update);
    for part in [
        r#"class="update" "#,
        r#" lang="ar""#,
        r#"<h2 dir="auto" class="update-headline">"#,
        r#"<bdi class="update-author">ann</bdi>"#,
        r#"<p lang="en" class="update-key">"#,
        r#"<span lang="en" class="update-edited">"#,
    ] {
        let classless = part.trim_end();
        assert!(card.contains(classless), "{part} in {card}");
    }
    let highlights = render_highlights(&entry, std::slice::from_ref(&update));
    assert_eq!(
        highlights.matches(r#"dir="auto""#).count(),
        2,
        "{highlights}"
    );
    let summary = render_entry_summary(&entry, Some(&update));
    // The title, the summary and the latest update.
    assert_eq!(summary.matches(r#"dir="auto""#).count(), 3, "{summary}");
    assert!(summary.contains(r#"lang="ar""#), "{summary}");
    for html in [card, highlights, summary] {
        // A time has its own direction, so that the text around it does not take it over.
        let times = html.matches("<time ").count();
        assert_eq!(html.matches(r#"dir="ltr""#).count(), times, "{html}");
    }
}

#[test]
fn html_of_the_feed_has_no_hydration_markers() {
    let entry = entry("Europe/Paris", "2026-11-21 13:05");
    let plain = LiveUpdate {
        key: false,
        ..update("2026-11-21 13:05")
    };
    let full = LiveUpdate {
        headline: Draft::parse("x", "Goal").unwrap().headline,
        key: true,
        pinned: true,
        published_at: at("2026-11-21 13:52"),
        edited_at: Some(at("2026-11-21 14:00")),
        ..plain.clone()
    };
    for update in [&plain, &full] {
        let highlights = render_highlights(&entry, std::slice::from_ref(update));
        let summary = render_entry_summary(&entry, Some(update));
        for html in [render_card(&entry, update), highlights, summary] {
            assert!(!html.contains("<!"), "{html}");
        }
    }
    let silent = render_entry_summary(&entry, None);
    assert!(!silent.contains("<!"), "{silent}");
}

#[test]
fn entry_with_a_chat_leads_to_it() {
    let mut entry = entry("Europe/Paris", "2026-11-21 13:00");
    assert_eq!(render_highlights(&entry, &[]), "");
    entry.has_chat = true;
    insta::assert_snapshot!(
        render_highlights(&entry, &[]),
        @r#"<p lang="en" class="entry-chat"><a id="entry-chat" href="/rooms/entry-3" class="button">Chat</a></p>"#
    );
}
