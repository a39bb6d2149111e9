//! The language of an entry's text.

use serde::{Deserialize, Serialize};

/// A language tag (BCP 47) in canonical case, such as `pt-BR`. The engine parses tags, with a
/// library that would be too large for the browser.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Creates a language from a tag that was parsed before.
    pub fn new_unchecked(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is English, the language of the user interface.
    pub fn is_english(&self) -> bool {
        self.subtags().next() == Some("en")
    }

    /// Returns the direction of its script as in HTML's `dir` attribute: `ltr` or `rtl`. The script
    /// is the one in the tag, or else the language's usual one (CLDR).
    pub fn direction(&self) -> &'static str {
        /// Scripts written from right to left (ISO 15924).
        const SCRIPTS: &str = "Adlm Arab Aran Hebr Mand Nkoo Rohg Samr Syrc Thaa";
        /// Languages usually written in one of these scripts.
        const LANGUAGES: &str =
            "ar arc azb ckb dv fa glk he ks lrc mzn nqo pnb prs ps rhg sd sdh syr ug ur yi";
        let is_in = |list: &str, subtag| list.split(' ').any(|known| known == subtag);
        let script = self.subtags().skip(1).find(|subtag| {
            let mut bytes = subtag.bytes();
            subtag.len() == 4 && bytes.all(|byte| byte.is_ascii_alphabetic())
        });
        let is_rtl = match script {
            Some(script) => is_in(SCRIPTS, script),
            None => self
                .subtags()
                .next()
                .is_some_and(|language| is_in(LANGUAGES, language)),
        };
        if is_rtl { "rtl" } else { "ltr" }
    }

    fn subtags(&self) -> impl Iterator<Item = &str> {
        self.0.split('-')
    }
}

/// English, the language of the user interface.
impl Default for Language {
    fn default() -> Self {
        Self::new_unchecked("en")
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_follows_from_the_script() {
        for (tag, direction) in [
            ("en", "ltr"),
            ("ar", "rtl"),
            ("ar-EG", "rtl"),
            ("he", "rtl"),
            ("fa-IR", "rtl"),
            ("ja", "ltr"),
            ("az-Arab", "rtl"),
            ("ku-Latn", "ltr"),
            ("ks-Deva", "ltr"),
            ("de-1996", "ltr"),
            ("und", "ltr"),
        ] {
            assert_eq!(Language::new_unchecked(tag).direction(), direction, "{tag}");
        }
    }

    #[test]
    fn every_variety_of_english_is_english() {
        for (tag, is) in [("en", true), ("en-GB", true), ("eng", false), ("ar", false)] {
            assert_eq!(Language::new_unchecked(tag).is_english(), is, "{tag}");
        }
    }
}
