//! What an author typed and readers don't get.

use ammonia::Url;

use super::plain_text::cut;

/// How many things are named at most; a text that holds more of them is no text that people write.
pub const MAX_NAMED: usize = 20;
/// How much of an address is named, in characters.
const MAX_ADDRESS: usize = 60;

/// The names of what was removed, each once, in the order of the text.
#[derive(Debug, Default)]
pub struct Removed(Vec<String>);

impl Removed {
    /// Notes an element, and the host that it would have fetched something from.
    pub fn element(&mut self, name: &str, address: Option<&str>) {
        match address.and_then(host) {
            Some(host) => self.note(format!("{name} {host}")),
            None => self.note(name.to_owned()),
        }
    }

    /// Notes an address that was refused, of a `link`, an `image`, a `video` or an `audio`.
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

    /// Notes an attribute of an element that was kept.
    pub fn attribute(&mut self, name: &str) {
        self.note(format!("attribute {}", cut(name, MAX_ADDRESS)));
    }

    fn note(&mut self, what: String) {
        if self.0.len() < MAX_NAMED && !self.0.contains(&what) {
            self.0.push(what);
        }
    }

    /// The names.
    pub fn into_names(self) -> Vec<String> {
        self.0
    }
}

/// The host of an address as people know it.
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
    fn what_was_removed_is_named_once() {
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
    fn names_are_few() {
        let mut removed = Removed::default();
        for number in 0..1_000 {
            removed.attribute(&format!("a{number}"));
        }
        assert_eq!(removed.into_names().len(), MAX_NAMED);
    }
}
