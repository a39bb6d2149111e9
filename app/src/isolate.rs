//! Text that people wrote, where no markup can keep its direction to itself: in titles of documents and in
//! attributes.

/// Begins a text of its own direction, which is that of its first letter (Unicode Standard Annex 9).
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Ends it.
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Returns `text` so that it turns nothing around: text from right to left stands between isolating
/// characters, without the characters that would end them early.
pub fn isolated(text: &str) -> String {
    if !text.chars().any(may_turn) {
        return text.to_owned();
    }
    let mut isolated = String::from(FIRST_STRONG_ISOLATE);
    isolated.extend(text.chars().filter(|&c| !is_control(c)));
    isolated.push(POP_DIRECTIONAL_ISOLATE);
    isolated
}

/// Whether a character may change the direction of those beside it: one of a script that is written from
/// right to left, or one that says so.
const fn may_turn(c: char) -> bool {
    is_control(c)
        || matches!(
            c,
            '\u{590}'..='\u{8ff}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{fb1d}'..='\u{fdff}'
                | '\u{fe70}'..='\u{fefc}'
                | '\u{10800}'..='\u{10fff}'
                | '\u{1e800}'..='\u{1efff}'
        )
}

/// Whether a character begins or ends an embedding, an override or an isolate.
const fn is_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_may_turn_is_isolated() {
        for (text, kept) in [
            ("Final: 2–1, Żółć", "Final: 2–1, Żółć"),
            ("日本シリーズ第7戦", "日本シリーズ第7戦"),
            ("مباشر: 2026", "\u{2068}مباشر: 2026\u{2069}"),
            ("Derby חיפה", "\u{2068}Derby חיפה\u{2069}"),
            ("abc\u{202e}def", "\u{2068}abcdef\u{2069}"),
            ("abc\u{2069}def\u{2067}", "\u{2068}abcdef\u{2069}"),
        ] {
            assert_eq!(isolated(text), kept);
        }
    }
}
