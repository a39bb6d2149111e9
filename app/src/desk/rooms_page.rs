//! The page on which owners create rooms, and open and close them.

use domain::{ChatSetting, RoomState};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::Room;

use crate::{
    layout::{Audience, FormError, OperationIdField, PageLayout, TextField, page_or_error},
    request::{PageRequest, newsroom},
};

/// The rooms that belong to no live blog, and the form for a new one.
#[component]
pub fn DeskRoomsPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let rooms = newsroom().rooms(&caller).await?;
            Ok((caller, rooms))
        };
        let page = found.await.map(|(caller, rooms)| {
            view! {
                <PageLayout title="Rooms · Ringside" audience=Audience::Member(caller)>
                    <h1>"Rooms"</h1>
                    {if rooms.is_empty() {
                        view! { <p class="empty">"No rooms yet. Create the first one below."</p> }
                            .into_any()
                    } else {
                        view! {
                            <ul class="entries">
                                {rooms.into_iter().map(|room| view! { <RoomItem room /> }).collect_view()}
                            </ul>
                        }
                            .into_any()
                    }}
                    <section class="panel">
                        <h2 id="new">"New room"</h2>
                        <FormError />
                        <form method="post" action="/desk/rooms">
                            <OperationIdField />
                            <TextField name="title" label="Title" />
                            <TextField
                                name="name"
                                label="Name"
                                hint="The last part of the address, as in /rooms/lobby."
                            />
                            <button class="button primary" type="submit">
                                "Create room"
                            </button>
                        </form>
                    </section>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// A room, with the buttons that change its state.
#[component]
fn RoomItem(room: Room) -> impl IntoView {
    let action = format!("/desk/rooms/{}/state", room.name);
    let others = RoomState::ALL
        .iter()
        .filter(|&&state| ChatSetting::from(state) != room.setting)
        .map(|&state| {
            view! {
                <button class="button" type="submit" name="state" value=state.as_str()>
                    {button_label(state)}
                </button>
            }
        })
        .collect_view();
    let label = room.setting.room_state().map_or("Off", state_label);
    view! {
        <li class="entry-item" data-state=room.setting.as_str()>
            <a href=format!("/rooms/{}", room.name) dir="auto">
                {room.title.to_string()}
            </a>
            <p class="entry-when">{format!("{label} · /rooms/{}", room.name)}</p>
            <form method="post" action=action>
                {others}
            </form>
        </li>
    }
}

const fn state_label(state: RoomState) -> &'static str {
    match state {
        RoomState::Open => "Open",
        RoomState::ReadOnly => "Read-only",
        RoomState::Closed => "Closed",
    }
}

const fn button_label(state: RoomState) -> &'static str {
    match state {
        RoomState::Open => "Open room",
        RoomState::ReadOnly => "Make read-only",
        RoomState::Closed => "Close room",
    }
}
