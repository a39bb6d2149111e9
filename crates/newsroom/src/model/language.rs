//! Parses language tags.

use domain::{Invalid, Language};
use icu_locale_core::LanguageIdentifier;

/// The maximum length of a language tag, in bytes. RFC 5646 (section 4.4.1) requires at least this.
pub const MAX_LENGTH: usize = 35;

/// Parses a language tag (BCP 47: a language, and optionally a script, a region and variants) into
/// its canonical case.
///
/// # Errors
/// Returns a message for the person who entered it.
pub fn parse(tag: &str) -> Result<Language, Invalid> {
    // Accept underscores too, as in POSIX locale names.
    let tag = tag.trim().replace('_', "-");
    // Registered languages have two or three letters; `english` is well-formed but not registered.
    let parsed = LanguageIdentifier::try_from_str(&tag)
        .ok()
        .filter(|parsed| parsed.language.as_str().len() <= 3);
    match parsed {
        Some(parsed) if tag.len() <= MAX_LENGTH => Ok(Language::new_unchecked(parsed.to_string())),
        _ => Err(Invalid::new(
            "language",
            "There is no such language tag. Enter one such as en, ar or pt-BR.",
        )),
    }
}

/// Parses a language tag that may be empty, which means the site's language.
///
/// # Errors
/// See [`parse`].
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
    fn tag_is_converted_to_canonical_case() {
        for (tag, canonical) in [
            ("en", "en"),
            (" AR ", "ar"),
            ("pt-br", "pt-BR"),
            ("PT_br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("de-1996", "de-1996"),
            ("es-419", "es-419"),
            ("ckb", "ckb"),
        ] {
            assert_eq!(parse(tag).unwrap().as_str(), canonical, "{tag}");
        }
    }

    #[test]
    fn invalid_tags_are_rejected() {
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
