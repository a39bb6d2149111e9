//! Text hygiene: the cleaning of all incoming text, whether from forms, the API or the command
//! line.
//!
//! Text pasted from slides, PDFs, spreadsheets and old systems contains invisible characters.
//! [`clean`] normalizes line breaks, decodes Windows-1252 leftovers and removes other control
//! characters; it accepts any text and is idempotent.

/// Returns `text` without byte order marks and control characters.
///
/// - CR LF, CR, U+000B, U+000C, U+0085, U+2028 and U+2029 become `\n`.
/// - U+0080 to U+009F are decoded as Windows-1252, since programs that write them mean that.
/// - U+FEFF and all other control characters except the tab are removed, including NUL, which
///   PostgreSQL can't store.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut after_cr = false;
    for c in text.chars() {
        let is_second_half = after_cr && c == '\n';
        after_cr = c == '\r';
        match c {
            '\n' if is_second_half => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                cleaned.push('\n');
            }
            '\u{80}'..='\u{9f}' => cleaned.extend(windows_1252(c)),
            '\t' => cleaned.push('\t'),
            '\u{feff}' => {}
            c if c.is_control() => {}
            c => cleaned.push(c),
        }
    }
    cleaned
}

/// Returns `text` cleaned and trimmed as a single line: line breaks and tabs become spaces. Open
/// directional formatting is closed, so that it doesn't affect the text after it in a title, a list
/// or a notification.
pub fn clean_line(text: &str) -> String {
    let line: String = clean(text)
        .chars()
        .map(|c| if matches!(c, '\n' | '\t') { ' ' } else { c })
        .collect();
    close_directions(&line).trim().to_owned()
}

/// Returns `text` cleaned, without blank lines at the start and white space at the end. The first
/// line keeps its indentation, which is significant in Markdown.
pub fn clean_text(text: &str) -> String {
    let cleaned = clean(text);
    let trimmed = cleaned.trim_end();
    let first = trimmed.find(|c: char| !c.is_whitespace()).unwrap_or(0);
    let line = trimmed[..first].rfind('\n').map_or(0, |end| end + 1);
    trimmed[line..].to_owned()
}

/// Returns the character at `c` in Windows-1252, if U+0080 to U+009F has one.
fn windows_1252(c: char) -> Option<char> {
    const HIGH: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let at = u32::from(c).checked_sub(0x80)?;
    let character = *HIGH.get(usize::try_from(at).ok()?)?;
    (character != '\0').then_some(character)
}

/// Returns whether `text` contains a visible character.
pub fn has_visible_char(text: &str) -> bool {
    text.chars().any(is_visible)
}

/// Returns whether `c` is visible. White space, format characters and fillers are not: Unicode's
/// `White_Space` and `Default_Ignorable_Code_Point`, interlinear annotation, and the blank Braille
/// pattern.
pub fn is_visible(c: char) -> bool {
    !(c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'))
}

/// Returns whether `c` begins or ends directional formatting. The marks U+200E, U+200F and U+061C
/// are not included, since they have no scope.
pub const fn is_directional_formatting(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns `text` with every embedding, override and isolate closed. Unmatched closing characters
/// are removed.
pub fn close_directions(text: &str) -> String {
    const POP_FORMATTING: char = '\u{202c}';
    const POP_ISOLATE: char = '\u{2069}';
    let mut closed = String::with_capacity(text.len());
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => open.push(POP_FORMATTING),
            '\u{2066}'..='\u{2068}' => open.push(POP_ISOLATE),
            // Doesn't close an isolate that was opened after the matching embedding.
            POP_FORMATTING => {
                if open.last() != Some(&POP_FORMATTING) {
                    continue;
                }
                open.pop();
            }
            // Also closes what was opened inside the isolate.
            POP_ISOLATE => {
                let Some(at) = open.iter().rposition(|&end| end == POP_ISOLATE) else {
                    continue;
                };
                closed.extend(open.drain(at + 1..).rev());
                open.pop();
            }
            _ => {}
        }
        closed.push(c);
    }
    closed.extend(open.into_iter().rev());
    closed
}

/// Returns the position of the byte offset `at` for an error message: `line 2, column 5`, or
/// `character 5` in a text of one line.
pub fn position(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    if text.contains('\n') {
        format!("line {line}, column {column}")
    } else {
        format!("character {column}")
    }
}

