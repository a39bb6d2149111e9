//! The desk: every entry, and the form for another.

use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::DeskEntrySummary;

use super::entry_fields::EntryFields;
use crate::{
    entry::state_word,
    layout::{Choice, FormError, Frame, OperationId, Place, or_error},
    request::{PageRequest, newsroom},
};

/// Every entry, drafts too; and a form for another.
#[component]
pub fn DeskPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let entries = newsroom().desk(&caller).await?;
            Ok((caller, entries))
        };
        let page = found.await.map(|(caller, entries)| {
            view! {
                <Frame title="Your desk · Ringside" place=Place::Personal(caller)>
                    <h1>"Your desk"</h1>
                    {if entries.is_empty() {
                        view! { <p class="empty">"No live blogs yet. Create the first one below."</p> }
                            .into_any()
                    } else {
                        view! { <DeskEntries entries /> }.into_any()
                    }}
                    <NewEntryForm />
                </Frame>
            }
        });
        or_error(&response, page)
    })
}

#[component]
fn DeskEntries(entries: Vec<DeskEntrySummary>) -> impl IntoView {
    view! {
        <ul class="entries">
            {entries
                .into_iter()
                .map(|on_desk| {
                    let entry = on_desk.entry;
                    let count = match on_desk.updates {
                        1 => "1 update".to_owned(),
                        count => format!("{count} updates"),
                    };
                    view! {
                        <li class="entry-line" data-state=entry.state.as_str()>
                            <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                                {entry.title.to_string()}
                            </a>
                            <p class="entry-when">
                                {format!("{} · {count}", state_word(entry.state))}
                            </p>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn NewEntryForm() -> impl IntoView {
    view! {
        <section class="panel">
            <h2 id="new">"New live blog"</h2>
            <FormError />
            <form method="post" action="/desk/entries">
                <OperationId />
                <EntryFields />
                <Choice
                    name="state"
                    label="State"
                    options=vec![
                        ("live", "Live: readers see it immediately"),
                        ("upcoming", "Coming up: announced, not started"),
                        ("draft", "Draft: only authors see it"),
                    ]
                />
                <button class="button primary" type="submit">
                    "Create live blog"
                </button>
            </form>
        </section>
    }
}
