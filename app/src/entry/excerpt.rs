//! What an update says, in short.

use newsroom::LiveUpdate;

/// An update's headline, or the beginning of its text, of so many characters at most.
pub fn excerpt(update: &LiveUpdate, characters: usize) -> String {
    if let Some(headline) = &update.headline {
        return headline.to_string();
    }
    let text = update.html.excerpt(characters);
    if text.is_empty() {
        // A picture, or a film: it has to be called something.
        "Update without text".to_owned()
    } else {
        text
    }
}
