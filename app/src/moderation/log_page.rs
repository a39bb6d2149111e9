//! The log of what moderators did.

use domain::{LogAction, LogId};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::LogEntry;

use super::titles::Titles;
use crate::{
    in_utc::in_utc,
    inert::optional,
    layout::{Audience, PageLayout, page_or_error},
    request::{PageRequest, newsroom},
};

/// The log, latest entry first. With `?before=`, the entries before that one.
#[component]
pub fn ModerationLogPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let before = use_query_map().with(|query| query.get("before"));
    let before = before.and_then(|id| id.parse().ok()).map(LogId);
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let page = newsroom().moderation_log(&caller, before).await?;
            let rooms = newsroom().moderated_rooms(&caller).await?;
            Ok((caller, page, Titles::new(&rooms)))
        };
        let page = found.await.map(|(caller, page, titles)| {
            let is_empty = page.items.is_empty();
            let older = page.next.map(|id| {
                view! {
                    <p>
                        <a href=format!("/desk/moderation/log?before={id}")>"Older entries"</a>
                    </p>
                }
            });
            let items = page
                .items
                .into_iter()
                .map(|entry| view! { <li><Entry entry titles=&titles /></li> })
                .collect_view();
            view! {
                <PageLayout title="Moderation log · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/desk/moderation">"Moderation"</a>
                    </p>
                    <h1>"Moderation log"</h1>
                    {is_empty.then(|| view! { <p class="empty">"No entries."</p> })}
                    <ul class="desk-list">{items}</ul>
                    {optional(older)}
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

#[component]
fn Entry<'a>(entry: LogEntry, titles: &'a Titles) -> impl IntoView + use<> {
    let at = in_utc(entry.at);
    let place = match &entry.room {
        Some(room) => format!("room {}", titles.of(room)),
        None => "all rooms".to_owned(),
    };
    let message = entry.message.map(|id| format!(", message {id}"));
    let nick = entry.nick.map(|nick| {
        view! {
            " "
            <bdi>{nick}</bdi>
        }
    });
    let notes = [entry.reason.to_string(), entry.detail];
    let notes: Vec<_> = notes.into_iter().filter(|note| !note.is_empty()).collect();
    let notes = (!notes.is_empty()).then(|| {
        view! {
            <p class="hint" dir="auto">
                {notes.join(" · ")}
            </p>
        }
    });
    view! {
        <p class="entry-when">
            {format!("{at} · ")} <bdi>{entry.by}</bdi>
            {format!(" · {place}{}", message.unwrap_or_default())}
        </p>
        <p>{action_label(entry.action)} {optional(nick)}</p>
        {optional(notes)}
    }
}

const fn action_label(action: LogAction) -> &'static str {
    match action {
        LogAction::Approve => "Approved a message of",
        LogAction::Reject => "Rejected a message of",
        LogAction::Delete => "Deleted a message of",
        LogAction::Restore => "Restored a message of",
        LogAction::RemoveAll => "Removed all messages of",
        LogAction::UndoRemoveAll => "Restored all messages of",
        LogAction::Dismiss => "Dismissed the reports of a message of",
        LogAction::Mute => "Muted",
        LogAction::Ban => "Banned",
        LogAction::EndSanction => "Ended the mute or ban of",
        LogAction::ChangeWords => "Changed the word filter",
        LogAction::SetAllRooms => "Set the state of all rooms",
        LogAction::ChangeRoom => "Changed the room",
    }
}
