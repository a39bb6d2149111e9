//! The composer in an entry's page.

#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a split function can fail, so the function returns a `Result`"
)]

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::Mark;
use gloo_timers::callback::Timeout;
use leptos::{
    mount::mount_to,
    prelude::*,
    reactive::spawn_local,
    web_sys::{BeforeUnloadEvent, HtmlDocument, HtmlElement},
};
use wasm_bindgen::JsCast;

use super::{
    editor::Editor,
    keep_focus::keep_focus,
    load_error::LoadError,
    login_dialog::LoginDialog,
    other_texts::OtherTexts,
    outbox::{Item, OFFLINE, Outbox, State, attempt::Done, list::OutboxList},
    server_drafts::{SaveDraftButton, ServerDraftList, ServerDrafts},
    session::{AuthorSession, LoggedIn},
    storage::{StorageError, request::Request, texts::Purpose},
    tab::Tab,
    text_state::TextState,
};
use crate::{
    accounts::whoami,
    editor::{
        article_button::add_article_button,
        card_actions::add_card_actions,
        edit_dialog::{EditDialog, EditDialogState, Editing},
    },
    not_loaded::NotLoaded,
};

/// The time for which "Posted." is shown, in milliseconds.
const POSTED_MS: u32 = 4_000;

/// Fetches the code of this file, and mounts the composer in `host` if the caller may post. Shows
/// an error message if there is no session, or if the server can't be reached.
#[leptos::wasm_split::wasm_split(composer, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn mount_composer(host: HtmlElement, slug: String, entry: String) -> Result<(), NotLoaded> {
    spawn_local(mount(host, slug, entry, None));
    Ok(())
}

/// Mounts the composer of the account that is logged in. `tab` is the page, if it has had a
/// composer before.
async fn mount(host: HtmlElement, slug: String, entry: String, tab: Option<Tab>) {
    match whoami().await {
        Ok(Some(caller)) if caller.role.may_post() => {
            let session = AuthorSession::open(caller, slug.clone(), entry.clone(), tab);
            let session = Rc::new(session.await);
            let with_clock = Rc::clone(&session);
            spawn_local(async move { with_clock.clock.update(&with_clock.entry).await });
            let text = TextState::load(&session).await;
            let mounted: Rc<RefCell<Option<Box<dyn Any>>>> = Rc::default();
            let (handle, again) = (Rc::clone(&mounted), host.clone());
            let tab = session.tab.clone();
            let remount = move || {
                if let Some(composer) = handle.take() {
                    let next = mount(
                        again.clone(),
                        slug.clone(),
                        entry.clone(),
                        Some(tab.clone()),
                    );
                    // Not inside one of the composer's own event handlers.
                    spawn_local(async move {
                        // The account finds its text again when it returns.
                        text.set_aside().await;
                        drop(composer);
                        next.await;
                    });
                }
            };
            let on_other: Rc<dyn Fn()> = Rc::new(remount);
            let watched = host.clone();
            let composer = mount_to(host, move || {
                keep_focus(&watched, move || text.fields.focus());
                view! { <Composer session text on_other /> }
            });
            mounted.replace(Some(Box::new(composer)));
        }
        // An account that may not post gets no composer, and no message.
        Ok(Some(_)) => {}
        Ok(None) => LoadError::SessionExpired.show(),
        Err(_) => LoadError::Unreachable.show(),
    }
}

