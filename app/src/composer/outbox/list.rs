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

/// The class of an item that is being sent.
const SENDING: &str = "sending";

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
    // An item keeps its elements, and the focus in them, while its state changes.
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
                    key=|item| item.stored.op_id.clone()
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

/// What is shown of an item's state.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shown {
    sentence: String,
    /// The class of its element.
    class: &'static str,
    /// Whether its buttons are shown. They stay during the next attempt.
    has_actions: bool,
    is_unauthenticated: bool,
    /// Whether it can be sent again as it is.
    may_retry: bool,
    edit_label: &'static str,
    /// The update that was deleted, and can be restored.
    deleted: Option<i64>,
}

impl Shown {
    fn of(item: &Item, keep_actions: bool) -> Self {
        let (sentence, class, has_actions) = match item.state.clone() {
            State::Saved if item.number.is_some() => {
                ("Saved here.".to_owned(), "saved", keep_actions)
            }
            State::Saved => ("Waiting.".to_owned(), "saved", keep_actions),
            State::Sending => ("Sending…".to_owned(), SENDING, keep_actions),
            State::Retrying(why) => (
                format!("{why} {} It will be sent again automatically.", kept(item)),
                "saved",
                true,
            ),
            State::Unauthenticated(why) => (format!("{why} {}", kept(item)), "saved", true),
            State::Refused(why) if item.stored.submission.is_in_doubt() => (
                format!(
                    "Not published: {why} An earlier attempt had no response, so it may be published. Check the live blog first."
                ),
                "failed",
                true,
            ),
            State::Refused(why) => (format!("Not published: {why}"), "failed", true),
            State::Done(_) if matches!(item.stored.request, Request::Post { .. }) => {
                ("Published.".to_owned(), "done", false)
            }
            State::Done(_) => ("Done.".to_owned(), "done", false),
        };
        Self {
            sentence,
            class,
            has_actions,
            is_unauthenticated: matches!(item.state, State::Unauthenticated(_)),
            may_retry: item.conflict.is_none() && !item.is_removed,
            edit_label: match item {
                Item {
                    conflict: Some(_), ..
                } => "Compare",
                Item {
                    is_removed: true, ..
                } => "Post as new update",
                _ => "Edit",
            },
            deleted: match (&item.state, &item.stored.request) {
                (State::Done(_), Request::Delete { update }) => Some(*update),
                _ => None,
            },
        }
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
    let op_id = StoredValue::new(item.stored.op_id.clone());
    let first = Shown::of(&item, false);
    let shown = Memo::new(move |last: Option<&Shown>| {
        let keep_actions = last.is_some_and(|last| last.has_actions);
        let found = outbox.items.with(|items| {
            let item = op_id.with_value(|op_id| items.iter().find(|it| it.stored.op_id == *op_id));
            item.map(|item| Shown::of(item, keep_actions))
        });
        // It is removed from the list soon.
        found.unwrap_or_else(|| last.unwrap_or(&first).clone())
    });
    let deleted = Memo::new(move |_| shown.with(|it| it.deleted));
    let undo_button = NodeRef::<html::Button>::new();
    Effect::new(move || {
        if let (Some(button), true) = (undo_button.get(), outbox.focus_undo.get_untracked()) {
            outbox.focus_undo.set(false);
            focus(Some(button));
        }
    });
    let kind = match &item.stored.request {
        Request::Edit { .. } => Some("Edit. "),
        Request::Article { .. } => Some("Article. "),
        _ => None,
    };
    let name = item.stored.request.name();
    let has_text = text.is_some();
    let copied = RwSignal::new(false);
    let whole = text.as_ref().map(whole_text).unwrap_or_default();
    // What is being sent can't be changed: it may be published.
    let is_sending = move || shown.with(|it| it.class == SENDING);
    let retry = move |_| {
        if !shown.with_untracked(|it| it.class == SENDING) {
            outbox.retry(&op_id.get_value());
        }
    };
    let edit = move |_| {
        if let Some(item) = outbox.find(&op_id.get_value())
            && item.state != State::Sending
        {
            on_edit.run(item);
        }
    };
    view! {
        <li class=move || format!("outbox-item {}", shown.with(|it| it.class))>
            <p class="outbox-text" dir="auto">
                {text.as_ref().map_or_else(|| name.to_owned(), excerpt)}
            </p>
            <p class="outbox-state">
                {kind} {move || shown.with(|it| it.sentence.clone())}
            </p>
            <div class="outbox-actions" hidden=move || shown.with(|it| !it.has_actions)>
                <button
                    class="button"
                    type="button"
                    hidden=move || shown.with(|it| !it.is_unauthenticated)
                    on:click=move |_| on_login.run(())
                >
                    "Log in"
                </button>
                <button
                    class="button"
                    type="button"
                    hidden=move || shown.with(|it| !it.may_retry)
                    aria-disabled=move || is_sending().then_some("true")
                    on:click=retry
                >
                    "Retry"
                </button>
                <button
                    class="button"
                    type="button"
                    hidden=!has_text
                    aria-disabled=move || is_sending().then_some("true")
                    on:click=edit
                >
                    {move || shown.with(|it| it.edit_label)}
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
            {move || {
                deleted
                    .get()
                    .map(|update| {
                        view! {
                            <button
                                class="button"
                                type="button"
                                node_ref=undo_button
                                on:click=move |_| {
                                    spawn_local(outbox.undo(op_id.get_value(), update));
                                }
                            >
                                "Undo"
                            </button>
                        }
                    })
            }}
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
