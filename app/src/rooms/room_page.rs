//! The page of a room.

use domain::{MessageId, RoomState};
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{MESSAGES_PER_PAGE, Room, RoomPage as Page};

use crate::{
    inert::optional,
    isolate::isolated,
    layout::{
        Audience, Canonical, ENGLISH, FormError, OperationIdField, PageLayout, TextArea, TextField,
        page_or_error,
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
            let first = page.messages.first().filter(|_| page.has_older);
            let older = first.map(|first| {
                let before = Some(first.id.to_string());
                let query = [("before", before), ("user", user.clone())];
                let href = with_query(&path, query);
                view! { <a href=href>"Older messages"</a> }
            });
            let title = format!("{} · Ringside", isolated(room.title.as_str()));
            let state = page.state;
            let (label, is_latest) = match before {
                None => ("Refresh", true),
                Some(_) => ("Latest messages", false),
            };
            view! {
                <PageLayout title audience>
                    {canonical}
                    <h1 dir="auto">{room.title.to_string()}</h1>
                    <nav class="room-links" aria-label="Messages" lang=ENGLISH>
                        <a href=with_query(&path, [("user", user.clone())])>{label}</a>
                        {optional(older)}
                    </nav>
                    <MessageList page cards />
                    {is_latest.then(|| view! { <MessageForm room state user note /> })}
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// The messages, oldest first, and where their feeds continue.
#[component]
fn MessageList(page: Page, cards: String) -> impl IntoView {
    let is_empty = page.messages.is_empty();
    view! {
        <ol
            id="room-messages"
            class="messages"
            data-room=page.room.name.to_string()
            data-feed=page.room.feed().to_string()
            data-state=page.state.as_str()
            data-cursor=page.cursor().to_string()
            data-last-event-id=page.last_event_id()
            inner_html=cards
        ></ol>
        {is_empty.then(|| view! {
            <p class="empty" lang=ENGLISH>
                "No messages yet."
            </p>
        })}
    }
}

/// The form to send a message, or why nobody can.
#[component]
fn MessageForm(
    room: Room,
    state: RoomState,
    user: Option<String>,
    note: Option<String>,
) -> impl IntoView {
    match state {
        RoomState::Open => EitherOf3::A(view! { <OpenForm room user note /> }),
        RoomState::ReadOnly => EitherOf3::B(view! {
            <p class="empty" lang=ENGLISH>
                "This room is read-only at the moment."
            </p>
        }),
        RoomState::Closed => EitherOf3::C(view! {
            <p class="empty" lang=ENGLISH>
                "This room is closed."
            </p>
        }),
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
    let name = user.or(own).unwrap_or_default();
    view! {
        <section class="panel" lang=ENGLISH>
            <h2 id="new">"New message"</h2>
            {optional(
                note
                    .map(|note| {
                        view! {
                            <p class="hint" role="status">
                                {note}
                            </p>
                        }
                    }),
            )}
            <FormError />
            <form method="post" action=format!("/rooms/{}/messages", room.name)>
                {if is_personal {
                    Either::Left(view! { <OperationIdField /> })
                } else {
                    Either::Right(())
                }}
                <TextField name="from" label="Name" value=name autocomplete="nickname" />
                <TextArea name="text" label="Message" required=true />
                <button class="button primary" type="submit">
                    "Send"
                </button>
            </form>
        </section>
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
