//! The buttons by which an author changes updates in the entry's page.
//!
//! Each card that the author may change gets one button. It opens the menu, of which the page has
//! one. The live page replaces the content of a card that changed, so the button is added again
//! then.

use domain::{Caller, Mark};
use leptos::{
    mount::mount_to,
    prelude::*,
    reactive::spawn_local,
    web_sys::{
        Element, Event, HtmlElement, KeyboardEvent, MutationObserver, MutationObserverInit,
        NodeList,
    },
};
use wasm_bindgen::{JsCast, closure::Closure};

use super::edit_dialog::{EditDialogState, Editing};
use crate::composer::{
    copy::copy_text, fields::focus, outbox::Outbox, random_id::random_id, storage::request::Request,
};

/// The class of the button in a card.
const TOGGLE: &str = "update-menu-button";

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
    let author = (!caller.role.may_edit_others()).then(|| caller.username.to_string());
    let decorate = {
        let list = list.clone();
        move || add_buttons(&list, author.as_deref())
    };
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
    let menu = RwSignal::new(None::<OpenMenu>);
    let host = create_host();
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
        on_click.remove();
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

/// Adds the button to each card of `author` that has none; to all cards if `author` is `None`.
fn add_buttons(list: &Element, author: Option<&str>) {
    let without = format!(".update:not(:has(> .{TOGGLE}))");
    for card in elements(list, &without) {
        let name = text_of(&card, ".update-author");
        if author.is_some_and(|author| author != name) {
            continue;
        }
        let Ok(button) = document().create_element("button") else {
            return;
        };
        let label = format!(
            "Actions for the update of {}",
            text_of(&card, ".update-when")
        );
        for (name, value) in [
            ("type", "button"),
            ("class", TOGGLE),
            ("lang", "en"),
            ("translate", "no"),
            ("aria-haspopup", "true"),
            ("aria-expanded", "false"),
            ("aria-label", &label),
        ] {
            // Can't fail: the names are valid.
            let _ = button.set_attribute(name, value);
        }
        button.set_text_content(Some("⋯"));
        // Can't fail: it is an element of this document.
        let _ = card.append_child(&button);
    }
}

/// Opens the menu in the card of `button`, or closes it.
fn toggle(menu: RwSignal<Option<OpenMenu>>, host: &HtmlElement, button: &Element) {
    let Ok(Some(card)) = button.closest(".update") else {
        return;
    };
    let id = card.get_attribute("data-update-id");
    let Some(id) = id.and_then(|id| id.parse().ok()) else {
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
    request_animation_frame(move || {
        let first = host.query_selector("button").ok().flatten();
        focus(first.and_then(|it| it.dyn_into::<HtmlElement>().ok()));
    });
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
                                close(menu);
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

/// Returns the button of a card that was clicked.
fn button_of(event: &Event) -> Option<Element> {
    let target: Element = event.target()?.dyn_into().ok()?;
    target.closest(&format!(".{TOGGLE}")).ok()?
}

fn is_in_menu(event: &Event) -> bool {
    let target: Option<Element> = event.target().and_then(|it| it.dyn_into().ok());
    target.is_some_and(|target| matches!(target.closest(".update-menu"), Ok(Some(_))))
}

/// Returns the button in the card of an update, if the card is in the page.
fn button_for(id: i64) -> Option<HtmlElement> {
    let button = format!("#update-{id} > .{TOGGLE}");
    document().query_selector(&button).ok()??.dyn_into().ok()
}

/// Returns the text of the first element in `root` that matches `selector`.
fn text_of(root: &Element, selector: &str) -> String {
    let found = root.query_selector(selector).ok().flatten();
    found
        .and_then(|it| it.text_content())
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn elements(root: &Element, selector: &str) -> Vec<Element> {
    let found = root.query_selector_all(selector).ok();
    let length = found.as_ref().map_or(0, NodeList::length);
    (0..length)
        .filter_map(|at| found.as_ref()?.item(at)?.dyn_into().ok())
        .collect()
}
