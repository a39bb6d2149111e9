//! Markdown formatting of the selected text: what the toolbar's buttons and shortcuts do.

use std::ops::Range;

/// A button of the toolbar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Strong emphasis.
    Bold,
    /// Emphasis.
    Italic,
    /// A link.
    Link,
    /// A block quotation.
    Quote,
    /// A bulleted list.
    List,
    /// Code, inline or as a block.
    Code,
}

impl Format {
    /// All formats, in the toolbar's order.
    pub const ALL: [Self; 6] = [
        Self::Bold,
        Self::Italic,
        Self::Link,
        Self::Quote,
        Self::List,
        Self::Code,
    ];
}

/// A text and its selection, as positions in its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// The whole text.
    pub text: &'a str,
    /// The selected part; empty at the caret.
    pub range: Range<usize>,
}

/// A change of a text: what is replaced by what, and what is selected afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The part that is replaced.
    pub range: Range<usize>,
    /// What it is replaced by.
    pub with: String,
    /// What is selected afterwards, as positions in the new text.
    pub select: Range<usize>,
}

/// Returns how `format` changes the selected text. Applying it twice restores the text, except for
/// links.
pub fn format(selection: &Selection, format: Format) -> Replacement {
    match format {
        Format::Bold => surround(selection, "**"),
        Format::Italic => surround(selection, "_"),
        Format::Code if selection.selected().contains('\n') => fence(selection),
        Format::Code => surround(selection, "`"),
        Format::Link => link(selection),
        Format::Quote => prefix_lines(selection, "> "),
        Format::List => prefix_lines(selection, "- "),
    }
}

/// Returns the link that replaces the selected text when `pasted` is pasted over it: `None` unless
/// `pasted` is a URL and the selection is a text to link.
pub fn paste_link(selection: &Selection, pasted: &str) -> Option<Replacement> {
    let url = pasted.trim();
    let selected = selection.selected();
    let is_text = !selected.trim().is_empty() && !selected.contains('\n') && !is_url(selected);
    (is_url(url) && is_text).then(|| {
        let with = format!("[{selected}]({})", link_target(url));
        let end = selection.range.start + with.len();
        Replacement {
            range: selection.range.clone(),
            with,
            select: end..end,
        }
    })
}

impl Selection<'_> {
    fn selected(&self) -> &str {
        &self.text[self.range.clone()]
    }

    /// Returns the range of the lines that the selection touches.
    fn lines(&self) -> Range<usize> {
        let Range { start, end } = self.range;
        let start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[end..]
            .find('\n')
            .map_or(self.text.len(), |at| end + at);
        start..end
    }
}

/// Returns whether a text is one web address.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !text.contains(char::is_whitespace))
}

/// Returns a URL as the target of a Markdown link: brackets in it would end the link.
fn link_target(url: &str) -> String {
    url.replace('(', "%28")
        .replace(')', "%29")
        .replace('<', "%3C")
        .replace('>', "%3E")
}

/// Puts `mark` before and after the selection, without the spaces around it, or removes it.
fn surround(selection: &Selection, mark: &str) -> Replacement {
    let Range { start, end } = selection.range;
    let (before, after) = (&selection.text[..start], &selection.text[end..]);
    let selected = selection.selected();
    let length = mark.len();
    if before.ends_with(mark) && after.starts_with(mark) {
        return Replacement {
            range: start - length..end + length,
            with: selected.to_owned(),
            select: start - length..end - length,
        };
    }
    let inner = selected
        .strip_prefix(mark)
        .and_then(|rest| rest.strip_suffix(mark));
    if let Some(inner) = inner {
        return Replacement {
            range: start..end,
            with: inner.to_owned(),
            select: start..start + inner.len(),
        };
    }
    let text = selected.trim();
    let leading = selected.len() - selected.trim_start().len();
    let range = start + leading..start + leading + text.len();
    Replacement {
        with: [mark, text, mark].concat(),
        select: range.start + length..range.end + length,
        range,
    }
}

/// Puts the selected lines into a block of code, or takes them out of it.
fn fence(selection: &Selection) -> Replacement {
    const FENCE: &str = "```";
    let range = selection.lines();
    let lines = &selection.text[range.clone()];
    let fenced = lines
        .strip_prefix("```\n")
        .and_then(|rest| rest.strip_suffix("\n```"));
    let with = match fenced {
        Some(inner) => inner.to_owned(),
        None => [FENCE, lines, FENCE].join("\n"),
    };
    Replacement {
        select: range.start..range.start + with.len(),
        range,
        with,
    }
}

/// Makes the selection a link's text and selects the place of its address. A selected address
/// becomes the link's target.
fn link(selection: &Selection) -> Replacement {
    let selected = selection.selected();
    let start = selection.range.start;
    let (with, select) = if is_url(selected) {
        let with = format!("[]({})", link_target(selected));
        (with, start + 1..start + 1)
    } else if selected.is_empty() {
        ("[](https://)".to_owned(), start + 1..start + 1)
    } else {
        let with = format!("[{selected}](https://)");
        let target = start + selected.len() + "[](".len();
        (with, target..target + "https://".len())
    };
    Replacement {
        range: selection.range.clone(),
        with,
        select,
    }
}

