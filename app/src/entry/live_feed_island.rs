//! The island that makes an entry's page live. The list of updates is not inside it: hydration would
//! have to walk through every update, and has no need to.

use std::rc::Rc;

use domain::{Chip, Order};
use leptos::prelude::*;

use super::{
    announcer::new_updates,
    live_page::{LivePage, Shown},
    times,
};
use crate::memory;

/// The bar above the list: the connection, the order and the zone; and behind it the live page.
#[island]
pub fn LiveFeed(
    /// The zone that the server wrote times in.
    zone: String,
    /// The order that the server wrote the list in.
    order: Order,
    /// Whether the entry is over.
    ended: bool,
) -> impl IntoView {
    let first = if ended { Chip::Ended } else { Chip::Connecting };
    let (chip, set_chip) = signal(first);
    let (contact, set_contact) = signal(String::new());
    let (held, set_held) = signal(0_usize);
    let (announced, set_announced) = signal(String::new());
    let (own_zone, set_own_zone) = signal(false);
    let (order, set_order) = signal(order);
    let (zones_differ, set_zones_differ) = signal(false);
    let live = StoredValue::new_local(None::<Rc<LivePage>>);

    let entry_zone = zone.clone();
    Effect::new(move || {
        let page = LivePage::start(Shown {
            chip: set_chip,
            contact: set_contact,
            held: set_held,
            announced: set_announced,
            own_zone,
        });
        let Some(page) = page else { return };
        set_order.set(page.list().order());
        set_zones_differ.set(times::own_zone().is_some_and(|own| own != entry_zone));
        if memory::recall(memory::ZONE).as_deref() == Some("own") {
            set_own_zone.set(true);
            times::show(page.list().element(), true);
        }
        live.set_value(Some(page));
    });

    let with_page = move |act: &dyn Fn(&LivePage)| {
        live.with_value(|page| {
            if let Some(page) = page {
                act(page);
            }
        });
    };
    let flip = move |_| {
        with_page(&|page| {
            page.reveal();
            page.list().flip();
            let now = page.list().order();
            memory::remember(memory::ORDER, now.as_str());
            set_order.set(now);
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
            <button class="button" type="button" on:click=flip>
                {move || match order.get() {
                    Order::Oldest => "Show latest first",
                    Order::Latest => "Show oldest first",
                }}
            </button>
            <button
                class="button"
                type="button"
                hidden=move || !zones_differ.get()
                on:click=switch_zone
            >
                {move || {
                    if own_zone.get() {
                        format!("Times in {}", zone.replace('_', " "))
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
