//! Rejects new usernames that look like other ones.

use domain::{Invalid, Username};
use unicode_normalization::is_nfc;
use unicode_security::MixedScript;

/// Rejects a name that mixes scripts (a Cyrillic `а` among Latin letters looks like the Latin one),
/// or contains a character with another canonical form (an Ångström sign for the letter Å). Accepts
/// what Unicode considers a single script, such as a Japanese name in kanji and kana.
///
/// Only new names are checked. Accounts created by an earlier version keep their names.
///
/// # Errors
/// Returns a message for the person who chose it.
pub fn reject_confusable(username: &Username) -> Result<(), Invalid> {
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
    fn names_of_one_script_are_accepted() {
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
            reject_confusable(&Username::parse(name).unwrap()).unwrap();
        }
    }

    #[test]
    fn names_that_look_like_others_are_rejected() {
        // With a Cyrillic а, a Greek ο, and an Ångström sign.
        for name in ["\u{430}nna", "\u{3bf}tto", "\u{212b}sa"] {
            reject_confusable(&Username::parse(name).unwrap()).unwrap_err();
        }
    }
}
