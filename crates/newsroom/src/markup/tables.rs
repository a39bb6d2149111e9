//! Makes tables accessible: each is in a region that the keyboard can scroll, and an empty corner
//! cell is not announced as a heading.

/// The HTML before a table. Screen readers announce its label. It is not a landmark, since a page
/// may contain many tables, and landmarks with the same name are useless.
const BEFORE: &str = r#"<div class="table" role="group" aria-label="Table" tabindex="0">"#;
const REGION: &str = r#"<div class="table" role="group" aria-label="Table" tabindex="0""#;
const AFTER: &str = "</div>";

/// Returns sanitized `html` with a region around each outermost table that has none, with plain
/// cells instead of empty heading cells, and without empty paragraphs.
pub fn accessible(html: &str) -> String {
    let mut output = String::with_capacity(html.len());
    let mut depth = 0_usize;
    let mut has_region = false;
    let mut rest = html;
    let mut before = "";
    while let Some((text, tag, after)) = next_tag(rest) {
        output.push_str(text);
        rest = after;
        match tag.trim_matches(['<', '>']).split(' ').next() {
            Some("table") => {
                if depth == 0 {
                    has_region = text.is_empty() && before.starts_with(REGION);
                    if !has_region {
                        output.push_str(BEFORE);
                    }
                }
                depth += 1;
                output.push_str(tag);
            }
            Some("/table") => {
                output.push_str(tag);
                depth = depth.saturating_sub(1);
                if depth == 0 && !has_region {
                    output.push_str(AFTER);
                }
            }
            // The parser creates one for an end tag without a start tag.
            Some("p") if tag == "<p>" && after.starts_with("</p>") => {
                rest = &after["</p>".len()..];
            }
            Some("th") if after.starts_with("</th>") => {
                output.push_str("<td></td>");
                rest = &after["</th>".len()..];
            }
            _ => output.push_str(tag),
        }
        before = tag;
    }
    output.push_str(rest);
    output
}

/// Returns the text before the first tag, the tag, and the rest. The sanitizer escapes `<` in text,
/// and writes attribute values in double quotes, which may contain `<` and `>`.
pub(super) fn next_tag(html: &str) -> Option<(&str, &str, &str)> {
    let (text, from_tag) = html.split_at(html.find('<')?);
    let mut in_value = false;
    let end = from_tag.find(|c| {
        in_value ^= c == '"';
        c == '>' && !in_value
    })?;
    let (tag, after) = from_tag.split_at(end + 1);
    Some((text, tag, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tables_are_changed() {
        for (html, wrapped) in [
            ("<p>a</p>", "<p>a</p>".to_owned()),
            (
                "a <table>b</table> c",
                format!("a {BEFORE}<table>b</table>{AFTER} c"),
            ),
            (
                "<table align=\"left\"></table><table></table>",
                format!(
                    "{BEFORE}<table align=\"left\"></table>{AFTER}{BEFORE}<table></table>{AFTER}"
                ),
            ),
            (
                "<table><td><table></table></td></table>",
                format!("{BEFORE}<table><td><table></table></td></table>{AFTER}"),
            ),
            (
                "<table><th></th><th>a</th></table>",
                format!("{BEFORE}<table><td></td><th>a</th></table>{AFTER}"),
            ),
            (
                "<p></p><p>a</p><p dir=\"auto\"></p>",
                "<p>a</p><p dir=\"auto\"></p>".to_owned(),
            ),
            (
                "<img alt=\"<table> > </table>\">&lt;table&gt;",
                "<img alt=\"<table> > </table>\">&lt;table&gt;".to_owned(),
            ),
        ] {
            assert_eq!(accessible(html), wrapped);
            assert_eq!(accessible(&wrapped), wrapped);
        }
    }
}
