//! Words that pages show, on the server and in the browser.

use domain::{ConnectionStatus, EntryState};

use crate::isolate::isolated;

/// Returns the document title of an entry's page.
pub fn page_title(title: &str) -> String {
    [&isolated(title), " · Ringside"].concat()
}

/// Returns the label that pages show for an entry's state.
pub const fn state_label(state: EntryState) -> &'static str {
    match state {
        EntryState::Draft => "Draft",
        EntryState::Upcoming => "Coming up",
        EntryState::Live => "Live",
        EntryState::Ended => "Ended",
    }
}

/// Returns the text that pages show for a connection status.
pub const fn status_text(status: ConnectionStatus) -> &'static str {
    match status {
        ConnectionStatus::Connecting => "Connecting…",
        ConnectionStatus::Live => "Updates arrive automatically",
        ConnectionStatus::Polling => "Checking every few seconds",
        ConnectionStatus::Reconnecting => "Reconnecting…",
        ConnectionStatus::Offline => "Offline",
        ConnectionStatus::Ended => "Ended",
    }
}
