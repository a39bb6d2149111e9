//! The buttons by which an author changes updates in the entry's page.
//!
//! Each card that the author may change gets one button. It opens the menu, of which the page has
//! one. The live page replaces the content of a card that changed, so the button is added again
//! then.

use std::{cell::Cell, rc::Rc};

use domain::{Caller, Mark};
use leptos::{
    mount::mount_to,
    prelude::*,
    reactive::spawn_local,
    web_sys::{Element, Event, HtmlElement, KeyboardEvent, MutationObserver, MutationObserverInit},
};
use wasm_bindgen::{JsCast, closure::Closure};

use super::{
    card_buttons::{TOGGLE, add_buttons, button_for, button_of, elements, text_of, update_of},
    edit_dialog::{EditDialogState, Editing},
};
use crate::composer::{
    copy::copy_text, fields::focus, outbox::Outbox, random_id::random_id, storage::request::Request,
};

/// An update whose menu is open.
#[derive(Clone, Debug, PartialEq, Eq)]
struct OpenMenu {
    id: i64,
    /// The time in its card, to name it.
    time: String,
    key: bool,
    pinned: bool,
}

/// Adds the buttons to the cards in the list, for as long as the composer exists.
pub fn add_card_actions(caller: &Caller, outbox: Outbox, dialog: EditDialogState) {
    let list = document().get_element_by_id("live-updates");
    let Some(list) = list else {
        return;
    };
    let author = (!caller.role.may_edit_others()).then(|| caller.id.to_string());
    let menu = RwSignal::new(None::<OpenMenu>);
    let host = create_host();
    let focused = Rc::new(Cell::new(None));
    let decorate = {
        let (list, host, focused) = (list.clone(), host.clone(), Rc::clone(&focused));
        move || {
            let is_lost = is_focus_lost();
            add_buttons(&list, author.as_deref());
            if let (Some(id), true) = (focused.get(), is_lost) {
                // The card was replaced, and the focused button with it.
                focus(button_for(id));
            }
            if let Some(host) = host.as_ref().filter(|host| !host.is_connected()) {
                return_menu(menu, host, is_lost);
            }
        }
    };
    // The update whose button has the focus, if it is used by keyboard.
    let (by_focus, by_pointer) = (Rc::clone(&focused), focused);
    let on_focus = window_event_listener_untyped("focusin", move |event| {
        by_focus.set(button_of(&event).and_then(|button| update_of(&button)));
    });
    let on_pointer = window_event_listener_untyped("pointerup", move |_| by_pointer.set(None));
    decorate();
    let on_change = Closure::<dyn FnMut()>::new(decorate);
    let observer = MutationObserver::new(on_change.as_ref().unchecked_ref()).ok();
    if let Some(observer) = &observer {
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        options.set_subtree(true);
        // Can't fail: the options are valid.
        let _ = observer.observe_with_options(&list, &options);
    }
    let mounted = host.clone().map(|host| {
        mount_to(host, move || {
            view! { <Menu menu outbox dialog /> }
        })
    });
    let opened = host.clone();
    let on_click = window_event_listener_untyped("click", move |event| {
        if let (Some(host), Some(button)) = (&opened, button_of(&event)) {
            toggle(menu, host, &button);
        } else if !is_in_menu(&event) {
            close(menu);
        }
    });
    let listener = StoredValue::new_local(Some((observer, on_change, mounted)));
    on_cleanup(move || {
        for listener in [on_click, on_focus, on_pointer] {
            listener.remove();
        }
        if let Some((observer, _, _)) = listener.try_update_value(Option::take).flatten()
            && let Some(observer) = observer
        {
            observer.disconnect();
        }
        if let Some(host) = host {
            host.remove();
        }
        for button in elements(&list, &format!(".{TOGGLE}")) {
            button.remove();
        }
    });
}

/// Opens the menu in the card of `button`, or closes it.
fn toggle(menu: RwSignal<Option<OpenMenu>>, host: &HtmlElement, button: &Element) {
    let (Ok(Some(card)), Some(id)) = (button.closest(".update"), update_of(button)) else {
        return;
    };
    if menu.with_untracked(|menu| menu.as_ref().is_some_and(|menu| menu.id == id)) {
        close(menu);
        return;
    }
    close(menu);
    let pinned = format!(".pinned-update a[href$='#update-{id}']");
    menu.set(Some(OpenMenu {
        id,
        time: text_of(&card, ".update-when"),
        key: card.query_selector(".update-key").ok().flatten().is_some(),
        pinned: document().query_selector(&pinned).ok().flatten().is_some(),
    }));
    // Can't fail: both are elements of this document.
    let _ = button.set_attribute("aria-expanded", "true");
    let _ = button.after_with_node_1(host);
    let host = host.clone();
    request_animation_frame(move || focus_first(&host));
}

