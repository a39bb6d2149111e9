//! Moves the headings of an article to the levels below the page's title.

use super::tables::next_tag;

/// Returns sanitized `html` with each heading one level higher. An update's highest headings are
/// below its card's headline; an article has no headline between its headings and the title.
pub fn raised(html: &str) -> String {
    let mut output = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((text, tag, after)) = next_tag(rest) {
        output.push_str(text);
        let name = tag.trim_start_matches(['<', '/']);
        let level = name
            .strip_prefix('h')
            .and_then(|it| it.chars().next()?.to_digit(10));
        match level {
            Some(level) => {
                output.push_str(&tag[..tag.len() - name.len()]);
                output.push('h');
                output.push_str(&(level - 1).max(2).to_string());
                output.push_str(&name[2..]);
            }
            None => output.push_str(tag),
        }
        rest = after;
    }
    output.push_str(rest);
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headings_are_raised() {
        for (html, expected) in [
            ("a", "a"),
            (
                "<h3 dir=\"auto\">A</h3>\n<h4>B</h4>",
                "<h2 dir=\"auto\">A</h2>\n<h3>B</h3>",
            ),
            ("<h6>A</h6><h2>B</h2>", "<h5>A</h5><h2>B</h2>"),
            (
                "<hr><p title=\"<h3>\">&lt;h3&gt;</p>",
                "<hr><p title=\"<h3>\">&lt;h3&gt;</p>",
            ),
        ] {
            assert_eq!(raised(html), expected);
        }
    }
}
