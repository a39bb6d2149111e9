//! The language of an entry's texts.

use serde::{Deserialize, Serialize};

/// A language tag (BCP 47) in its canonical case, as in `pt-BR`. The engine parses tags, with a library
/// that the browser's code does without.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// A tag that was parsed before.
    pub fn known(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is English, the language of the pages' own words.
    pub fn is_english(&self) -> bool {
        self.subtags().next() == Some("en")
    }

    /// The direction that its script is written in, as HTML's `dir` names it: `ltr` or `rtl`. The script is
    /// the one that the tag names, else the usual one of the language (CLDR).
    pub fn direction(&self) -> &'static str {
        /// Scripts written from right to left (ISO 15924).
        const SCRIPTS: &str = "Adlm Arab Aran Hebr Mand Nkoo Rohg Samr Syrc Thaa";
        /// Languages usually written in one of them.
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

/// English, the language of the pages' own words.
impl Default for Language {
    fn default() -> Self {
        Self::known("en")
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
    fn a_language_is_written_in_the_direction_of_its_script() {
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
            assert_eq!(Language::known(tag).direction(), direction, "{tag}");
        }
    }

    #[test]
    fn any_english_is_english() {
        for (tag, is) in [("en", true), ("en-GB", true), ("eng", false), ("ar", false)] {
            assert_eq!(Language::known(tag).is_english(), is, "{tag}");
        }
    }
}
