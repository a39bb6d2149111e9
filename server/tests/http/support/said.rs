//! Reads what a server said.

use std::fmt::Write;

use axum_test::TestResponse;

/// The status and the headers of these names, a line each; a header that isn't there is left out.
pub fn head_of(response: &TestResponse, names: &[&str]) -> String {
    let mut text = response.status_code().to_string();
    for name in names {
        for value in response.iter_headers_by_name(*name) {
            let value = value.to_str().unwrap();
            write!(text, "\n{name}: {value}").unwrap();
        }
    }
    text
}

/// The value of the first attribute `name` in `html`.
pub fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    let (_, rest) = html
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {html}"));
    rest.split_once('"').unwrap().0
}

/// What stands inside every element `tag` of `html`.
pub fn tag_texts<'a>(html: &'a str, tag: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{tag}"), format!("</{tag}>"));
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split_once(&end))
        .map(|(text, _)| text)
        .collect()
}

/// What `html` says once it is read.
pub fn unescape(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// What stands in the form's field of one line `name`.
pub fn typed_into(html: &str, name: &str) -> String {
    let field = html
        .split("<input ")
        .find(|field| field.contains(&format!(" name=\"{name}\"")));
    unescape(attribute(field.unwrap(), "value"))
}

/// What stands in the form's only field of many lines.
pub fn text_of_form(html: &str) -> String {
    let [field] = tag_texts(html, "textarea")[..] else {
        panic!("it isn't one field in {html}");
    };
    // The first line end inside a textarea is not part of it (WHATWG HTML, 13.1.2.5).
    unescape(field.strip_prefix('\n').unwrap())
}
