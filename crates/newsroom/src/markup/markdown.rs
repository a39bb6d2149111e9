//! Markdown to HTML, within bounds: what is counted are the parser's events, before the HTML of them
//! is written.

use pulldown_cmark::{Event, Options, Parser};

use super::limits::{Exceeded, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, MAX_MARKERS};

/// The HTML that `source` says, not yet safe.
///
/// # Errors
/// The bound that is exceeded.
pub fn to_html(source: &str) -> Result<String, Exceeded> {
    // The parser looks through all open containers at each line.
    if source.lines().any(|line| markers(line) > MAX_MARKERS) {
        return Err(Exceeded::Depth);
    }
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut budget = Budget::default();
    let events = Parser::new_ext(source, options).map_while(|event| {
        budget.take(&event);
        budget.exceeded.is_none().then_some(event)
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    match budget.exceeded {
        Some(bound) => Err(bound),
        // Quotation marks are written in six bytes here, and in one in the end.
        None if html.len() > 2 * MAX_BYTES => Err(Exceeded::Bytes),
        None => Ok(html),
    }
}

/// How many containers a line opens at most. A rule (`- - -`) opens none.
fn markers(line: &str) -> usize {
    let rule = rule_start(line);
    let mut count = 0;
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if line.len() - rest.len() >= rule {
            return count;
        }
        let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = if after.len() < rest.len() {
            after.strip_prefix(['.', ')'])
        } else if let Some(quoted) = rest.strip_prefix('>') {
            rest = quoted;
            count += 1;
            continue;
        } else {
            rest.strip_prefix(['-', '+', '*'])
        };
        match bare {
            Some(item) if item.is_empty() || item.starts_with([' ', '\t']) => {
                rest = item;
                count += 1;
            }
            _ => return count,
        }
    }
}

/// Where the rule at the end of a line begins: only one of `-` and `*`, and blanks, follow.
fn rule_start(line: &str) -> usize {
    let blank = [' ', '\t'];
    match line.trim_end_matches(blank).chars().next_back() {
        Some(mark @ ('-' | '*')) => line
            .trim_end_matches(|c| c == mark || blank.contains(&c))
            .len(),
        _ => line.len(),
    }
}

/// What was counted so far.
#[derive(Default)]
struct Budget {
    depth: usize,
    elements: usize,
    exceeded: Option<Exceeded>,
}

impl Budget {
    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(_) => {
                self.depth += 1;
                self.elements += 1;
            }
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Code(_) | Event::HardBreak | Event::Rule => self.elements += 1,
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            self.exceeded = Some(Exceeded::Depth);
        } else if self.elements > MAX_ELEMENTS {
            self.exceeded = Some(Exceeded::Elements);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_that_a_line_opens_are_counted() {
        for (line, count) in [
            ("", 0),
            ("text - and > more", 0),
            ("- a", 1),
            ("-a", 0),
            ("> > - 1. 2) * + a", 7),
            (">>>a", 3),
            ("  -\t>a", 2),
            ("- - - -", 0),
            ("* * a", 2),
            ("> - - -", 1),
            ("2026 was", 0),
            ("-", 0),
            ("+ + +", 3),
        ] {
            assert_eq!(markers(line), count, "{line:?}");
        }
    }

    #[test]
    fn a_long_rule_is_no_nesting() {
        assert_eq!(to_html(&"- ".repeat(1_000)), Ok("<hr />\n".to_owned()));
        assert_eq!(to_html(&"* ".repeat(1_000)), Ok("<hr />\n".to_owned()));
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = |n: usize| "> ".repeat(n) + "a";
        // The paragraph is one level, too.
        assert!(to_html(&deep(MAX_DEPTH - 1)).is_ok());
        assert_eq!(to_html(&deep(MAX_DEPTH)), Err(Exceeded::Depth));
        assert_eq!(to_html(&deep(20_000)), Err(Exceeded::Depth));
        let by_indentation = (0..60).fold(String::new(), |text, n| {
            format!("{text}{}- a\n", "  ".repeat(n))
        });
        assert_eq!(to_html(&by_indentation), Err(Exceeded::Depth));
    }

    #[test]
    fn elements_are_bounded() {
        assert_eq!(
            to_html(&"a\n\n".repeat(MAX_ELEMENTS + 1)),
            Err(Exceeded::Elements)
        );
        let wide = format!(
            "{}\n{}\n{}",
            "a|".repeat(200),
            "-|".repeat(200),
            "a|\n".repeat(100)
        );
        assert_eq!(
            to_html(&wide),
            Err(Exceeded::Elements),
            "rows are filled up with cells"
        );
    }
}
