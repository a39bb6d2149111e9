//! The first words of an update.

use newsroom::LiveUpdate;

/// Returns an update's headline, or the beginning of its text, of at most `max` characters.
pub fn excerpt(update: &LiveUpdate, max: usize) -> String {
    if let Some(headline) = &update.headline {
        return headline.to_string();
    }
    let text = update.html.excerpt(max);
    if text.is_empty() {
        // A picture or a film alone. Links to it need a text.
        "Update without text".to_owned()
    } else {
        text
    }
}
