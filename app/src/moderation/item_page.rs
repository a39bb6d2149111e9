//! The page of a held or sent message, with all actions of a moderator.

use domain::{HeldId, MessageId, Reach};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::{Error, ModeratedMessage};

use super::item::{ModerationItem, path_of};
use crate::{
    layout::{
        Audience, DisabledDefaultButton, FormError, OperationIdField, PageLayout, SelectField,
        TextField, page_or_error,
    },
    params::update_param,
    request::{PageRequest, newsroom},
};

/// The lengths of mutes and bans, in minutes.
const LENGTHS: [(&str, &str); 6] = [
    ("10", "10 minutes"),
    ("60", "1 hour"),
    ("1440", "1 day"),
    ("10080", "7 days"),
    ("43200", "30 days"),
    ("525600", "1 year"),
];

/// The page of a message in a room.
#[component]
pub fn ModeratedMessagePage() -> impl IntoView {
    let id = update_param().map(|id| ModeratedMessage::Sent(MessageId(id.0)));
    let message = id.map_err(|_| Error::NotFound("message"));
    view! { <ItemPage message /> }
}

/// The page of a held message.
#[component]
pub fn HeldMessagePage() -> impl IntoView {
    let id = update_param().map(|id| ModeratedMessage::Held(HeldId(id.0)));
    let message = id.map_err(|_| Error::NotFound("held message"));
    view! { <ItemPage message /> }
}

#[component]
fn ItemPage(message: Result<ModeratedMessage, Error>) -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let item = newsroom().moderated_message(&caller, message?).await?;
            Ok((caller, item))
        };
        let page = found.await.map(|(caller, item)| {
            let message = item.message;
            view! {
                <PageLayout title="Moderate message · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/desk/moderation">"Moderation"</a>
                    </p>
                    <h1>"Moderate message"</h1>
                    <ModerationItem item>
                        <section class="panel">
                            <FormError />
                            <Actions message />
                        </section>
                    </ModerationItem>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// The form with all actions on a message.
#[component]
fn Actions(message: ModeratedMessage) -> impl IntoView {
    let first: &[_] = match message {
        ModeratedMessage::Held(_) => {
            &[("approve", "Approve message"), ("reject", "Reject message")]
        }
        ModeratedMessage::Sent(_) => {
            &[("delete", "Delete message"), ("dismiss", "Dismiss reports")]
        }
    };
    let others = [
        ("mute", "Mute person in this room"),
        ("ban", "Ban person from all rooms"),
        ("remove_in_room", "Remove all messages in this room"),
        ("remove_everywhere", "Remove all messages in all rooms"),
    ];
    let buttons = first
        .iter()
        .chain(&others)
        .map(|&(action, label)| {
            view! {
                <button class="button" type="submit" name="action" value=action>
                    {label}
                </button>
            }
        })
        .collect_view();
    let reaches = Reach::ALL
        .iter()
        .map(|reach| (reach.as_str(), reach_label(*reach)))
        .collect();
    view! {
        <form method="post" action=path_of(message)>
            <DisabledDefaultButton />
            <OperationIdField />
            <TextField
                name="reason"
                label="Reason"
                hint="Shown to a person who is muted or banned, and in the log."
                required=false
            />
            <SelectField name="minutes" label="Mute or ban for" options=LENGTHS.to_vec() value="1440" />
            <SelectField
                name="reach"
                label="Mute or ban applies to"
                options=reaches
                value=Reach::Address.as_str()
            />
            <div class="desk-actions">{buttons}</div>
        </form>
    }
}

const fn reach_label(reach: Reach) -> &'static str {
    match reach {
        Reach::Person => "The person",
        Reach::Address => "The person, and everyone without an account at the address",
        Reach::Network => "The person, and everyone without an account in the network",
    }
}
