//! Whether something may appear at the list's top without disturbing who reads.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, HtmlElement, HtmlMediaElement};

/// What the reader does in a list.
pub struct ReaderPlace {
    list: HtmlElement,
    /// What was started in the list, and may still play. Looking through a long list for it at each
    /// arrival would cost more than the arrival.
    started: Rc<RefCell<Vec<HtmlMediaElement>>>,
}

impl ReaderPlace {
    /// Watches what the reader does in `list`, for as long as the document lives.
    pub fn watch(list: HtmlElement) -> Self {
        let started = Rc::new(RefCell::new(players(&list)));
        let noted = Rc::clone(&started);
        let note: Closure<dyn FnMut(JsValue)> = Closure::new(move |event: JsValue| {
            let target = event.dyn_ref::<Event>().and_then(Event::target);
            if let Some(player) = target.and_then(|target| target.dyn_into().ok()) {
                noted.borrow_mut().push(player);
            }
        });
        // A name and a function are always taken. It doesn't bubble, and is heard on its way down.
        let _ = list.add_event_listener_with_callback_and_bool(
            "play",
            note.as_ref().unchecked_ref(),
            true,
        );
        note.forget();
        Self { list, started }
    }

    /// Whether the list's top is in view, the tab is visible, and nothing in the list is selected,
    /// focused or playing.
    pub fn is_undisturbed(&self) -> bool {
        let height = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64());
        let top = self.list.get_bounding_client_rect().top();
        let in_view = top >= 0.0 && top < height.unwrap_or_default();
        in_view
            && !document().hidden()
            && !self.is_selected()
            && !self.is_focused()
            && !self.is_playing()
    }

    fn is_selected(&self) -> bool {
        let selection = window().get_selection().ok().flatten();
        selection.is_some_and(|selection| {
            !selection.is_collapsed()
                && selection
                    .contains_node_with_allow_partial_containment(&self.list, true)
                    .unwrap_or(false)
        })
    }

    fn is_focused(&self) -> bool {
        let active = document().active_element();
        active.is_some_and(|active| self.list.contains(Some(&active)))
    }

    fn is_playing(&self) -> bool {
        let mut started = self.started.borrow_mut();
        started.retain(|player| !player.paused() && self.list.contains(Some(player)));
        !started.is_empty()
    }
}

/// What may have been started before anybody watched.
fn players(list: &HtmlElement) -> Vec<HtmlMediaElement> {
    let Ok(players) = list.query_selector_all("video, audio") else {
        return Vec::new();
    };
    (0..players.length())
        .filter_map(|at| players.item(at)?.dyn_into().ok())
        .collect()
}
