//! The desk's first page: all entries, the caller's drafts of updates, and the form for a new
//! entry.

use domain::EntryId;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::DeskEntrySummary;

use super::entry_fields::NewEntryFields;
use crate::{
    drafts::DraftList,
    entry::labels::state_label,
    inert::optional,
    layout::{Audience, FormError, OperationIdField, PageLayout, page_or_error},
    request::{PageRequest, newsroom},
};

/// The desk's first page. It lists entries that are drafts, too; with `?before=`, the entries after
/// that one.
#[component]
pub fn DeskPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let before = use_query_map().with(|query| query.get("before"));
    let before = before.and_then(|id| id.parse().ok()).map(EntryId);
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let entries = newsroom().desk(&caller, before).await?;
            let drafts = match before {
                None => newsroom().drafts(&caller).await?,
                Some(_) => Vec::new(),
            };
            Ok((caller, entries, drafts))
        };
        let page = found.await.map(|(caller, page, drafts)| {
            let older = page.next.map(|id| {
                view! {
                    <p>
                        <a href=format!("/desk?before={id}")>"Older live blogs"</a>
                    </p>
                }
            });
            let rooms = caller.role.may_manage_rooms().then(|| {
                view! {
                    <p class="desk-links">
                        <a href="/desk/rooms">"Rooms"</a>
                    </p>
                }
            });
            let moderation = caller.role.may_moderate().then(|| {
                view! {
                    <p class="desk-links">
                        <a href="/desk/moderation">"Moderation"</a>
                    </p>
                }
            });
            let accounts = caller.role.may_invite().then(|| {
                view! {
                    <p class="desk-links">
                        <a href="/desk/accounts">"Accounts"</a>
                    </p>
                }
            });
            let site = caller.role.may_change_site().then(|| {
                view! {
                    <p class="desk-links">
                        <a href="/desk/site">"Site"</a>
                    </p>
                }
            });
            // The last entry's zone, for browsers that propose none.
            let last = page.items.first().map(|last| last.entry.time_zone.to_string());
            let time_zone = last.unwrap_or_else(|| "UTC".to_owned());
            view! {
                <PageLayout title="Your desk · Ringside" audience=Audience::Member(caller)>
                    <h1>"Your desk"</h1>
                    {if page.items.is_empty() && before.is_none() {
                        view! { <p class="empty">"No live blogs yet. Create the first one below."</p> }
                            .into_any()
                    } else {
                        view! { <DeskEntries entries=page.items /> }.into_any()
                    }}
                    {optional(older)}
                    {optional(rooms)}
                    {optional(moderation)}
                    {optional(accounts)}
                    {optional(site)}
                    {(!drafts.is_empty()).then(|| view! { <DraftList drafts /> })}
                    <NewEntryForm time_zone />
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

#[component]
fn DeskEntries(entries: Vec<DeskEntrySummary>) -> impl IntoView {
    view! {
        <ul class="entries">
            {entries
                .into_iter()
                .map(|summary| {
                    let entry = summary.entry;
                    let count = match summary.updates {
                        1 => "1 update".to_owned(),
                        count => format!("{count} updates"),
                    };
                    view! {
                        <li class="entry-item" data-state=entry.state.as_str()>
                            <a href=format!("/desk/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                                {entry.title.to_string()}
                            </a>
                            <p class="entry-when">
                                {format!("{} · {count}", state_label(entry.state))}
                            </p>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn NewEntryForm(time_zone: String) -> impl IntoView {
    view! {
        <section class="panel">
            <h2 id="new">"New live blog"</h2>
            <FormError />
            <form method="post" action="/desk/entries">
                <OperationIdField />
                <NewEntryFields time_zone />
                <button class="button primary" type="submit">
                    "Create live blog"
                </button>
            </form>
        </section>
    }
}
