//! One entry on the desk: started and ended here, its updates edited, marked, deleted and given back.

use domain::{EntryState, Mark};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::{use_params_map, use_query_map};
use newsroom::{Entry, LiveUpdate, UNDO_WINDOW, zone::LocalTime};

use super::{desk_entry, not_shown_of};
use crate::{
    entry::{excerpt, state_word},
    isolate::isolated,
    layout::{FormError, Frame, OperationId, Place, or_error},
    request::PageRequest,
};

/// An entry, and its updates, the latest first.
#[component]
pub fn DeskEntryPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let slug = use_params_map().with(|params| params.get("slug").unwrap_or_default());
    let deleted = use_query_map().with(|query| query.get("deleted"));
    let edited = use_query_map().with(|query| query.get("edited"));
    Suspend::new(async move {
        let found = desk_entry(&request, &slug).await;
        let not_shown = match &edited {
            Some(id) => not_shown_of(&request, id).await,
            None => None,
        };
        let page = found.map(|(caller, page)| {
            let entry = page.entry;
            let may_edit = {
                let caller = caller.clone();
                move |update: &LiveUpdate| {
                    caller.role.may_edit_others() || update.author_id == caller.id
                }
            };
            view! {
                <Frame
                    title=format!("{} · Your desk", isolated(entry.title.as_str()))
                    place=Place::Personal(caller)
                >
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                    <h1 dir="auto" lang=entry.language.to_string()>
                        {entry.title.to_string()}
                    </h1>
                    <FormError />
                    {not_shown
                        .map(|sentence| {
                            view! {
                                <p class="done" role="status">
                                    {format!("Saved. {sentence}")}
                                </p>
                            }
                        })}
                    <DeskActions entry=entry.clone() />
                    {page
                        .deleted
                        .into_iter()
                        .map(|update| {
                            let just_now = deleted.as_deref() == Some(&*update.id.to_string());
                            view! { <Undo entry=entry.clone() update just_now /> }
                        })
                        .collect_view()}
                    <h2>"Updates"</h2>
                    {page
                        .updates
                        .is_empty()
                        .then(|| {
                            view! {
                                <p class="empty">
                                    "No updates yet. "
                                    <a href=format!("/entries/{}/compose", entry.slug)>"Post the first update."</a>
                                </p>
                            }
                        })}
                    <ul class="desk-updates">
                        {page
                            .updates
                            .into_iter()
                            .rev()
                            .map(|update| {
                                let mine = may_edit(&update);
                                view! { <DeskUpdate entry=entry.clone() update mine /> }
                            })
                            .collect_view()}
                    </ul>
                </Frame>
            }
        });
        or_error(&response, page)
    })
}

#[component]
fn DeskActions(entry: Entry) -> impl IntoView {
    let slug = entry.slug.as_str();
    let (action, word) = match entry.state {
        EntryState::Live => ("end", "End live blog"),
        EntryState::Ended => ("start", "Reopen live blog"),
        EntryState::Draft | EntryState::Upcoming => ("start", "Start live blog"),
    };
    let hint = match entry.state {
        EntryState::Draft => Some("Only authors can see this draft until you start it."),
        EntryState::Upcoming => Some("Readers see it under “Coming up”. Start it when the event begins."),
        EntryState::Live | EntryState::Ended => None,
    };
    view! {
        <p class="entry-state" data-state=entry.state.as_str()>
            {state_word(entry.state)}
        </p>
        {hint.map(|hint| view! { <p class="hint">{hint}</p> })}
        <div class="desk-actions">
            <a class="button primary" href=format!("/entries/{slug}/compose")>
                "Post"
            </a>
            {entry
                .state
                .is_public()
                .then(|| view! { <a class="button" href=format!("/entries/{slug}")>"View live blog"</a> })}
            <a class="button" href=format!("/desk/entries/{slug}/edit")>
                "Edit details"
            </a>
            <form method="post" action=format!("/desk/entries/{slug}/{action}")>
                <OperationId />
                <button class="button" type="submit">
                    {word}
                </button>
            </form>
        </div>
    }
}

const fn mark_word(mark: Mark, on: bool) -> &'static str {
    match (mark, on) {
        (Mark::Key, true) => "Mark as key",
        (Mark::Key, false) => "Unmark as key",
        (Mark::Pinned, true) => "Pin",
        (Mark::Pinned, false) => "Unpin",
    }
}

/// The way back of a deleted update. Its text is nobody's to read until then.
#[component]
fn Undo(
    entry: Entry,
    update: LiveUpdate,
    /// Whether it is what the author has just done.
    just_now: bool,
) -> impl IntoView {
    let local = |moment| LocalTime::new(moment, &entry.time_zone);
    let until = update.deleted_at.map(|at| at.plus_micros(UNDO_WINDOW));
    let sentence = format!(
        "The update of {} was deleted. You can restore it until {}.",
        local(update.posted_at).full(),
        until
            .map(|until| local(until).clock_and_zone())
            .unwrap_or_default()
    );
    view! {
        <form class="done" method="post" action=format!("/desk/updates/{}/restore", update.id)>
            <OperationId />
            <p role=just_now.then_some("status")>{sentence}</p>
            <button class="button" type="submit">
                "Undo"
            </button>
        </form>
    }
}

#[component]
fn DeskUpdate(entry: Entry, update: LiveUpdate, mine: bool) -> impl IntoView {
    let posted = LocalTime::new(update.posted_at, &entry.time_zone);
    let marks = Mark::ALL.iter().map(|&mark| (mark, !update.has(mark)));
    let marks: Vec<_> = marks.collect();
    let text = match &update.headline {
        // It is called something already.
        Some(_) => update.html.excerpt(160),
        None => excerpt(&update, 160),
    };
    let language = entry.language.to_string();
    let id = update.id;
    // Heard one after the other, ten buttons "Delete" would be ten riddles.
    let at = posted.full();
    let which = || view! { <span class="visually-hidden">{format!(" the update of {at}")}</span> };
    view! {
        <li>
            <p class="entry-when">
                {format!("{} · ", posted.full())} <bdi>{update.author.to_string()}</bdi>
            </p>
            {update
                .headline
                .map(|line| {
                    view! {
                        <p dir="auto" lang=language.clone()>
                            <strong>{line.to_string()}</strong>
                        </p>
                    }
                })}
            <p dir="auto" lang=language.clone()>
                {text}
            </p>
            {mine
                .then(|| {
                    view! {
                        <div class="desk-actions">
                            <a class="button" href=format!("/desk/updates/{id}")>
                                "Edit" {which()}
                            </a>
                            <form method="post" action=format!("/desk/updates/{id}/delete")>
                                <OperationId />
                                <button class="button" type="submit">
                                    "Delete" {which()}
                                </button>
                            </form>
                            {marks
                                .into_iter()
                                .map(|(mark, on)| {
                                    view! {
                                        <form method="post" action=format!("/desk/updates/{id}/mark")>
                                            <OperationId />
                                            <input type="hidden" name="mark" value=mark.as_str() />
                                            <input type="hidden" name="on" value=on.to_string() />
                                            <button class="button" type="submit">
                                                {mark_word(mark, on)} {which()}
                                            </button>
                                        </form>
                                    }
                                })
                                .collect_view()}
                        </div>
                    }
                })}
        </li>
    }
}
