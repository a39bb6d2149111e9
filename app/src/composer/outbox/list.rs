//! The list of requests in the outbox, each with its text, its state, and what can be done.

use leptos::{html, prelude::*, reactive::spawn_local};

use super::{Item, Outbox, State};
use crate::composer::{
    copy::copy_text,
    discard_button::DiscardButton,
    fields::focus,
    storage::{request::Request, texts::Text},
};

/// How many requests are shown. Further ones are counted.
const MAX_SHOWN: usize = 20;
/// How many characters of a text are shown.
const MAX_EXCERPT: usize = 140;

/// The requests that the server has not responded to yet.
#[component]
pub fn OutboxList(
    /// The outbox.
    outbox: Outbox,
    /// Called with the text of a request that the author wants to change.
    on_edit: Callback<Item>,
    /// Called when the author wants to log in.
    on_login: Callback<()>,
) -> impl IntoView {
    let shown = move || {
        outbox.items.with(|items| {
            let shown = items.iter().take(MAX_SHOWN);
            shown.cloned().collect::<Vec<_>>()
        })
    };
    let more = move || {
        let loaded = outbox.items.with(Vec::len).max(outbox.total.get());
        loaded.saturating_sub(MAX_SHOWN)
    };
    view! {
        <section
            class="outbox"
            aria-label="Outbox"
            hidden=move || outbox.items.with(Vec::is_empty)
        >
            <ol>
                <For
                    each=shown
                    key=|item| (item.stored.op_id.clone(), item.state.clone())
                    let:item
                >
                    <OutboxItem item outbox on_edit on_login />
                </For>
            </ol>
            <p class="hint" hidden=move || more() == 0>
                {move || format!("And {} more.", more())}
            </p>
        </section>
    }
}

#[component]
fn OutboxItem(
    item: Item,
    outbox: Outbox,
    on_edit: Callback<Item>,
    on_login: Callback<()>,
) -> impl IntoView {
    let text = item.stored.request.text().cloned();
    let in_doubt = item.stored.submission.is_in_doubt();
    let op_id = StoredValue::new(item.stored.op_id.clone());
    let (state, class, actions) = match item.state.clone() {
        State::Saved if item.number.is_some() => ("Saved here.".to_owned(), "saved", false),
        State::Saved => ("Waiting.".to_owned(), "saved", false),
        State::Sending => ("Sending…".to_owned(), "sending", false),
        State::Retrying(why) => (
            format!("{why} {} It will be sent again automatically.", kept(&item)),
            "saved",
            true,
        ),
        State::Unauthenticated(why) => (format!("{why} {}", kept(&item)), "saved", true),
        State::Refused(why) => (why, "failed", true),
        State::Done(_) if matches!(item.stored.request, Request::Post { .. }) => {
            ("Published.".to_owned(), "done", false)
        }
        State::Done(_) => ("Done.".to_owned(), "done", false),
    };
    let is_unauthenticated = matches!(item.state, State::Unauthenticated(_));
    let is_failed = matches!(item.state, State::Refused(_));
    let (has_conflict, is_removed) = (item.conflict.is_some(), item.is_removed);
    let undo = match (&item.state, &item.stored.request) {
        (State::Done(_), Request::Delete { update }) => Some(*update),
        _ => None,
    };
    let undo_button = NodeRef::<html::Button>::new();
    Effect::new(move || {
        if let (Some(button), true) = (undo_button.get(), outbox.focus_undo.get_untracked()) {
            outbox.focus_undo.set(false);
            focus(Some(button));
        }
    });
    let name = item.stored.request.name();
    let kind = match &item.stored.request {
        Request::Edit { .. } => Some("Edit. "),
        Request::Article { .. } => Some("Article. "),
        _ => None,
    };
    let has_text = text.is_some();
    let edit_label = match &item {
        Item {
            conflict: Some(_), ..
        } => "Compare",
        Item {
            is_removed: true, ..
        } => "Post as new update",
        _ => "Edit",
    };
    let copied = RwSignal::new(false);
    let whole = text
        .clone()
        .map(|text| whole_text(&text))
        .unwrap_or_default();
    let for_edit = item.clone();
    view! {
        <li class=format!("outbox-item {class}")>
            <p class="outbox-text" dir="auto">
                {match &text {
                    Some(text) => excerpt(text),
                    None => name.to_owned(),
                }}
            </p>
            <p class="outbox-state">
                {kind} {is_failed.then_some("Not published: ")} {state}
                {(is_failed && in_doubt)
                    .then_some(
                        " An earlier attempt had no response, so it may be published. Check the live blog first.",
                    )}
            </p>
            <div class="outbox-actions" hidden=!actions>
                {is_unauthenticated
                    .then(|| {
                        view! {
                            <button class="button" type="button" on:click=move |_| on_login.run(())>
                                "Log in"
                            </button>
                        }
                    })}
                <button
                    class="button"
                    type="button"
                    hidden=has_conflict || is_removed
                    on:click=move |_| outbox.retry(&op_id.get_value())
                >
                    "Retry"
                </button>
                <button
                    class="button"
                    type="button"
                    hidden=!has_text
                    on:click=move |_| on_edit.run(for_edit.clone())
                >
                    {edit_label}
                </button>
                <button
                    class="button"
                    type="button"
                    hidden=!has_text
                    on:click=move |_| copied.set(copy_text(&whole))
                >
                    {move || if copied.get() { "Copied" } else { "Copy" }}
                </button>
                <DiscardButton on_discard=move || spawn_local(outbox.discard(op_id.get_value())) />
            </div>
            {undo
                .map(|update| {
                    view! {
                        <button
                            class="button"
                            type="button"
                            node_ref=undo_button
                            on:click=move |_| spawn_local(outbox.undo(op_id.get_value(), update))
                        >
                            "Undo"
                        </button>
                    }
                })}
        </li>
    }
}

/// Returns the sentence about where the text is.
const fn kept(item: &Item) -> &'static str {
    match item.number {
        Some(_) => "Your text is kept here.",
        None => "Your text is kept in this page only: leave it open.",
    }
}

/// Returns the first characters of a text.
pub fn excerpt(text: &Text) -> String {
    let words = [&*text.headline, &*text.source];
    let words = words.iter().flat_map(|part| part.split_whitespace());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Returns a text with its headline, for the clipboard.
pub fn whole_text(text: &Text) -> String {
    if text.headline.is_empty() {
        text.source.clone()
    } else {
        [&*text.headline, &*text.source].join("\n\n")
    }
}
