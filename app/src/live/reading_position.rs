//! Whether an update may appear at the list's top without disturbing the reader.

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, HtmlElement, HtmlMediaElement};

/// What the reader is doing in a list.
pub struct ReadingPosition {
    list: HtmlElement,
    /// The media that was started in the list and may still be playing. Searching a long list for
    /// it at each new update would cost more than the update.
    started: Rc<RefCell<Vec<HtmlMediaElement>>>,
    _on_play: Closure<dyn FnMut(JsValue)>,
}

impl ReadingPosition {
    /// Watches what the reader does in `list`.
    pub fn watch(list: HtmlElement) -> Self {
        let started = Rc::new(RefCell::new(players(&list)));
        let added = Rc::clone(&started);
        let on_play: Closure<dyn FnMut(JsValue)> = Closure::new(move |event: JsValue| {
            let target = event.dyn_ref::<Event>().and_then(Event::target);
            if let Some(player) = target.and_then(|target| target.dyn_into().ok()) {
                added.borrow_mut().push(player);
            }
        });
        // Can't fail: the listener is a function. `play` does not bubble, so the list listens in
        // the capture phase.
        let _ = list.add_event_listener_with_callback_and_bool(
            "play",
            on_play.as_ref().unchecked_ref(),
            true,
        );
        Self {
            list,
            started,
            _on_play: on_play,
        }
    }

    /// Returns whether the list's top is in view, the tab is visible, and nothing in the list is
    /// selected, focused or playing.
    pub fn is_idle_at_top(&self) -> bool {
        let top = self.list.get_bounding_client_rect().top();
        let in_view = top >= 0.0 && top < view_height();
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

/// Returns the height of the reader's view in CSS pixels.
pub fn view_height() -> f64 {
    let height = window().inner_height();
    height.ok().and_then(|it| it.as_f64()).unwrap_or_default()
}

/// Returns the media of the list, any of which may have been started before the list was watched.
fn players(list: &HtmlElement) -> Vec<HtmlMediaElement> {
    let Ok(players) = list.query_selector_all("video, audio") else {
        return Vec::new();
    };
    (0..players.length())
        .filter_map(|at| players.item(at)?.dyn_into().ok())
        .collect()
}
