//! Prevents redirects to other sites.

/// Returns `next` if it is a path on this site to which a browser may be redirected. `//host` and
/// `/\host` lead to other sites.
pub fn local_path(next: &str) -> Option<&str> {
    let path = next.strip_prefix('/')?;
    let is_plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_plain && !path.starts_with('/')).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_of_another_site_is_rejected() {
        for next in ["/desk", "/entries/final/compose?x=1"] {
            assert_eq!(local_path(next), Some(next));
        }
        for next in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nb",
        ] {
            assert_eq!(local_path(next), None, "{next:?}");
        }
    }
}