/// The composer of one account.
#[component]
fn Composer(
    session: Rc<AuthorSession>,
    text: TextState,
    /// Called when the account is no longer the one that is logged in.
    on_other: Rc<dyn Fn()>,
) -> impl IntoView {
    let outbox = Outbox::open(&session);
    for submitted in text.submitted() {
        spawn_local(async move { outbox.submit_again(submitted).await });
    }
    let error = RwSignal::new(None::<String>);
    let login_open = RwSignal::new(false);
    let status = RwSignal::new(String::new());
    let post = move || post(text, outbox, error);
    let check = {
        let session = StoredValue::new_local(Rc::clone(&session));
        let on_other = StoredValue::new_local(on_other);
        let on_other = move || on_other.with_value(|on_other| on_other());
        Callback::new(move |()| {
            spawn_local(async move {
                let Some(session) = session.try_get_value() else {
                    return;
                };
                match session.check().await {
                    Ok(LoggedIn::Same) => {
                        login_open.try_set(false);
                        if !outbox.items.is_disposed() {
                            outbox.take_over();
                        }
                        if outbox.needs_login.try_get_untracked() == Some(true) {
                            outbox.retry_all();
                        }
                    }
                    Ok(LoggedIn::Other) => on_other(),
                    Ok(LoggedIn::Nobody) => match outbox.needs_login.try_get_untracked() {
                        Some(true) => login_open.set(true),
                        // The author has logged out in another tab.
                        Some(false) if !has_login_cookie() => on_other(),
                        _ => {}
                    },
                    Err(_) => {}
                }
            });
        })
    };
    watch_page(text, outbox, check);
    Effect::new(move || {
        if outbox.needs_login.get() {
            check.run(());
        }
    });
    // A live blog that was just created opens with the composer ready.
    if window().location().hash().as_deref() == Ok("#composer-host") {
        request_animation_frame(move || text.fields.focus());
    }
    let dialog = EditDialogState::new(TextState::new(&session), text, outbox);
    add_card_actions(&session.caller, outbox, dialog);
    add_article_button(dialog);
    Effect::new(move || {
        if let Some(item) = outbox.conflicting.get()
            && !dialog.is_open()
        {
            dialog.open(Editing::Refused(Box::new(item)));
        }
    });
    let drafts = ServerDrafts::new(text, &session);
    watch_status(outbox, drafts, status);
    let on_change = Callback::new(move |()| {
        text.changed();
        error.set(None);
        outbox.latest.set(None);
    });
    let on_edit =
        Callback::new(move |item| spawn_local(take_back(item, text, outbox, dialog, error)));
    let storage_error = move || {
        text.storage_error
            .get()
            .or_else(|| outbox.storage_error.get())
    };
    let caller = session.caller.username.to_string();
    let desk = format!("/desk/entries/{}", session.slug);
    let username = caller.clone();
    view! {
        <form
            class="composer"
            aria-label="Post an update"
            lang="en"
            dir="ltr"
            // A translator would replace texts that change.
            translate="no"
            // No button submits the form, so that the browser's handling of Enter publishes
            // nothing.
            on:submit=move |event| event.prevent_default()
        >
            <Editor
                prefix="composer"
                label="Update"
                fields=text.fields
                placeholder="What is happening?"
                on_change
                on_submit=Callback::new(move |()| post())
                options=view! {
                    <SaveDraftButton drafts />
                    <Choice label="Key moment" value=text.key on_change />
                    <Choice label="Pin to top" value=text.pinned on_change />
                }
            >
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| post()
                    title="Ctrl+Enter or ⌘+Enter"
                >
                    "Post"
                </button>
            </Editor>
            <p class="composer-status" role="status">
                {move || status.get()}
            </p>
            <p class="form-error" role="alert" hidden=move || error.get().is_none()>
                {move || error.get()}
            </p>
            <p class="form-error" role="alert" hidden=move || storage_error().is_none()>
                {move || storage_error().map(StorageError::sentence)}
            </p>
            <OutboxList outbox on_edit on_login=Callback::new(move |()| login_open.set(true)) />
            <OtherTexts
                state=text
                on_edit=Callback::new(move |stored| dialog.open(Editing::Text(Box::new(stored))))
            />
            <ServerDraftList drafts />
            <p class="composer-hint">
                "Posting as " <bdi>{caller}</bdi> ". Markdown is supported. Ctrl+Enter posts. "
                <a href=desk>"Edit or end live blog"</a>
            </p>
        </form>
        <EditDialog state=dialog />
        <LoginDialog username open=login_open on_login=check />
    }
}

/// A check box of the composer.
#[component]
fn Choice(label: &'static str, value: RwSignal<bool>, on_change: Callback<()>) -> impl IntoView {
    view! {
        <label class="choice">
            <input
                type="checkbox"
                prop:checked=value
                on:change:target=move |event| {
                    value.set(event.target().checked());
                    on_change.run(());
                }
            />
            {label}
        </label>
    }
}

/// Moves the text from the composer to the outbox.
fn post(text: TextState, outbox: Outbox, error: RwSignal<Option<String>>) {
    const GONE: &str = "This text was posted or discarded in another tab. It is kept here: post it only if the live blog does not show it.";
    if text.text().source.trim().is_empty() {
        return;
    }
    if let Err(invalid) = text.check() {
        error.set(Some(invalid.to_string()));
        return;
    }
    error.set(None);
    outbox.latest.set(None);
    let taken = text.take();
    text.fields.focus();
    spawn_local(async move {
        let stored = &taken.text;
        let request = Request::Post {
            text: stored.text.clone(),
            draft: stored.draft,
        };
        if !outbox.submit(&taken, request).await {
            let mut again = taken.text.text;
            if !text.set_aside().await {
                // The text in the composer can't be stored, so both stay there.
                let current = text.text();
                again.source = [again.source, current.source].join("\n\n");
            }
            text.put(again, Purpose::Post, taken.text.draft);
            error.set(Some(GONE.to_owned()));
        }
    });
}

/// Takes a request out of the outbox, so that the author can change its text.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "signals are passed by value everywhere"
)]
async fn take_back(
    item: Item,
    text: TextState,
    outbox: Outbox,
    dialog: EditDialogState,
    error: RwSignal<Option<String>>,
) {
    const IN_DOUBT: &str = "An attempt to post this text had no response, so it may be published. Check the live blog before you post it again.";

    let (posted, draft) = match item.stored.request.clone() {
        Request::Post { text, draft } => (text, draft),
        // Its update is gone, so it becomes a new one.
        Request::Edit { text, .. } if item.is_removed => (text, None),
        _ => {
            dialog.open(Editing::Refused(Box::new(item)));
            return;
        }
    };
    if !text.set_aside().await {
        return;
    }
    text.put(posted, Purpose::Post, draft);
    error.set(
        item.stored
            .submission
            .is_in_doubt()
            .then(|| IN_DOUBT.to_owned()),
    );
    // A request that is stored is kept until its text is stored in the composer.
    if text.store().await || item.number.is_none() {
        outbox.discard(item.stored.op_id).await;
    }
    text.load_others().await;
    text.fields.focus();
}