/// Puts the open menu into its card again, whose content was replaced.
fn return_menu(menu: RwSignal<Option<OpenMenu>>, host: &HtmlElement, had_focus: bool) {
    let Some(id) = menu.with_untracked(|menu| menu.as_ref().map(|menu| menu.id)) else {
        return;
    };
    let Some(button) = button_for(id) else {
        // The update was deleted.
        close(menu);
        return;
    };
    // Can't fail: both are elements of this document.
    let _ = button.set_attribute("aria-expanded", "true");
    let _ = button.after_with_node_1(host);
    if had_focus {
        focus_first(host);
    }
}

/// Moves the focus to the first button of the menu.
fn focus_first(host: &HtmlElement) {
    let first = host.query_selector("button").ok().flatten();
    focus(first.and_then(|it| it.dyn_into::<HtmlElement>().ok()));
}

/// Returns whether no element has the focus.
fn is_focus_lost() -> bool {
    let active = document().active_element();
    active.is_none_or(|active| active.tag_name() == "BODY")
}

/// Closes the menu. Its button keeps its place.
fn close(menu: RwSignal<Option<OpenMenu>>) {
    let Some(open) = menu.try_update(Option::take).flatten() else {
        return;
    };
    if let Some(button) = button_for(open.id) {
        // Can't fail: the name is valid.
        let _ = button.set_attribute("aria-expanded", "false");
    }
}

/// Closes the menu, and moves the focus back to its button.
fn close_and_focus(menu: RwSignal<Option<OpenMenu>>) {
    let id = menu.with_untracked(|menu| menu.as_ref().map(|menu| menu.id));
    close(menu);
    focus(id.and_then(button_for));
}

/// The menu of the update that is open.
#[component]
fn Menu(
    menu: RwSignal<Option<OpenMenu>>,
    outbox: Outbox,
    dialog: EditDialogState,
) -> impl IntoView {
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            close_and_focus(menu);
        }
    };
    let send = move |request: Request| {
        spawn_local(outbox.add(random_id(), request));
    };
    let copied = RwSignal::new(None::<bool>);
    view! {
        {move || {
            let OpenMenu { id, time, key, pinned } = menu.get()?;
            copied.set(None);
            let mark = move |mark, on| {
                send(Request::Mark { update: id, mark, on });
                close_and_focus(menu);
            };
            Some(
                view! {
                    <div
                        class="update-menu"
                        role="group"
                        aria-label=format!("Actions for the update of {time}")
                        on:keydown=on_key
                    >
                        <button
                            class="button"
                            type="button"
                            on:click=move |_| {
                                // When the dialog is closed, the focus returns to the button.
                                close_and_focus(menu);
                                dialog.open(Editing::Update(id));
                            }
                        >
                            "Edit"
                        </button>
                        <button
                            class="button"
                            type="button"
                            on:click=move |_| {
                                close(menu);
                                send(Request::Delete { update: id });
                                outbox.focus_undo.set(true);
                            }
                        >
                            "Delete"
                        </button>
                        <button class="button" type="button" on:click=move |_| mark(Mark::Key, !key)>
                            {if key { "Unmark as key" } else { "Mark as key" }}
                        </button>
                        <button
                            class="button"
                            type="button"
                            on:click=move |_| mark(Mark::Pinned, !pinned)
                        >
                            {if pinned { "Unpin" } else { "Pin" }}
                        </button>
                        <button
                            class="button"
                            type="button"
                            on:click=move |_| copied.set(Some(copy_text(&link_to(id))))
                        >
                            "Copy link"
                        </button>
                        <span role="status">
                            {move || match copied.get() {
                                Some(true) => "Link copied.".to_owned(),
                                Some(false) => format!("The browser does not copy: {}", link_to(id)),
                                None => String::new(),
                            }}
                        </span>
                    </div>
                },
            )
        }}
    }
}

/// Returns the URL of an update's page.
fn link_to(id: i64) -> String {
    let card = document().get_element_by_id(&format!("update-{id}"));
    let link = card.and_then(|card| card.query_selector(".update-when").ok().flatten());
    let path = link.and_then(|link| link.get_attribute("href"));
    let origin = window().location().origin().unwrap_or_default();
    origin + &path.unwrap_or_default()
}

fn create_host() -> Option<HtmlElement> {
    let host = document().create_element("div").ok()?;
    // Can't fail: the names are valid.
    let _ = host.set_attribute("class", "update-menu-host");
    let _ = host.set_attribute("lang", "en");
    let _ = host.set_attribute("translate", "no");
    host.dyn_into().ok()
}

fn is_in_menu(event: &Event) -> bool {
    let target: Option<Element> = event.target().and_then(|it| it.dyn_into().ok());
    target.is_some_and(|target| matches!(target.closest(".update-menu"), Ok(Some(_))))
}
