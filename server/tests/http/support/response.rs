//! Helpers that read a response's headers and HTML.

use std::fmt::Write;

use axum_test::TestResponse;

/// Returns the status and the headers with these names, one per line. Missing headers are left out.
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

/// Returns the value of the first attribute `name` in `html`.
pub fn attribute<'a>(html: &'a str, name: &str) -> &'a str {
    let start = format!(" {name}=\"");
    let (_, rest) = html
        .split_once(&start)
        .unwrap_or_else(|| panic!("no {name} in {html}"));
    rest.split_once('"').unwrap().0
}

/// Returns the content of every element `tag` in `html`.
pub fn tag_texts<'a>(html: &'a str, tag: &str) -> Vec<&'a str> {
    let (start, end) = (format!("<{tag}"), format!("</{tag}>"));
    html.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split_once('>')?.1.split_once(&end))
        .map(|(text, _)| text)
        .collect()
}

/// Replaces the character references in `html`.
pub fn unescape(html: &str) -> String {
    html.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// Returns the value of the form's `<input>` with the name `name`.
pub fn field_value(html: &str, name: &str) -> String {
    let field = html
        .split("<input ")
        .find(|field| field.contains(&format!(" name=\"{name}\"")));
    unescape(attribute(field.unwrap(), "value"))
}

/// Returns the value of the form's `<textarea>` with the name `name`.
pub fn textarea_named(html: &str, name: &str) -> String {
    let fields = html.split("<textarea ").skip(1);
    let field = fields
        .filter(|field| field.contains(&format!(" name=\"{name}\"")))
        .find_map(|field| field.split_once('>')?.1.split_once("</textarea>"));
    let (value, _) = field.unwrap();
    unescape(value.strip_prefix('\n').unwrap())
}

/// Returns the value of the form's only `<textarea>`.
pub fn textarea_value(html: &str) -> String {
    let [field] = tag_texts(html, "textarea")[..] else {
        panic!("expected one textarea in {html}");
    };
    // The first newline in a textarea is not part of its value (WHATWG HTML, 13.1.2.5).
    unescape(field.strip_prefix('\n').unwrap())
}