/// Returns `c` for an error message: in quotation marks, or as a code point if it is invisible.
pub fn quoted(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if is_visible(c) => format!("“{c}”"),
        c => format!("U+{:04X}", u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_removed_or_decoded() {
        for (text, cleaned) in [
            ("\u{feff}# Result", "# Result"),
            ("Goal\u{b}by Baker", "Goal\nby Baker"),
            ("It\u{92}s over", "It’s over"),
            (
                "\u{93}Yes\u{94} \u{80}5 \u{96} \u{81}\u{9d}now",
                "“Yes” €5 – now",
            ),
            (
                "one\rtwo\r\nthree\nfour\n\rfive",
                "one\ntwo\nthree\nfour\n\nfive",
            ),
            ("a\u{0}b\u{7f}c", "abc"),
            ("\u{1b}[31mred", "[31mred"),
            ("a\u{85}b\u{2028}c\u{2029}d\u{c}e", "a\nb\nc\nd\ne"),
            ("tab\tstays", "tab\tstays"),
            ("\u{200d}\u{ad}stay", "\u{200d}\u{ad}stay"),
        ] {
            assert_eq!(clean(text), cleaned, "{text:?}");
        }
    }

    #[test]
    fn line_breaks_become_spaces_in_a_line() {
        assert_eq!(
            clean_line(" Final\u{85}2026\tat\r\nhome\n"),
            "Final 2026 at home"
        );
    }

    #[test]
    fn first_line_keeps_its_indentation() {
        assert_eq!(
            clean_text("\r\n \n    06:10 gates\n    07:00 start \n\n"),
            "    06:10 gates\n    07:00 start"
        );
        assert_eq!(clean_text("  \n "), "");
        assert_eq!(clean_text("  x"), "  x");
    }

    #[test]
    fn invisible_text_is_recognized() {
        for text in [
            "",
            " \n\t",
            "\u{200b}",
            "\u{2060}\u{feff}",
            "\u{3164}",
            "\u{2800}",
            "\u{ad}",
            "\u{200d}",
            "\u{34f}",
            "\u{180e}",
            "\u{115f}",
            "\u{61c}",
            "\u{a0}",
            "\u{e0041}",
            "\u{202e}\u{202c}",
            "\u{fe0f}",
            "\u{ffa0}",
            "\u{3000}",
        ] {
            assert!(!has_visible_char(text), "{text:?}");
        }
        for text in ["a", ".", "\u{200b}x", "👩\u{200d}🚒", "ㅤ한", "\u{301}", "⠁"] {
            assert!(has_visible_char(text), "{text:?}");
        }
    }

    #[test]
    fn open_directions_are_closed_at_the_end() {
        for (text, closed) in [
            ("abc\u{202e}def", "abc\u{202e}def\u{202c}"),
            ("\u{2067}a\u{202e}b", "\u{2067}a\u{202e}b\u{202c}\u{2069}"),
            (
                "\u{2067}a\u{202e}b\u{2069}c",
                "\u{2067}a\u{202e}b\u{202c}\u{2069}c",
            ),
            ("a\u{202c}b\u{2069}", "ab"),
            (
                "\u{202a}a\u{2066}b\u{202c}",
                "\u{202a}a\u{2066}b\u{2069}\u{202c}",
            ),
            ("\u{200f}(2–1)", "\u{200f}(2–1)"),
        ] {
            assert_eq!(close_directions(text), closed, "{text:?}");
        }
    }

    #[test]
    fn positions_count_from_one() {
        assert_eq!(position("ab c", 2), "character 3");
        assert_eq!(position("é\nab c", 5), "line 2, column 3");
    }

    /// Generates texts in which special characters are frequent.
    fn odd_text() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(
            "\r\n\u{b}\u{c}\u{85}\u{2028}\u{2029}\u{feff}\0\u{80}\u{8d}\u{92}\u{200b}\u{202e}\u{202c}\u{2066}\u{2069} \ta<&"
                .chars()
                .collect::<Vec<_>>(),
        );
        let character = prop_oneof![4 => odd, 1 => any::<char>()];
        prop::collection::vec(character, 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent(text in odd_text()) {
            for way in [clean, clean_line, clean_text] {
                let once = way(&text);
                prop_assert_eq!(way(&once), once);
            }
        }

        #[test]
        fn only_line_breaks_and_tabs_remain_of_control_characters(text in odd_text()) {
            prop_assert!(clean(&text).chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
            prop_assert!(clean_line(&text).chars().all(|c| !c.is_control()));
        }

        #[test]
        fn letters_are_kept(text in "[a-zäß日\u{5d0}0-9 .\n]{0,40}") {
            prop_assert_eq!(clean(&text), text);
        }
    }
}
