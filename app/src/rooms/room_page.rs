//! The page of a room.

use domain::{ConnectionStatus, MessageId, RoomState};
use leptos::{either::Either, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{MESSAGES_PER_PAGE, Room, RoomPage as Page};

use crate::{
    entry::{LiveFeed, bar_ids, labels::status_text},
    inert::{all, optional},
    isolate::isolated,
    layout::{
        Audience, Canonical, ENGLISH, FormError, Hydration, OperationIdField, PageLayout,
        StaticBar, TextArea, TextField, page_or_error,
    },
    params::room_param,
    request::{PageRequest, newsroom},
};

/// The page of a room: its last messages, and a form to send one. With `?user=`, the form has that
/// name, and an operation id, which the page for everyone can't have. With `?before=`, it has the
/// messages before that one.
#[component]
pub fn RoomPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let name = room_param();
    let query = use_query_map();
    let user = query.with(|query| query.get("user"));
    let before = query.with(|query| query.get("before"));
    let before = before.and_then(|id| id.parse().ok()).map(MessageId);
    let note = query.with(|query| {
        sent_note(
            query.get("held").is_some(),
            query.get("left").and_then(|left| left.parse().ok()),
            query.get("reported").is_some(),
        )
    });
    Suspend::new(async move {
        let caller = request.caller.as_ref();
        let found = async {
            newsroom()
                .room_page(name?, caller, before, MESSAGES_PER_PAGE)
                .await
        };
        let page = found.await.map(|page| {
            let room = page.room.clone();
            let path = format!("/rooms/{}", room.name);
            let audience = match &request.caller {
                Some(caller) => Audience::Member(caller.clone()),
                None => Audience::Public,
            };
            let newsroom = newsroom();
            let cards: String = page
                .messages
                .iter()
                .map(|message| newsroom.cards().message(&room, message).to_string())
                .collect();
            let canonical = before
                .is_none()
                .then(|| view! { <Canonical path=path.clone() /> });
            let live_blog = room.entry.as_ref().filter(|entry| entry.is_public);
            let live_blog = live_blog.map(|entry| {
                view! {
                    <a class="room-entry" href=format!("/entries/{}", entry.slug)>
                        "Live blog"
                    </a>
                }
            });
            let links = before.is_some().then(|| {
                let href = with_query(&path, [("user", user.clone())]);
                view! { <a href=href>"Latest messages"</a> }
            });
            let first = page.messages.first();
            let older = first.map(|first| {
                let before = Some(first.id.to_string());
                with_query(&path, [("before", before), ("user", user.clone())])
            });
            let older = (page.has_older || before.is_none()).then(|| {
                view! {
                    <a class="older" href=older.unwrap_or_default() hidden=!page.has_older>
                        "Older messages"
                    </a>
                }
            });
            let title = format!("{} · Ringside", isolated(room.title.as_str()));
            let state = page.state;
            let live = before
                .is_none()
                .then(|| view! { <LiveParts path user=user.clone() /> });
            let form = before
                .is_none()
                .then(|| view! { <MessageForm room=room.clone() state user note /> });
            let islands = before.is_none().then(|| {
                view! {
                    <Hydration />
                    <LiveFeed />
                }
            });
            view! {
                <PageLayout title audience>
                    {canonical}
                    <section
                        id="room-view"
                        class=if before.is_none() { "room is-latest" } else { "room" }
                        aria-label="Room"
                    >
                        <h1 dir="auto">{room.title.to_string()}</h1>
                        {optional(live)}
                        <nav class="room-links" aria-label="Messages" lang=ENGLISH>
                            {optional(live_blog)}
                            {optional(older)}
                            {optional(links)}
                        </nav>
                        <MessageList page cards />
                        {form}
                    </section>
                    {islands}
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// What the script that follows the room changes: the connection status, and announcements to
/// screen readers. Without it, a link to refresh the page.
#[component]
fn LiveParts(path: String, user: Option<String>) -> impl IntoView {
    let connecting = ConnectionStatus::Connecting;
    view! {
        <p
            id=bar_ids::STATUS
            class="connection-status room-status if-live"
            data-status=connecting.as_str()
            lang=ENGLISH
        >
            {status_text(connecting)}
        </p>
        <p
            id=bar_ids::ANNOUNCEMENTS
            class="visually-hidden room-announcements"
            role="status"
            lang=ENGLISH
        ></p>
        <StaticBar url=with_query(&path, [("user", user)]) />
    }
}

/// The messages, oldest first, and where their feeds continue.
#[component]
fn MessageList(page: Page, cards: String) -> impl IntoView {
    view! {
        <ol
            id="room-messages"
            class="messages"
            // It scrolls.
            tabindex="0"
            aria-label="Messages"
            data-room=page.room.name.to_string()
            data-feed=page.room.feed().to_string()
            data-state=page.state.as_str()
            data-cursor=page.cursor().to_string()
            data-last-event-id=page.last_event_id()
            inner_html=cards
        ></ol>
        <p class="empty if-no-messages" lang=ENGLISH hidden=!page.messages.is_empty()>
            "No messages yet."
        </p>
        <button class="unread button" type="button" lang=ENGLISH hidden></button>
    }
}

/// The form to send a message, and why nobody can in the other states of a room. The script that
/// follows the room shows the part of its current state.
#[component]
fn MessageForm(
    room: Room,
    state: RoomState,
    user: Option<String>,
    note: Option<String>,
) -> impl IntoView {
    let closed = [
        (RoomState::ReadOnly, "This room is read-only at the moment."),
        (RoomState::Closed, "This room is closed."),
    ];
    let closed = closed.map(|(of, sentence)| {
        view! {
            <p class="hint" data-if=of.as_str() lang=ENGLISH hidden=state != of>
                {sentence}
            </p>
        }
    });
    view! {
        {all(closed)}
        <section
            class="room-form"
            data-if=RoomState::Open.as_str()
            lang=ENGLISH
            hidden=state != RoomState::Open
        >
            <OpenForm room user note />
        </section>
    }
}

/// Returns what happened to a message that was sent with the form before, and how many can be sent
/// now.
fn sent_note(is_held: bool, left: Option<u32>, is_reported: bool) -> Option<String> {
    if is_reported {
        return Some("Thank you. The moderators will see your report.".to_owned());
    }
    let held = is_held.then_some("Your message waits for a moderator.");
    let left = left.map(|left| match left {
        0 => "You can send the next message in a second.".to_owned(),
        1 => "You can send 1 more message now.".to_owned(),
        left => format!("You can send {left} more messages now."),
    });
    match (held, left) {
        (Some(held), Some(left)) => Some(format!("{held} {left}")),
        (Some(held), None) => Some(held.to_owned()),
        (None, left) => left,
    }
}

#[component]
fn OpenForm(room: Room, user: Option<String>, note: Option<String>) -> impl IntoView {
    let request = PageRequest::current();
    let is_personal = user.is_some() || request.submitted.is_some();
    let own = request.caller.map(|caller| caller.username.to_string());
    // An account that gives no name writes under its username.
    let required = own.is_none();
    let slow_mode = match room.rules.slow_mode.seconds() {
        0 => None,
        1 => Some("Slow mode: one message every second.".to_owned()),
        seconds => Some(format!("Slow mode: one message every {seconds} seconds.")),
    };
    let slow_mode = slow_mode.map(|sentence| view! { <p class="hint">{sentence}</p> });
    let name = user.or(own).unwrap_or_default();
    view! {
        <h2 id="new" class="visually-hidden">
            "New message"
        </h2>
        {optional(slow_mode)}
        <p class="hint room-note" role="status">
            {note}
        </p>
        <FormError />
        <form method="post" action=format!("/rooms/{}/messages#new", room.name)>
            {if is_personal {
                Either::Left(view! { <OperationIdField /> })
            } else {
                Either::Right(())
            }}
            <TextField name="from" label="Name" value=name autocomplete="nickname" required />
            <TextArea name="text" label="Message" rows=2 required=true />
            <button class="button primary" type="submit">
                "Send"
            </button>
        </form>
    }
}

/// Returns a path with the given query parameters.
fn with_query<const N: usize>(path: &str, query: [(&str, Option<String>); N]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if let Some(value) = value {
            encoded.append_pair(name, &value);
        }
    }
    match &*encoded.finish() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}
