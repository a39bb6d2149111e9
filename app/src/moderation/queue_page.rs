//! The queue of held and reported messages, removals that can be undone, and running sanctions.

use domain::{LogAction, Reach, RoomName, SanctionKind, ZoneName};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{
    Error, LogEntry, ModeratedMessage, Queue, QueueItem, Room, Sanction, Secret, UNDO_WINDOW,
    zone::LocalTime,
};

use super::{
    item::{ModerationItem, path_of},
    queue_ids,
    titles::Titles,
};
use crate::{
    entry::LiveFeed,
    in_utc::in_utc,
    layout::{Audience, Done, FormError, Hydration, OperationIdField, PageLayout, page_or_error},
    request::{PageRequest, newsroom},
};

/// The queue. With `?room=`, that of one room.
#[component]
pub fn ModerationPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let query = use_query_map();
    let room = query.with(|query| query.get("room"));
    let room: Option<RoomName> = room.and_then(|room| RoomName::new(&room));
    let done = query.with(|query| query.get("done"));
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let newsroom = newsroom();
            let queue = newsroom.moderation_queue(&caller, room).await?;
            let rooms = newsroom.moderated_rooms(&caller).await?;
            let removals = newsroom.recent_removals(&caller).await?;
            let sanctions = newsroom.sanctions(&caller).await?;
            Ok::<_, Error>((caller, queue, rooms, removals, sanctions))
        };
        let page = found
            .await
            .map(|(caller, queue, rooms, removals, sanctions)| {
                let titles = Titles::new(&rooms);
                let done = done.as_deref().and_then(done_sentence);
                view! {
                    <PageLayout title="Moderation · Ringside" audience=Audience::Member(caller)>
                        <p class="from-entry">
                            <a href="/desk">"Your desk"</a>
                        </p>
                        <h1>"Moderation"</h1>
                        <Done sentence=done />
                        <FormError />
                        <p>
                            <a href="/desk/moderation/rules">"Rules of rooms"</a>
                            " · "
                            <a href="/desk/moderation/log">"Log"</a>
                        </p>
                        <RoomFilter rooms selected=room />
                        <Removals removals titles=titles.clone() />
                        <p class="hint if-live">
                            "The queue is kept up to date. Keys for the message with the focus: J next, K previous, A approve, R reject, D delete, I dismiss the reports, M mute, ban or remove all."
                        </p>
                        <p id=queue_ids::STATUS class="hint" role="status"></p>
                        <QueueLists queue room />
                        <Hydration />
                        <LiveFeed />
                        <Sanctions sanctions titles />
                    </PageLayout>
                }
            });
        page_or_error(&response, page)
    })
}

/// Returns what an action has done.
fn done_sentence(action: &str) -> Option<&'static str> {
    Some(match action {
        "approve" => "The message was published.",
        "reject" => "The message was rejected.",
        "delete" => "The message was deleted.",
        "dismiss" => "The reports were dismissed.",
        "remove_in_room" | "remove_everywhere" => "The messages were removed.",
        "mute" => "The person was muted.",
        "ban" => "The person was banned.",
        "end" => "The mute or ban was ended.",
        "undo" => "The messages were restored.",
        _ => return None,
    })
}

/// A form that filters the queue by room.
#[component]
fn RoomFilter(rooms: Vec<Room>, selected: Option<RoomName>) -> impl IntoView {
    let options = rooms
        .into_iter()
        .map(|room| {
            let is_selected = selected == Some(room.name);
            view! {
                <option value=room.name.to_string() selected=is_selected>
                    {room.title.to_string()}
                </option>
            }
        })
        .collect_view();
    view! {
        <form method="get" action="/desk/moderation">
            <div class="field">
                <label for="room">"Room"</label>
                <select id="room" name="room">
                    <option value="">"All rooms"</option>
                    {options}
                </select>
            </div>
            <button class="button" type="submit">
                "Show"
            </button>
        </form>
    }
}