/// The time in which several events mean that the page was shown once, in milliseconds.
const SHOWN_MS: f64 = 500.0;

/// Adds the listeners of the page, for as long as the document lives.
fn watch_page(text: TextState, outbox: Outbox, check: Callback<()>) {
    let shown_at = Rc::new(Cell::new(f64::MIN));
    let on_show = move || {
        let now = js_sys::Date::now();
        // A page that is shown gets the focus, too.
        if text.key.is_disposed() || (now - shown_at.replace(now)).abs() < SHOWN_MS {
            return;
        }
        check.run(());
        spawn_local(text.load_others());
    };
    let on_focus = on_show.clone();
    let store_now = move || {
        if !text.key.is_disposed() {
            spawn_local(async move {
                let _ = text.store().await;
            });
        }
    };
    let listeners = [
        window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == leptos::web_sys::VisibilityState::Hidden {
                store_now();
            } else {
                on_show();
            }
        }),
        window_event_listener_untyped("focus", move |_| on_focus()),
        window_event_listener_untyped("pagehide", move |_| text.store_at_unload()),
        window_event_listener_untyped("beforeunload", move |event| {
            if text.key.is_disposed() {
                return;
            }
            let is_unstored =
                text.storage_error.get_untracked().is_some() && !text.text().is_empty();
            if is_unstored || outbox.has_unstored() {
                event.prevent_default();
                if let Some(event) = event.dyn_ref::<BeforeUnloadEvent>() {
                    event.set_return_value("unsent");
                }
            }
        }),
    ];
    on_cleanup(move || listeners.into_iter().for_each(WindowListenerHandle::remove));
}

/// Keeps the status line up to date.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "signals are passed by value everywhere"
)]
fn watch_status(outbox: Outbox, drafts: ServerDrafts, status: RwSignal<String>) {
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move || {
        let sentence = outbox.items.with(|items| status_of(items));
        let latest = outbox.latest.get();
        status.set(match (sentence, latest) {
            (Some(sentence), _) => sentence,
            (None, Some((request, Done { removed, .. }))) => {
                if matches!(request, Request::Post { draft: Some(_), .. }) {
                    drafts.load();
                }
                // A sentence about removed content stays until the author types.
                if removed.is_none() {
                    let hide = move || {
                        outbox.latest.try_set(None);
                    };
                    timer.set_value(Some(Timeout::new(POSTED_MS, hide)));
                }
                [done(&request), &removed.unwrap_or_default()]
                    .join(" ")
                    .trim()
                    .to_owned()
            }
            (None, None) => String::new(),
        });
    });
}

/// Returns the sentence about a request that the server has carried out.
const fn done(request: &Request) -> &'static str {
    match request {
        Request::Post { .. } => "Posted.",
        Request::Edit { .. } | Request::Article { .. } => "Changes saved.",
        Request::Delete { .. } => "Update deleted.",
        Request::Restore { .. } => "Update restored.",
        Request::Mark {
            mark: Mark::Key,
            on: true,
            ..
        } => "Marked as key.",
        Request::Mark {
            mark: Mark::Key, ..
        } => "Unmarked as key.",
        Request::Mark { on: true, .. } => "Pinned.",
        Request::Mark { .. } => "Unpinned.",
    }
}

/// Returns the sentence about what is in the outbox: the most important one.
fn status_of(items: &[Item]) -> Option<String> {
    let count = |is: fn(&State) -> bool| items.iter().filter(|item| is(&item.state)).count();
    let refused = count(|state| matches!(state, State::Refused(_)));
    if count(|state| matches!(state, State::Unauthenticated(_))) > 0 {
        Some("Your session has expired. Your text is kept here. Log in to send it.".to_owned())
    } else if count(|state| matches!(state, State::Retrying(_))) > 0 {
        let is_offline = |state: &State| matches!(state, State::Retrying(why) if why == OFFLINE);
        let why = match count(is_offline) {
            0 => "No response from the server.",
            _ => OFFLINE,
        };
        Some(format!(
            "{why} Your text is kept here and will be sent again automatically. It will not be published twice."
        ))
    } else if refused > 0 {
        Some(match refused {
            1 => "An update was not published.".to_owned(),
            _ => format!("{refused} updates were not published."),
        })
    } else if count(|state| matches!(state, State::Sending | State::Saved)) > 0 {
        Some("Posting…".to_owned())
    } else {
        None
    }
}

/// Returns whether the cookie is set that every session has, and that a logout removes.
fn has_login_cookie() -> bool {
    let document: HtmlDocument = document().unchecked_into();
    let cookies = document.cookie().unwrap_or_default();
    cookies
        .split("; ")
        .any(|cookie| cookie == "ringside_hint=1")
}