/// Puts `prefix` before each line of the selection, or removes it if each line has it.
fn prefix_lines(selection: &Selection, prefix: &str) -> Replacement {
    let range = selection.lines();
    let lines = &selection.text[range.clone()];
    let has_prefix = lines.split('\n').all(|line| line.starts_with(prefix));
    let changed = lines.split('\n').map(|line| {
        if has_prefix {
            line[prefix.len()..].to_owned()
        } else {
            [prefix, line].concat()
        }
    });
    let with = changed.collect::<Vec<_>>().join("\n");
    let end = range.start + with.len();
    let select = if selection.range.is_empty() {
        end..end
    } else {
        range.start..end
    };
    Replacement {
        range,
        with,
        select,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies `change` to `text`, in which `|` marks the ends of the selection. Returns the new
    /// text, marked in the same way.
    fn apply(marked: &str, change: impl Fn(&Selection) -> Replacement) -> String {
        let start = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let end = marked.rfind('|').unwrap() - usize::from(marked.matches('|').count() == 2);
        let selection = Selection {
            text: &text,
            range: start..end,
        };
        let Replacement {
            range,
            with,
            select,
        } = change(&selection);
        let mut result = text.clone();
        result.replace_range(range, &with);
        result.insert(select.end, '|');
        if !select.is_empty() {
            result.insert(select.start, '|');
        }
        result
    }

    fn formatted(marked: &str, kind: Format) -> String {
        apply(marked, |selection| format(selection, kind))
    }

    #[test]
    fn selection_is_surrounded_and_restored() {
        for (kind, before, after) in [
            (Format::Bold, "a |goal| b", "a **|goal|** b"),
            (Format::Italic, "|größer|", "_|größer|_"),
            (Format::Code, "x |y| z", "x `|y|` z"),
        ] {
            assert_eq!(formatted(before, kind), after);
            assert_eq!(formatted(after, kind), before);
        }
        assert_eq!(formatted("|**goal**|", Format::Bold), "|goal|");
    }

    #[test]
    fn each_format_changes_an_empty_text_and_keeps_the_caret_in_it() {
        for kind in Format::ALL {
            let after = formatted("|", kind);
            assert!(after.len() > 1 && after.contains('|'), "{after}");
        }
    }

    #[test]
    fn spaces_around_the_selection_stay_outside() {
        assert_eq!(formatted("a| goal |b", Format::Bold), "a **|goal|** b");
    }

    #[test]
    fn caret_without_a_selection_goes_between_the_marks() {
        assert_eq!(formatted("a |", Format::Bold), "a **|**");
        assert_eq!(formatted("a **|**", Format::Bold), "a |");
    }

    #[test]
    fn lines_get_a_prefix_and_lose_it() {
        assert_eq!(
            formatted("a\nb|c\nd|e\nf", Format::Quote),
            "a\n|> bc\n> de|\nf"
        );
        assert_eq!(
            formatted("a\n|> bc\n> de|\nf", Format::Quote),
            "a\n|bc\nde|\nf"
        );
        assert_eq!(
            formatted("first\nsec|ond", Format::List),
            "first\n- second|"
        );
        assert_eq!(formatted("|", Format::List), "- |");
    }

    #[test]
    fn several_lines_of_code_become_a_block() {
        assert_eq!(formatted("|a\nb|", Format::Code), "|```\na\nb\n```|");
        assert_eq!(formatted("|```\na\nb\n```|", Format::Code), "|a\nb|");
    }

    #[test]
    fn link_selects_the_part_that_is_missing() {
        assert_eq!(
            formatted("see |this|", Format::Link),
            "see [this](|https://|)"
        );
        assert_eq!(formatted("see |", Format::Link), "see [|](https://)");
        assert_eq!(
            formatted("|https://a.example/b|", Format::Link),
            "[|](https://a.example/b)"
        );
    }

    #[test]
    fn pasted_address_links_the_selection() {
        let paste = |text: &str, range: Range<usize>, pasted: &str| {
            paste_link(&Selection { text, range }, pasted).map(|it| it.with)
        };
        let url = "https://a.example/b_(c)";
        let linked = Some("[this](https://a.example/b_%28c%29)".to_owned());
        assert_eq!(paste("see this", 4..8, url), linked);
        assert_eq!(paste("see this", 4..8, &format!(" {url}\n")), linked);
        assert_eq!(paste("see this", 4..4, url), None);
        assert_eq!(paste("see this", 4..8, "https://a.example and more"), None);
        assert_eq!(paste("see this", 4..8, "javascript:alert(1)"), None);
        assert_eq!(paste("https://b.example", 0..17, url), None);
        assert_eq!(paste("a\nb", 0..3, url), None);
    }
}