#[component]
fn QueueLists(queue: Queue, room: Option<RoomName>) -> impl IntoView {
    let (no_held, no_reported) = (queue.held.is_empty(), queue.reported.is_empty());
    let list = |items: Vec<QueueItem>| {
        let items = items
            .into_iter()
            .map(|item| {
                let id = match item.message {
                    ModeratedMessage::Sent(id) => format!("reported-{id}"),
                    ModeratedMessage::Held(id) => format!("held-{id}"),
                };
                view! {
                    <li class="queue-item" id=id tabindex="0">
                        <QueuedItem item room />
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="desk-list">{items}</ul> }
    };
    let count = queue.held.len() + queue.reported.len();
    view! {
        <div id=queue_ids::QUEUE data-count=count>
            <h2>{format!("Held messages ({})", queue.waiting)}</h2>
            {no_held.then(|| view! { <p class="empty">"No message waits for a moderator."</p> })}
            {list(queue.held)}
            <h2>"Reported messages"</h2>
            {no_reported.then(|| view! { <p class="empty">"No message is reported."</p> })}
            {list(queue.reported)}
        </div>
    }
}

/// A message of the queue, with a button for each usual action.
#[component]
fn QueuedItem(item: QueueItem, room: Option<RoomName>) -> impl IntoView {
    let path = path_of(item.message);
    let nick = item.nick.to_string();
    let actions: &[_] = match item.held {
        Some(_) => &[("approve", "Approve", "a"), ("reject", "Reject", "r")],
        None => &[
            ("delete", "Delete", "d"),
            ("dismiss", "Dismiss reports", "i"),
        ],
    };
    let which = || view! { <span class="visually-hidden">{format!(" (message of {nick})")}</span> };
    let buttons = actions
        .iter()
        .map(|&(action, label, key)| {
            view! {
                <button
                    class="button"
                    type="submit"
                    name="action"
                    value=action
                    data-key=key
                    aria-keyshortcuts=key
                >
                    {label}
                    {which()}
                </button>
            }
        })
        .collect_view();
    let more = view! {
        <a class="link" href=path.clone()>
            "Mute, ban or remove all"
            {which()}
        </a>
    };
    // Each form has an operation id of its own, unlike the fields of one that is shown again.
    let op_id = Secret::new_random().reveal().to_owned();
    view! {
        <ModerationItem item>
            <form class="update-actions" method="post" action=path>
                <input type="hidden" name="op_id" value=op_id />
                {room.map(|room| view! { <input type="hidden" name="room" value=room.to_string() /> })}
                {buttons}
                {more}
            </form>
        </ModerationItem>
    }
}

/// The removals of all messages of a person that can be undone.
#[component]
fn Removals(removals: Vec<LogEntry>, titles: Titles) -> impl IntoView {
    let utc = ZoneName::new_unchecked("UTC");
    removals
        .into_iter()
        .map(|removal| {
            let until = LocalTime::new(removal.at.plus_micros(UNDO_WINDOW), &utc).clock_and_zone();
            let place = match &removal.room {
                Some(room) => format!("in the room {}", titles.of(room)),
                None => "in all rooms".to_owned(),
            };
            let what = match removal.action {
                LogAction::Delete => "deleted a message",
                _ => "removed all messages",
            };
            let sentence = format!(
                "{} {what} of {} {place}. You can undo this until {until}.",
                removal.by,
                removal.nick.unwrap_or_default()
            );
            view! {
                <form
                    class="done"
                    method="post"
                    action=format!("/desk/moderation/removals/{}/undo", removal.id)
                >
                    <OperationIdField />
                    <p dir="auto">{sentence}</p>
                    <button class="button" type="submit">
                        "Undo"
                    </button>
                </form>
            }
        })
        .collect_view()
}

/// The mutes and bans that run.
#[component]
fn Sanctions(sanctions: Vec<Sanction>, titles: Titles) -> impl IntoView {
    let is_empty = sanctions.is_empty();
    let items = sanctions
        .into_iter()
        .map(|sanction| view! { <li><SanctionItem sanction titles=&titles /></li> })
        .collect_view();
    view! {
        <h2>"Mutes and bans"</h2>
        {is_empty.then(|| view! { <p class="empty">"Nobody is muted or banned."</p> })}
        <ul class="desk-list">{items}</ul>
    }
}

#[component]
fn SanctionItem<'a>(sanction: Sanction, titles: &'a Titles) -> impl IntoView + use<> {
    let until = in_utc(sanction.ends_at);
    let what = match (sanction.kind, sanction.room) {
        (SanctionKind::Mute, Some(room)) => {
            format!("muted in the room {}", titles.of(room.as_str()))
        }
        (SanctionKind::Mute, None) => "muted".to_owned(),
        (SanctionKind::Ban, _) => "banned from all rooms".to_owned(),
    };
    let reach = match sanction.reach {
        Reach::Person => "",
        Reach::Address => ", with the address",
        Reach::Network => ", with the network",
    };
    let reason = match sanction.reason.as_str() {
        "" => "No reason given.".to_owned(),
        reason => reason.to_owned(),
    };
    let nick = sanction.nick.to_string();
    view! {
        <p>
            <strong>
                <bdi>{nick.clone()}</bdi>
            </strong>
            {format!(" is {what} until {until}{reach}.")}
        </p>
        <p class="hint" dir="auto">
            {reason}
        </p>
        <form method="post" action=format!("/desk/moderation/sanctions/{}/end", sanction.id)>
            <OperationIdField />
            <button class="button" type="submit">
                "End"
                <span class="visually-hidden">{format!(" (of {nick})")}</span>
            </button>
        </form>
    }
}
