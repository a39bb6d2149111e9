//! The cards of `/live`, each with the label of its entry. The page adds the label to the card:
//! cards are the same bytes everywhere, and a change of the title changes no card.

use domain::{EntryId, UpdateId};

use crate::escape::escaped;

/// Adds the label of an entry to the card of one of its updates.
pub fn add_entry_label(
    card: &str,
    id: UpdateId,
    entry: EntryId,
    slug: &str,
    title: &str,
) -> String {
    // A card is one element, and its start tag contains no `>` before its end.
    let (tag, inside) = card.split_once('>').unwrap_or((card, ""));
    [
        tag,
        r#"><p class="update-from"><a href="/entries/"#,
        slug,
        "#update-",
        &id.to_string(),
        r#"" data-of=""#,
        &entry.to_string(),
        r#"" dir="auto">"#,
        &escaped(title.to_owned()),
        "</a></p>",
        with_date(inside).as_deref().unwrap_or(inside),
    ]
    .concat()
}

/// Adds the date to the first time inside a card, if the card leaves it out. Returns `None` if it
/// does not. Cards leave out the date on their entry's first day, which `/live` does not show.
fn with_date(inside: &str) -> Option<String> {
    let (before, time) = inside.split_once("<time ")?;
    let (tag, after) = time.split_once('>')?;
    let (tag, implied) = tag.split_once(" data-from=")?;
    let (_, date) = implied.split_once(" data-day=\"")?;
    let (date, rest) = date.split_once('"')?;
    let begin = r#"><span class="date">"#;
    Some([before, "<time ", tag, rest, begin, date, "</span> ", after].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_is_labelled_with_its_entry() {
        let card = r#"<article id="update-7" class="update"><p>a > b</p></article>"#;
        let labelled = add_entry_label(card, UpdateId(7), EntryId(3), "final", "<Us> & them");
        assert_eq!(
            labelled,
            r#"<article id="update-7" class="update"><p class="update-from"><a href="/entries/final#update-7" data-of="3" dir="auto">&lt;Us> &amp; them</a></p><p>a > b</p></article>"#
        );
    }

    #[test]
    fn card_shows_the_date_that_it_implied() {
        let label = |card| add_entry_label(card, UpdateId(7), EntryId(3), "final", "Final");
        let implied = concat!(
            r#"<article><a><time datetime="t" dir="ltr" data-from="s" data-day="21 Nov">14:05</time></a>"#,
            r#"<time datetime="u" data-from="t" data-day="21 Nov">15:00</time></article>"#
        );
        let labelled = label(implied);
        let shown = concat!(
            r#"<a><time datetime="t" dir="ltr"><span class="date">21 Nov</span> 14:05</time></a>"#,
            r#"<time datetime="u" data-from="t" data-day="21 Nov">15:00</time></article>"#
        );
        assert!(labelled.ends_with(shown), "{labelled}");

        let dated = r#"<article><time datetime="t"><span class="date">22 Nov</span> 14:05</time>"#;
        let inside = dated.strip_prefix("<article>").unwrap();
        assert!(label(dated).ends_with(inside));
    }
}
