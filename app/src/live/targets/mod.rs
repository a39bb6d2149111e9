//! What differs between the kinds of live pages.

mod entry;
mod front;
mod live_now;
mod target;
#[cfg(test)]
mod test_changes;

use web_sys::{Element, HtmlElement};

pub use target::Target;

use super::{
    dom::by_id,
    list_data::{ListData, is_of_entry},
};

/// Returns the list of this page, if it has one: of updates, or of entries on the front page.
pub fn find_list() -> Option<Element> {
    by_id("live-updates").or_else(|| by_id(front::LIST))
}

/// Returns the target of the page with this list.
pub fn target_of(list: &HtmlElement, data: &ListData) -> Box<dyn Target> {
    if is_of_entry(&data.feed) {
        Box::new(entry::EntryTarget::new(data.state))
    } else if list.id() == front::LIST {
        Box::new(front::FrontTarget)
    } else {
        Box::new(live_now::LiveNowTarget::new(list))
    }
}
