//! The cards of `/live`: each says which entry it is from. What says so is put into the card by the page, and isn't
//! part of it: a card is the same bytes everywhere, and another title makes none of them anew.

use domain::{Change, EntryChange, EntryId, EntryState, Timestamp, UpdateId, Upserted};

use crate::escape::escaped;

/// The card of the update `id`, saying that it is from the entry `of`, of that address and title.
pub fn from_entry(card: &str, id: UpdateId, of: EntryId, slug: &str, title: &str) -> String {
    // A card is one element, and nothing in its own tag holds the sign that ends it.
    let (tag, inside) = card.split_once('>').unwrap_or((card, ""));
    [
        tag,
        r#"><p class="update-from"><a href="/entries/"#,
        slug,
        "#update-",
        &id.to_string(),
        r#"" data-of=""#,
        &of.to_string(),
        r#"" dir="auto">"#,
        &escaped(title.to_owned()),
        "</a></p>",
        with_date(inside).as_deref().unwrap_or(inside),
    ]
    .concat()
}

/// The inside of a card with the date of its first time, if the card implies the entry's first day: among the
/// cards of many entries no day is implied.
fn with_date(inside: &str) -> Option<String> {
    let (before, time) = inside.split_once("<time ")?;
    let (tag, after) = time.split_once('>')?;
    let (tag, implied) = tag.split_once(" data-from=")?;
    let (_, date) = implied.split_once(" data-day=\"")?;
    let (date, rest) = date.split_once('"')?;
    let begin = r#"><span class="date">"#;
    Some([before, "<time ", tag, rest, begin, date, "</span> ", after].concat())
}

/// What of `changes` `/live` shows, with the names of the entries: updates of those that are live, from `oldest` on.
/// A change to an older one would make the page longer at its end.
pub fn of_live_entries(
    changes: Vec<Change>,
    entries: &[EntryChange],
    oldest: Timestamp,
) -> Vec<Change> {
    let named = |shown: Upserted| {
        let its = |entry: &&EntryChange| entry.id == shown.entry_id;
        let entry = entries.iter().find(its)?;
        let is_shown = entry.state == EntryState::Live && shown.posted_at >= oldest;
        is_shown.then(|| {
            let html = from_entry(&shown.html, shown.id, entry.id, &entry.slug, &entry.title);
            Change::Upserted(Upserted { html, ..shown })
        })
    };
    let shown = |change| match change {
        Change::Upserted(shown) => named(shown),
        gone @ Change::Deleted(_) => Some(gone),
    };
    changes.into_iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use domain::{Deleted, Language, Order};

    use super::*;

    #[test]
    fn a_card_says_which_entry_it_is_from() {
        let card = r#"<article id="update-7" class="update"><p>a > b</p></article>"#;
        let named = from_entry(card, UpdateId(7), EntryId(3), "final", "<Us> & them");
        assert_eq!(
            named,
            r#"<article id="update-7" class="update"><p class="update-from"><a href="/entries/final#update-7" data-of="3" dir="auto">&lt;Us> &amp; them</a></p><p>a > b</p></article>"#
        );
    }

    #[test]
    fn a_card_says_its_date_where_it_implied_one() {
        let named = |card| from_entry(card, UpdateId(7), EntryId(3), "final", "Final");
        let implied = concat!(
            r#"<article><a><time datetime="t" dir="ltr" data-from="s" data-day="21 Nov">14:05</time></a>"#,
            r#"<time datetime="u" data-from="t" data-day="21 Nov">15:00</time></article>"#
        );
        let named_implied = named(implied);
        let shown = concat!(
            r#"<a><time datetime="t" dir="ltr"><span class="date">21 Nov</span> 14:05</time></a>"#,
            r#"<time datetime="u" data-from="t" data-day="21 Nov">15:00</time></article>"#
        );
        assert!(named_implied.ends_with(shown), "{named_implied}");

        let dated = r#"<article><time datetime="t"><span class="date">22 Nov</span> 14:05</time>"#;
        let inside = dated.strip_prefix("<article>").unwrap();
        assert!(named(dated).ends_with(inside));
    }

    #[test]
    fn what_is_over_or_too_old_is_left_out() {
        let entry = |id, state| EntryChange {
            id: EntryId(id),
            rev: 1,
            state,
            title: "final".into(),
            since: String::new(),
            since_html: String::new(),
            slug: "final".into(),
            summary: String::new(),
            time_zone: "UTC".into(),
            language: Language::default(),
            default_order: Order::Oldest,
            highlights: String::new(),
            summary_html: String::new(),
        };
        let entries = [entry(1, EntryState::Live), entry(2, EntryState::Ended)];
        let shown = |id, of, at| {
            Change::Upserted(Upserted {
                id: UpdateId(id),
                rev: id,
                entry_id: EntryId(of),
                posted_at: Timestamp(at),
                html: "<article></article>".into(),
            })
        };
        let gone = Change::Deleted(Deleted {
            id: UpdateId(4),
            rev: 4,
        });
        let changes = vec![shown(1, 1, 10), shown(2, 2, 10), shown(3, 1, 9), gone];
        let left = of_live_entries(changes, &entries, Timestamp(10));
        assert_eq!(
            left.iter().map(Change::id).collect::<Vec<_>>(),
            [UpdateId(1), UpdateId(4)]
        );
    }
}
