//! The desk's page of an entry: start and end it, edit its details, and edit, mark, delete and
//! restore its updates.

use domain::{EntryState, Mark};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{Entry, LiveUpdate, UNDO_WINDOW, zone::LocalTime};

use super::{desk_entry, open_streams_note, removed_article_note, removed_content_note};
use crate::{
    entry::{excerpt, labels::state_label},
    isolate::isolated,
    layout::{Audience, Done, FormError, OperationIdField, PageLayout, page_or_error},
    params::slug_param,
    request::PageRequest,
    site::Site,
};

/// The page of an entry, with its updates, latest first.
#[component]
pub fn DeskEntryPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let site = Site::current();
    let slug = slug_param();
    let deleted = use_query_map().with(|query| query.get("deleted"));
    let edited = use_query_map().with(|query| query.get("edited"));
    Suspend::new(async move {
        let found = desk_entry(&request, slug).await;
        let removed = match (edited.as_deref(), &found) {
            (Some("article"), Ok((caller, page))) => {
                removed_article_note(caller, page.entry.id).await
            }
            (Some(id), _) => removed_content_note(&request, id).await,
            (None, _) => None,
        };
        let readers = match &found {
            Ok((_, page)) => open_streams_note(&site, page.entry.id).await,
            Err(_) => None,
        };
        let page = found.map(|(caller, page)| {
            let entry = page.entry;
            let editor = caller.clone();
            view! {
                <PageLayout
                    title=format!("{} · Your desk", isolated(entry.title.as_str()))
                    audience=Audience::Member(caller)
                >
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                    <h1 dir="auto" lang=entry.language.to_string()>
                        {entry.title.to_string()}
                    </h1>
                    <FormError />
                    <Done sentence=removed.map(|sentence| format!("Saved. {sentence}")) />
                    <EntryActions entry=entry.clone() readers />
                    {page
                        .deleted
                        .into_iter()
                        .map(|update| {
                            let just_now = deleted.as_deref() == Some(&*update.id.to_string());
                            view! { <DeletedUpdate entry=entry.clone() update just_now /> }
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
                    <ul class="desk-list">
                        {page
                            .updates
                            .into_iter()
                            .rev()
                            .map(|update| {
                                let editable = editor.may_edit(update.author_id);
                                view! { <UpdateItem entry=entry.clone() update editable /> }
                            })
                            .collect_view()}
                    </ul>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// The entry's state and the actions on it.
#[component]
fn EntryActions(
    entry: Entry,
    /// A sentence about the number of its readers, if they are counted.
    readers: Option<String>,
) -> impl IntoView {
    let slug = entry.slug.as_str();
    let (action, label) = match entry.state {
        EntryState::Live => ("end", "End live blog"),
        EntryState::Ended => ("start", "Reopen live blog"),
        EntryState::Draft | EntryState::Upcoming => ("start", "Start live blog"),
    };
    let hint = match entry.state {
        EntryState::Draft => Some("Only authors can see this draft until you start it."),
        EntryState::Upcoming => {
            Some("Readers see it under “Coming up”. Start it when the event begins.")
        }
        EntryState::Live | EntryState::Ended => None,
    };
    view! {
        <p class="entry-state" data-state=entry.state.as_str()>
            {state_label(entry.state)}
        </p>
        {hint.map(|hint| view! { <p class="hint">{hint}</p> })}
        {readers.map(|sentence| view! { <p class="hint">{sentence}</p> })}
        <div class="desk-actions">
            <a class="button primary" href=format!("/entries/{slug}/compose")>
                "Post update"
            </a>
            {entry
                .state
                .is_public()
                .then(|| view! { <a class="button" href=format!("/entries/{slug}")>"View live blog"</a> })}
            <a class="button" href=format!("/desk/entries/{slug}/edit")>
                "Edit details"
            </a>
            <form method="post" action=format!("/desk/entries/{slug}/{action}")>
                <OperationIdField />
                <button class="button" type="submit">
                    {label}
                </button>
            </form>
        </div>
    }
}

/// Returns the label of the button that sets or removes a mark.
const fn mark_label(mark: Mark, on: bool) -> &'static str {
    match (mark, on) {
        (Mark::Key, true) => "Mark as key",
        (Mark::Key, false) => "Unmark as key",
        (Mark::Pinned, true) => "Pin",
        (Mark::Pinned, false) => "Unpin",
    }
}

/// A deleted update that can still be restored. Its text is not shown.
#[component]
fn DeletedUpdate(
    entry: Entry,
    update: LiveUpdate,
    /// Whether the author deleted it with the last request.
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
            <OperationIdField />
            <p role=just_now.then_some("status")>{sentence}</p>
            <button class="button" type="submit">
                "Undo"
            </button>
        </form>
    }
}

/// An update, and one line of actions if the caller may edit it.
#[component]
fn UpdateItem(entry: Entry, update: LiveUpdate, editable: bool) -> impl IntoView {
    let posted = LocalTime::new(update.posted_at, &entry.time_zone).full();
    let text = match &update.headline {
        // The headline is shown above the text.
        Some(_) => update.html.excerpt(160),
        None => excerpt(&update, 160),
    };
    let language = entry.language.to_string();
    let actions =
        editable.then(|| view! { <UpdateActions update=update.clone() posted=posted.clone() /> });
    view! {
        <li>
            <p class="entry-when">
                {format!("{posted} · ")} <bdi>{update.author_name().to_owned()}</bdi>
            </p>
            {update
                .headline
                .map(|headline| {
                    view! {
                        <p dir="auto" lang=language.clone()>
                            <strong>{headline.to_string()}</strong>
                        </p>
                    }
                })}
            <p dir="auto" lang=language.clone()>
                {text}
            </p>
            {actions}
        </li>
    }
}

/// The actions on an update. Marks come last and are less prominent.
#[component]
fn UpdateActions(
    update: LiveUpdate,
    /// When it was posted, for screen readers: it distinguishes the buttons of different updates.
    posted: String,
) -> impl IntoView {
    let id = update.id;
    let which =
        || view! { <span class="visually-hidden">{format!(" the update of {posted}")}</span> };
    let marks = Mark::ALL.iter().map(|&mark| {
        let on = !update.has(mark);
        view! {
            <form method="post" action=format!("/desk/updates/{id}/mark")>
                <OperationIdField />
                <input type="hidden" name="mark" value=mark.as_str() />
                <input type="hidden" name="on" value=on.to_string() />
                <button class="link quiet" type="submit">
                    {mark_label(mark, on)} {which()}
                </button>
            </form>
        }
    });
    view! {
        <div class="update-actions">
            <a class="link" href=format!("/desk/updates/{id}")>
                "Edit" {which()}
            </a>
            <form method="post" action=format!("/desk/updates/{id}/delete")>
                <OperationIdField />
                <button class="link" type="submit">
                    "Delete" {which()}
                </button>
            </form>
            {marks.collect_view()}
        </div>
    }
}
