//! The word filter: words and phrases that hold a message.

use std::collections::HashMap;

use domain::hygiene;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::nick::folded;

/// Words and phrases, in the form in which look-alikes are equal.
#[derive(Clone, Debug, Default)]
pub struct WordFilter {
    /// The phrases by their first word, without it.
    phrases: HashMap<String, Vec<Vec<String>>>,
}

impl WordFilter {
    /// Creates the filter of words and phrases in the form of [`folded_words`], which are separated
    /// by spaces.
    pub fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let mut filter = Self::default();
        for phrase in phrases {
            let mut words = phrase.split(' ').map(str::to_owned);
            if let Some(first) = words.next().filter(|first| !first.is_empty()) {
                let rest = words.collect();
                filter.phrases.entry(first).or_default().push(rest);
            }
        }
        filter
    }

    /// Returns whether a text contains a word or a phrase. Only whole words are compared, by the
    /// boundaries of Unicode Standard Annex 29.
    pub fn matches(&self, text: &str) -> bool {
        if self.phrases.is_empty() {
            return false;
        }
        let words = folded_words(text);
        (0..words.len()).any(|at| {
            let phrases = self.phrases.get(&words[at]);
            let rest = &words[at + 1..];
            phrases.is_some_and(|phrases| phrases.iter().any(|it| rest.starts_with(it)))
        })
    }
}

/// Returns the words of a text, each in the form in which look-alikes are equal. Invisible
/// characters are removed first, because some of them separate words.
pub fn folded_words(text: &str) -> Vec<String> {
    let visible = text
        .chars()
        .filter(|&c| c.is_whitespace() || hygiene::is_visible(c));
    let joined = |c: char| matches!(c, '_' | '.' | ':' | '\u{b7}' | '\u{2024}' | '\u{2027}');
    let text: String = visible
        .nfkc()
        // Letters are not separated at these characters, which would hide a word.
        .map(|c| if joined(c) { ' ' } else { c })
        .collect();
    // Upper case first: it has no letters, such as ß, that lower case would not compare.
    let words = text
        .unicode_words()
        .map(|word| folded(&word.to_uppercase()));
    words.filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filter(words: &[&str]) -> WordFilter {
        let folded: Vec<_> = words.iter().map(|it| folded_words(it).join(" ")).collect();
        WordFilter::new(folded.iter().map(String::as_str))
    }

    #[test]
    fn whole_words_are_found() {
        let filter = filter(&["bad", "two words", "Straße", "笨蛋", "don't"]);
        for text in [
            "bad",
            "This is BAD!",
            "(bad)",
            "a,bad.",
            "bad-tempered",
            "_bad_",
            "bad.idea",
            "*bad*",
            "b\u{430}d",
            "b\u{200b}ad",
            "b\u{ad}a\u{200d}d",
            "ｂａｄ",
            "𝐛𝐚𝐝",
            "|bad|",
            "these two  words",
            "TWO\nWORDS",
            "two, words",
            "die STRASSE",
            "你是笨蛋吗",
            "I don't",
        ] {
            assert!(filter.matches(text), "{text:?}");
        }
    }

    #[test]
    fn parts_of_words_are_not_found() {
        let filter = filter(&["cunt", "ass", "bad", "two words"]);
        for text in [
            "",
            "Scunthorpe",
            "class assess",
            "badly",
            "abad",
            "bad1",
            "two other words",
            "words two",
            "two wordsmiths",
            "1two words1",
        ] {
            assert!(!filter.matches(text), "{text:?}");
        }
        assert!(!WordFilter::default().matches("anything"));
        assert!(!WordFilter::new(["", " "]).matches("anything"));
    }

    proptest! {
        #[test]
        fn word_is_found_wherever_it_is(
            before in "[a-z]{0,5}( [a-z]{1,8}){0,3}",
            word in "[a-z]{1,10}",
            after in "([a-z]{1,8} ){0,3}[a-z]{0,5}",
            marks in "[!?,;()\"*-]{0,3}",
        ) {
            let filter = filter(&[&word]);
            let text = format!("{before} {marks}{word}{marks} {after}");
            prop_assert!(filter.matches(&text), "{text}");
        }

        #[test]
        fn only_equal_words_are_found(word in "[a-z]{1,6}", text in "[a-z]{1,6}( [a-z]{1,6}){0,5}") {
            let is_there = text.split(' ').any(|it| folded(it) == folded(&word));
            prop_assert_eq!(filter(&[&word]).matches(&text), is_there);
        }

        #[test]
        fn any_text_is_read(word in ".{1,20}", text in ".{0,200}") {
            filter(&[&word]).matches(&text);
        }
    }
}
