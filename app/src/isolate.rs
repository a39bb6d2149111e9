//! Isolation of text directions where no markup can do it: in document titles and in attributes.

/// Begins a text with a direction of its own, which its first letter decides (Unicode Standard
/// Annex 9).
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Ends such a text.
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Isolates `text` from the text around it if its direction may differ. Removes characters that
/// would end the isolation early.
pub fn isolated(text: &str) -> String {
    if !text.chars().any(affects_direction) {
        return text.to_owned();
    }
    let mut isolated = String::from(FIRST_STRONG_ISOLATE);
    isolated.extend(text.chars().filter(|&c| !is_control(c)));
    isolated.push(POP_DIRECTIONAL_ISOLATE);
    isolated
}

/// Returns whether a character may change the direction of its neighbors: it belongs to a script
/// that is written from right to left, or it controls the direction.
const fn affects_direction(c: char) -> bool {
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

/// Returns whether a character begins or ends an embedding, an override or an isolate.
const fn is_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_another_direction_is_isolated() {
        for (text, expected) in [
            ("Final: 2–1, Żółć", "Final: 2–1, Żółć"),
            ("日本シリーズ第7戦", "日本シリーズ第7戦"),
            ("مباشر: 2026", "\u{2068}مباشر: 2026\u{2069}"),
            ("Derby חיפה", "\u{2068}Derby חיפה\u{2069}"),
            ("abc\u{202e}def", "\u{2068}abcdef\u{2069}"),
            ("abc\u{2069}def\u{2067}", "\u{2068}abcdef\u{2069}"),
        ] {
            assert_eq!(isolated(text), expected);
        }
    }
}
