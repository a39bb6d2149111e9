//! Records what was removed from an author's text.

use ammonia::Url;

use super::plain_text::cut;

/// The maximum number of names. A text written by a person doesn't reach it.
pub const MAX_NAMED: usize = 20;
/// The maximum length of an address in a name, in characters.
const MAX_ADDRESS: usize = 60;

/// The names of removed parts, each once, in the order of the text.
#[derive(Debug, Default)]
pub struct Removed(Vec<String>);

impl Removed {
    /// Records an element, and the host of its URL.
    pub fn element(&mut self, name: &str, address: Option<&str>) {
        match address.and_then(host) {
            Some(host) => self.note(format!("{name} {host}")),
            None => self.note(name.to_owned()),
        }
    }

    /// Records a rejected URL of a `link`, an `image`, a `video` or an `audio`.
    pub fn address(&mut self, kind: &str, address: &str) {
        let named = match Url::parse(address) {
            Ok(url) => format!("{}:", url.scheme()),
            Err(_) => cut(address.trim(), MAX_ADDRESS),
        };
        if named.is_empty() {
            self.note(kind.to_owned());
        } else {
            self.note(format!("{kind} {named}"));
        }
    }

    /// Records an attribute of an element that was kept.
    pub fn attribute(&mut self, name: &str) {
        self.note(format!("attribute {}", cut(name, MAX_ADDRESS)));
    }

    fn note(&mut self, what: String) {
        if self.0.len() < MAX_NAMED && !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    /// Returns the names.
    pub fn into_names(self) -> Vec<String> {
        self.0
    }
}

/// Returns the host of a URL, without `www.`.
fn host(address: &str) -> Option<String> {
    let address = address.trim();
    let url = if address.starts_with("//") {
        Url::parse(&format!("https:{address}"))
    } else {
        Url::parse(address)
    };
    let host = url.ok()?.host_str()?.to_owned();
    Some(host.strip_prefix("www.").unwrap_or(&host).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_parts_are_named_once() {
        let mut removed = Removed::default();
        removed.element("iframe", Some("https://www.youtube.com/embed/X"));
        removed.element("script", Some("//platform.twitter.com/widgets.js"));
        removed.element("form", Some("/logout"));
        removed.element("form", None);
        removed.address("link", "Reuters");
        removed.address("image", "data:image/png;base64,iVBORw0KGgo=");
        removed.address("link", "JavaScript:alert(1)");
        removed.address("image", " ");
        removed.attribute("style");
        assert_eq!(
            removed.into_names(),
            [
                "iframe youtube.com",
                "script platform.twitter.com",
                "form",
                "link Reuters",
                "image data:",
                "link javascript:",
                "image",
                "attribute style",
            ]
        );
    }

    #[test]
    fn number_of_names_is_limited() {
        let mut removed = Removed::default();
        for number in 0..1_000 {
            removed.attribute(&format!("a{number}"));
        }
        assert_eq!(removed.into_names().len(), MAX_NAMED);
    }
}
