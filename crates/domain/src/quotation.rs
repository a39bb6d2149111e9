//! A reader's message as a quotation in an update.

/// Returns the Markdown that quotes `text`, the plain text of a message, with its author's name. It
/// is rendered as it was written: nothing in it is Markdown, but web addresses are links.
pub fn quote_message(nick: &str, text: &str) -> String {
    let mut quoted = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !quoted.is_empty() {
            // A line break.
            quoted.push_str("\\\n");
        }
        quoted.push_str("> ");
        push_literally(&mut quoted, line);
    }
    quoted.push_str("\n>\n> — ");
    push_literally(&mut quoted, nick);
    quoted.push_str(", in the chat");
    quoted
}

/// Appends a line of plain text in Markdown.
fn push_literally(markdown: &mut String, line: &str) {
    for (at, word) in line.split(' ').enumerate() {
        if at > 0 {
            markdown.push(' ');
        }
        if word.starts_with("https://") || word.starts_with("http://") {
            markdown.push_str(word);
            continue;
        }
        // Some have a meaning only at the beginning of a line. There, a number with a point or a
        // bracket begins a list.
        let is_first = at == 0;
        for c in word.chars() {
            let is_special = match c {
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '!' | '$' => {
                    true
                }
                '#' | '+' | '-' | '=' | '.' | ')' | ':' => is_first,
                _ => false,
            };
            if is_special {
                markdown.push('\\');
            }
            markdown.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_is_quoted_with_its_author() {
        for (text, quoted) in [
            ("What a goal!", "> What a goal\\!\n>\n> — ann, in the chat"),
            ("One\n\n Two", "> One\\\n> Two\n>\n> — ann, in the chat"),
            (
                "*See* https://example.org/a_b_c",
                "> \\*See\\* https://example.org/a_b_c\n>\n> — ann, in the chat",
            ),
            ("1. e4 e5", "> 1\\. e4 e5\n>\n> — ann, in the chat"),
            ("# - <b>", "> \\# - \\<b\\>\n>\n> — ann, in the chat"),
        ] {
            assert_eq!(quote_message("ann", text), quoted);
        }
        assert!(quote_message("a*b", "x").ends_with("— a\\*b, in the chat"));
    }
}
