//! The form of names in which look-alikes are equal.

use domain::hygiene;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// Returns `name` in the form in which names that look alike are equal: compatibility forms and
/// case are folded, look-alike letters are replaced (Unicode Technical Standard 39, section 4), and
/// spaces and invisible characters are removed. An `i` becomes an `l`, because a capital I looks
/// like one.
pub fn folded(name: &str) -> String {
    let lower: String = name.nfkc().collect::<String>().to_lowercase();
    // The table maps some characters to capital letters: the digit 0 to O.
    let similar = skeleton(&lower).collect::<String>().to_lowercase();
    similar
        .chars()
        .filter(|&c| hygiene::is_visible(c))
        .map(|c| if c == 'i' { 'l' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_equal() {
        for (one, other) in [
            ("Ann", "ann"),
            ("ann", "\u{430}nn"),
            ("paypal", "p\u{430}yp\u{430}l"),
            ("Otto", "0tt0"),
            ("Ａｎｎ", "ann"),
            ("ann bee", "annbee"),
            ("Paul", "PauI"),
            ("paul", "PAUI"),
            ("Ian", "lan"),
            ("modern", "modem"),
            ("\u{212b}sa", "Åsa"),
            ("❤\u{fe0f}", "❤"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("ann", "anna"), ("山田", "山口"), ("Åsa", "asa")] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn folding_is_idempotent() {
        for name in ["Ann", "0tt0", "Ａ\u{430}m", "Straße", "I", "ǅ"] {
            assert_eq!(folded(&folded(name)), folded(name), "{name}");
        }
    }
}
