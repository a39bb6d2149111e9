//! Paths that programs use besides the API.

/// Returns whether programs send requests to `path`, so that errors are problem details unless the
/// client is a browser.
pub fn is_for_programs(path: &str) -> bool {
    let room = path.strip_prefix("/rooms/");
    let rest = room.and_then(|room| room.split_once('/'));
    rest.is_some_and(|(_, rest)| rest == "messages" || rest.starts_with("messages/"))
}

#[cfg(test)]
mod tests {
    use super::is_for_programs;

    #[test]
    fn messages_are_for_programs() {
        for path in [
            "/rooms/lobby/messages",
            "/rooms/lobby/messages/",
            "/rooms/lobby/messages/12/restore",
        ] {
            assert!(is_for_programs(path), "{path}");
        }
        for path in ["/rooms/lobby", "/rooms/messages", "/", "/rooms/lobby/other"] {
            assert!(!is_for_programs(path), "{path}");
        }
    }
}
