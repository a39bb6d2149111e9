//! The rules of rooms: the state of all rooms, the word filter, and slow mode and holding of each
//! room.

use domain::{FilteredWord, Hold, RoomState};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{Error, Room};

use crate::{
    layout::{
        Audience, Done, FormError, OperationIdField, PageLayout, SelectField, TextArea,
        page_or_error,
    },
    request::{PageRequest, newsroom},
};

/// The rules, with a form for each.
#[component]
pub fn ModerationRulesPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let done = use_query_map().with(|query| query.get("done").is_some());
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let (all, words) = newsroom().chat_rules(&caller).await?;
            let rooms = newsroom().moderated_rooms(&caller).await?;
            Ok::<_, Error>((caller, all, words, rooms))
        };
        let page = found.await.map(|(caller, all, words, rooms)| {
            let words: Vec<_> = words.iter().map(FilteredWord::to_string).collect();
            let words = words.join("\n");
            let done = (done && request.submitted.is_none())
                .then_some("Saved. The rules apply from now on.");
            let states = RoomState::ALL
                .iter()
                .map(|state| (state.as_str(), state_label(*state)))
                .collect();
            view! {
                <PageLayout title="Rules of rooms · Ringside" audience=Audience::Member(caller)>
                    <p class="from-entry">
                        <a href="/desk/moderation">"Moderation"</a>
                    </p>
                    <h1>"Rules of rooms"</h1>
                    <FormError />
                    <Done sentence=done />
                    <section class="panel">
                        <h2>"All rooms"</h2>
                        <form method="post" action="/desk/moderation/state">
                            <OperationIdField />
                            <SelectField
                                name="state"
                                label="State"
                                options=states
                                value=all.state.as_str()
                            />
                            <button class="button" type="submit">
                                "Set state of all rooms"
                            </button>
                        </form>
                    </section>
                    <section class="panel">
                        <h2>"Word filter"</h2>
                        <p class="hint">
                            "A message with one of these words or phrases waits for a moderator. One on each line."
                        </p>
                        <form method="post" action="/desk/moderation/words">
                            <OperationIdField />
                            <TextArea name="words" label="Filtered words" value=words rows=8 />
                            <button class="button" type="submit">
                                "Save words"
                            </button>
                        </form>
                    </section>
                    <h2>"Rooms"</h2>
                    <ul class="desk-list">
                        {rooms
                            .into_iter()
                            .map(|room| view! { <li><RoomForm room /></li> })
                            .collect_view()}
                    </ul>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// The form with the rules of a room. Its fields have ids of their own, because there are several
/// of such forms.
#[component]
fn RoomForm(room: Room) -> impl IntoView {
    let name = room.name.to_string();
    let (slow_id, hold_id) = (format!("slow-mode-{name}"), format!("hold-{name}"));
    let options = Hold::ALL
        .iter()
        .map(|&hold| {
            view! {
                <option value=hold.as_str() selected=hold == room.rules.hold>
                    {hold_label(hold)}
                </option>
            }
        })
        .collect_view();
    view! {
        <p class="room-name">
            <a href=format!("/rooms/{name}") dir="auto">
                {room.title.to_string()}
            </a>
        </p>
        <form method="post" action=format!("/desk/moderation/rooms/{name}")>
            <div class="field">
                <label for=slow_id.clone()>"Slow mode: seconds between two messages of a person"</label>
                <input
                    id=slow_id
                    name="slow_mode"
                    type="number"
                    min="0"
                    max="3600"
                    value=room.rules.slow_mode.seconds().to_string()
                />
            </div>
            <div class="field">
                <label for=hold_id.clone()>"Hold for a moderator"</label>
                <select id=hold_id name="hold">
                    {options}
                </select>
            </div>
            <button class="button" type="submit">
                "Save rules"
                <span class="visually-hidden">{format!(" of {name}")}</span>
            </button>
        </form>
    }
}

const fn state_label(state: RoomState) -> &'static str {
    match state {
        RoomState::Open => "Open: each room has its own state",
        RoomState::ReadOnly => "Read-only",
        RoomState::Closed => "Closed",
    }
}

const fn hold_label(hold: Hold) -> &'static str {
    match hold {
        Hold::Nothing => "Messages with filtered words",
        Hold::NewGuests => "Also the first messages of readers without an account",
        Hold::All => "Every message",
    }
}
