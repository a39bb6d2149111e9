//! Which names a new account may have, so that no two look alike on a page.

use domain::{Invalid, Username};
use unicode_normalization::is_nfc;
use unicode_security::MixedScript;

/// Refuses a name that mixes scripts (a Cyrillic `а` among Latin letters reads as the Latin one), or holds a character
/// that has another, usual form (an Ångström sign for the letter Å). What Unicode calls a single script is taken: a
/// Japanese name may be written in kanji and kana.
///
/// Only new names are checked: an account of an earlier release keeps its name.
///
/// # Errors
/// With a sentence for the person who chose it.
pub fn refuse_confusable(username: &Username) -> Result<(), Invalid> {
    let name = username.as_str();
    if name.is_single_script() && is_nfc(name) {
        return Ok(());
    }
    Err(Invalid::new(
        "username",
        "The username mixes letters of different scripts, which look alike. Use the letters of one script.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_script_are_taken() {
        for name in [
            "ann",
            "Änna-2",
            "o.brian_42",
            "Анна",
            "Ελένη",
            "山田たろう",
            "ジョン",
            "김철수",
            "عمر",
            "42",
        ] {
            refuse_confusable(&Username::parse(name).unwrap()).unwrap();
        }
    }

    #[test]
    fn names_that_look_like_others_are_refused() {
        // A Cyrillic а, a Greek ο, and an Ångström sign.
        for name in ["\u{430}nna", "\u{3bf}tto", "\u{212b}sa"] {
            refuse_confusable(&Username::parse(name).unwrap()).unwrap_err();
        }
    }
}
