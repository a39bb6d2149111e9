//! Derives slugs from titles.

use domain::Slug;
use unicode_normalization::UnicodeNormalization as _;

/// The number of characters of a slug reserved for a number at its end, such as `-2`.
const ROOM_FOR_NUMBER: usize = 8;

/// Returns a slug derived from a title in any script, by transliteration; `None` if the title has
/// no letters or digits.
pub fn suggested(title: &str) -> Option<Slug> {
    // Compose accents that are separate characters.
    let title: String = title.nfkc().collect();
    let mut text = String::new();
    for c in deunicode::deunicode(&title).chars() {
        if c.is_ascii_alphanumeric() {
            text.push(c.to_ascii_lowercase());
        } else if !text.is_empty() && !text.ends_with('-') {
            text.push('-');
        }
    }
    Slug::parse(shortened(text.trim_end_matches('-'), Slug::MAX)).ok()
}

/// Returns the first of `slug`, `slug-2`, `slug-3` … that is not in `taken`.
pub fn first_free(slug: &Slug, taken: &[String]) -> Slug {
    let is_free = |slug: &Slug| taken.iter().all(|taken| taken != slug.as_str());
    if is_free(slug) {
        return slug.clone();
    }
    let stem = stem(slug);
    // One more number than there are taken slugs is enough.
    let last = u64::try_from(taken.len())
        .unwrap_or(u64::MAX)
        .saturating_add(2);
    (2..=last)
        .filter_map(|number: u64| Slug::parse(&format!("{stem}-{number}")).ok())
        .find(is_free)
        .unwrap_or_else(|| slug.clone())
}

/// Returns the part before the number in the slugs of [`first_free`].
pub fn stem(slug: &Slug) -> &str {
    shortened(slug.as_str(), Slug::MAX - ROOM_FOR_NUMBER)
}

/// Returns the beginning of a slug, cut between words if possible.
fn shortened(slug: &str, max: usize) -> &str {
    let Some(cut) = slug.get(..max).filter(|cut| cut.len() < slug.len()) else {
        return slug;
    };
    if slug[max..].starts_with('-') {
        return cut;
    }
    cut.rsplit_once('-').map_or(cut, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_of_any_script_become_slugs() {
        for (title, slug) in [
            ("Election night: the count!", "election-night-the-count"),
            (
                "Élection présidentielle : résultats",
                "election-presidentielle-resultats",
            ),
            ("e\u{301}le\u{301}ction", "election"),
            ("Størst i Ålesund", "storst-i-alesund"),
            ("Straße gesperrt", "strasse-gesperrt"),
            ("İstanbul seçimi", "istanbul-secimi"),
            ("Łódź i Kraków", "lodz-i-krakow"),
            ("Þór á Íslandi", "thor-a-islandi"),
            ("Выборы: ход подсчёта", "vybory-khod-podschiota"),
            ("ＦＩＮＡＬ ２０２６", "final-2026"),
        ] {
            assert_eq!(suggested(title).unwrap().as_str(), slug, "{title}");
        }
        let japanese = suggested("日本シリーズ第7戦").unwrap();
        assert!(japanese.as_str().len() > 8, "{japanese}");
        for title in ["…", "–", "\u{10ffff}"] {
            assert_eq!(suggested(title), None, "{title}");
        }
    }

    #[test]
    fn taken_slug_gets_a_number() {
        let slug = Slug::parse("final").unwrap();
        let free = |taken: &[&str]| {
            let taken: Vec<_> = taken.iter().map(ToString::to_string).collect();
            first_free(&slug, &taken).to_string()
        };
        assert_eq!(free(&[]), "final");
        assert_eq!(free(&["final"]), "final-2");
        assert_eq!(free(&["final", "final-2", "final-4"]), "final-3");
        let long = Slug::parse(&"x".repeat(Slug::MAX)).unwrap();
        let numbered = first_free(&long, &[long.to_string()]);
        assert_eq!(
            numbered.as_str(),
            format!("{}-2", "x".repeat(Slug::MAX - ROOM_FOR_NUMBER))
        );
    }

    #[test]
    fn long_title_is_cut_between_words() {
        let slug = suggested(&"a lot of words ".repeat(10)).unwrap();
        assert!(slug.as_str().len() <= Slug::MAX);
        assert!(
            slug.as_str().ends_with("-words") || slug.as_str().ends_with("-lot"),
            "{slug}"
        );
    }

    proptest! {
        #[test]
        fn suggested_slug_is_valid(title in ".*") {
            if let Some(slug) = suggested(&title) {
                prop_assert_eq!(Slug::parse(slug.as_str()).unwrap(), slug);
            }
        }
    }
}
