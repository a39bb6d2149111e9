//! Language tags, as people write them.

use domain::{Invalid, Language};
use icu_locale_core::LanguageIdentifier;

/// The longest language tag, in bytes: what RFC 5646 (section 4.4.1) asks for.
pub const MAX_LENGTH: usize = 35;

/// Parses a language tag (BCP 47: a language, and if needed a script, a region and variants), and writes it
/// in its canonical case.
///
/// # Errors
/// With a sentence for the person who typed it, if it is no such tag.
pub fn parse(tag: &str) -> Result<Language, Invalid> {
    // Programs write an underscore, too, as in the names of POSIX locales.
    let tag = tag.trim().replace('_', "-");
    // Registered languages have two or three letters; `english` would be well-formed, and name none.
    let parsed = LanguageIdentifier::try_from_str(&tag)
        .ok()
        .filter(|parsed| parsed.language.as_str().len() <= 3);
    match parsed {
        Some(parsed) if tag.len() <= MAX_LENGTH => Ok(Language::new_unchecked(parsed.to_string())),
        _ => Err(Invalid::new(
            "language",
            "There is no such language tag; write one like en, ar or pt-BR.",
        )),
    }
}

/// Parses a language tag that may be left empty: then the entry has the site's language.
///
/// # Errors
/// As [`parse`].
pub fn parse_if_any(tag: &str) -> Result<Option<Language>, Invalid> {
    match tag.trim() {
        "" => Ok(None),
        tag => parse(tag).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_spelling() {
        for (tag, spelled) in [
            ("en", "en"),
            (" AR ", "ar"),
            ("pt-br", "pt-BR"),
            ("PT_br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("de-1996", "de-1996"),
            ("es-419", "es-419"),
            ("ckb", "ckb"),
        ] {
            assert_eq!(parse(tag).unwrap().as_str(), spelled, "{tag}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for tag in [
            "english",
            "e",
            "en-",
            "-en",
            "en us",
            "en-US-",
            "ar\u{202e}",
            "<b>",
            "1",
            "de-1996-1901-scouse-fonipa-rozaj-biske",
        ] {
            let refused = parse(tag).unwrap_err();
            assert_eq!(refused.field, "language", "{tag}");
        }
        assert_eq!(parse_if_any("  "), Ok(None));
    }
}
