//! The list is cut into stretches of updates. A full one that is out of sight costs the browser
//! nothing, neither style nor layout nor paint, however many there are (docs/adr/0010); the newest
//! is open, and takes what arrives.

/// How many updates fill a stretch. Far more, and an arrival's layout is felt; far fewer, and the
/// stretches themselves are many. The stylesheet reckons a full one's height with this number.
pub const FULL: usize = 50;

/// The class of the stretch that takes what arrives.
pub const OPEN_CLASS: &str = "stretch";
/// The classes of one that is full.
pub const FULL_CLASS: &str = "stretch is-full";

/// The stretches of a list, from `cards` that are oldest first, in `order`.
#[cfg(feature = "ssr")]
pub fn stretches<Card: AsRef<str>>(cards: &[Card], order: domain::Order) -> String {
    let stretch = |cards: &[Card]| {
        let class = if cards.len() < FULL {
            OPEN_CLASS
        } else {
            FULL_CLASS
        };
        let mut html = format!(r#"<div class="{class}">"#);
        match order {
            domain::Order::Oldest => html.extend(cards.iter().map(AsRef::as_ref)),
            domain::Order::Latest => html.extend(cards.iter().rev().map(AsRef::as_ref)),
        }
        html.push_str("</div>");
        html
    };
    let stretches = cards.chunks(FULL).map(stretch);
    match order {
        domain::Order::Oldest => stretches.collect(),
        domain::Order::Latest => stretches.rev().collect(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::Order;

    use super::*;

    /// The numbers in `html`, in the order that they stand in.
    fn numbers(html: &str) -> Vec<usize> {
        html.split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    #[test]
    fn the_newest_stretch_is_the_open_one_in_either_order() {
        let cards: Vec<_> = (0..=2 * FULL).map(|n| format!("<i>{n}</i>")).collect();
        let full = r#"<div class="stretch is-full">"#;
        let open = r#"<div class="stretch">"#;

        let oldest = stretches(&cards, Order::Oldest);
        assert_eq!(numbers(&oldest), (0..=2 * FULL).collect::<Vec<_>>());
        assert_eq!(oldest.matches(full).count(), 2);
        assert!(oldest.ends_with(&format!("{open}<i>{}</i></div>", 2 * FULL)));

        let latest = stretches(&cards, Order::Latest);
        assert_eq!(numbers(&latest), (0..=2 * FULL).rev().collect::<Vec<_>>());
        assert!(latest.starts_with(&format!("{open}<i>{}</i></div>{full}", 2 * FULL)));
    }

    #[test]
    fn a_list_without_updates_has_no_stretch() {
        assert_eq!(stretches::<&str>(&[], Order::Oldest), "");
    }
}
