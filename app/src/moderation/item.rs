//! A message of the queue, with the messages around it.

use domain::HoldReason;
use leptos::prelude::*;
use newsroom::{Message, ModeratedMessage, QueueItem, Report, Room, zone::LocalTime};

/// A held or reported message, with its context. Its actions are the children.
#[component]
pub fn ModerationItem(item: QueueItem, children: Children) -> impl IntoView {
    let local = |at| LocalTime::new(at, &item.room.time_zone()).full();
    let why = match item.held {
        Some(HoldReason::Words) => "Held: contains a filtered word",
        Some(HoldReason::NewGuest) => "Held: first message of a reader without an account",
        Some(HoldReason::Room) => "Held: this room holds every message",
        None => "Sent",
    };
    let author = if item.is_account { " (account)" } else { "" };
    let reports = item
        .reports
        .iter()
        .map(|report| view! { <li>{report_line(report, &item.room)}</li> })
        .collect_view();
    let has_reports = !item.reports.is_empty();
    view! {
        <p class="entry-when">
            {format!("{why} · {} · ", local(item.sent_at))}
            <a href=format!("/rooms/{}", item.room.name) dir="auto">
                {item.room.title.to_string()}
            </a>
        </p>
        <Context messages=item.before room=item.room.clone() />
        <p>
            <strong>
                <bdi>{item.nick.to_string()}</bdi>
            </strong>
            {author}
        </p>
        <p class="message-text" dir="auto">
            {item.text.to_string()}
        </p>
        <Context messages=item.after room=item.room.clone() />
        {has_reports.then(|| view! {
            <p class="hint">"Reports:"</p>
            <ul>{reports}</ul>
        })}
        {children()}
    }
}

fn report_line(report: &Report, room: &Room) -> impl IntoView + use<> {
    let at = LocalTime::new(report.at, &room.time_zone()).full();
    let reason = match report.reason.as_str() {
        "" => "no reason given".to_owned(),
        reason => reason.to_owned(),
    };
    view! {
        {format!("{at}: ")}
        <bdi>{reason}</bdi>
    }
}

/// The messages before or after one.
#[component]
fn Context(messages: Vec<Message>, room: Room) -> impl IntoView {
    messages
        .into_iter()
        .map(|message| {
            let at = LocalTime::new(message.sent_at, &room.time_zone()).clock();
            view! {
                <p class="hint" dir="auto">
                    {format!("{at} ")} <bdi>{message.nick.to_string()}</bdi>
                    {format!(": {}", message.text)}
                </p>
            }
        })
        .collect_view()
}

/// Returns the path of a message's page, to which its forms are sent.
pub fn path_of(message: ModeratedMessage) -> String {
    match message {
        ModeratedMessage::Sent(id) => format!("/desk/moderation/messages/{id}"),
        ModeratedMessage::Held(id) => format!("/desk/moderation/held/{id}"),
    }
}
