//! The island that makes an entry's page live. The list of updates is not inside it: hydration would
//! have to walk through every update, and has no need to.

use std::rc::Rc;

use domain::Chip;
use leptos::{prelude::*, reactive::send_wrapper_ext::SendOption};

use super::{
    announcer::new_updates,
    live_page::{LivePage, Shown},
    times,
};
use crate::memory;

/// The bar above the list: the connection, the order and the zone; and behind it the live page. What
/// it has to know stands in the list's `data-` attributes: props would be JSON, and a parser for it.
#[island]
pub fn LiveFeed() -> impl IntoView {
    let (chip, set_chip) = signal(Chip::Connecting);
    let (contact, set_contact) = signal(String::new());
    let (held, set_held) = signal(0_usize);
    let (announced, set_announced) = signal(String::new());
    let (own_zone, set_own_zone) = signal(false);
    // The entry's zone, if it isn't the reader's own.
    let (other_zone, set_other_zone) = signal(None::<String>);
    // Empty on the server, where another thread than the one that made it may drop it.
    let live = StoredValue::new(SendOption::new_local(None::<Rc<LivePage>>));

    Effect::new(move || {
        let page = LivePage::start(Shown {
            chip: set_chip,
            contact: set_contact,
            held: set_held,
            announced: set_announced,
            own_zone,
        });
        let Some(page) = page else { return };
        let zone = page.list().data("zone");
        set_other_zone.set((times::own_zone().as_ref() != Some(&zone)).then_some(zone));
        if memory::recall(memory::ZONE).as_deref() == Some("own") {
            set_own_zone.set(true);
            times::show(page.list().element(), true);
        }
        live.set_value(SendOption::new_local(Some(page)));
    });

    let with_page = move |act: &dyn Fn(&LivePage)| {
        live.with_value(|page| {
            if let Some(page) = page.as_ref() {
                act(page);
            }
        });
    };
    let flip = move |_| {
        with_page(&|page| {
            page.reveal();
            page.list().flip();
            memory::remember(memory::ORDER, page.list().order().as_str());
        });
    };
    let switch_zone = move |_| {
        let own = !own_zone.get_untracked();
        set_own_zone.set(own);
        memory::remember(memory::ZONE, if own { "own" } else { "entry" });
        with_page(&|page| times::show(page.list().element(), own));
    };

    view! {
        <div class="feed-bar if-js">
            <p class="chip" data-chip=move || chip.get().as_str() title=move || last_contact(&contact.get())>
                {move || chip_text(chip.get())}
            </p>
            // Which of the two is seen follows from the list's order, before this is awake too.
            <button class="button" type="button" on:click=flip>
                <span class="if-oldest">"Show latest first"</span>
                <span class="if-latest">"Show oldest first"</span>
            </button>
            <button
                class="button"
                type="button"
                hidden=move || other_zone.with(Option::is_none)
                on:click=switch_zone
            >
                {move || {
                    if own_zone.get() {
                        format!("Times in {}", other_zone.get().unwrap_or_default().replace('_', " "))
                    } else {
                        "Times in my zone".to_owned()
                    }
                }}
            </button>
        </div>
        <button
            class="arrivals"
            type="button"
            hidden=move || held.get() == 0
            on:click=move |_| with_page(&LivePage::go_to_arrivals)
        >
            {move || new_updates(held.get())}
        </button>
        <p class="for-ears" role="status">
            {announced}
        </p>
    }
}

const fn chip_text(chip: Chip) -> &'static str {
    match chip {
        Chip::Connecting => "Connecting…",
        Chip::Live => "Updates arrive by themselves",
        Chip::Polling => "Checking every few seconds",
        Chip::Reconnecting => "Reconnecting…",
        Chip::Offline => "Offline",
        Chip::Ended => "Ended",
    }
}

fn last_contact(clock: &str) -> String {
    if clock.is_empty() {
        String::new()
    } else {
        format!("Last contact with the server at {clock}")
    }
}
