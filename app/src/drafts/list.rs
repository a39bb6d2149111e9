//! A list of drafts.

use leptos::prelude::*;
use newsroom::{EntryDraft, zone::LocalTime};

use crate::inert::optional;

/// The id of the composer's form, in which buttons elsewhere on its page submit what was typed.
pub const COMPOSER_FORM: &str = "compose";

/// A list of the caller's drafts, each with a link that opens it in the composer.
#[component]
pub fn DraftList(
    drafts: Vec<EntryDraft>,
    /// Whether the page has the composer's form. Then each draft has a button to discard it, which
    /// submits that form, so that what was typed there is kept.
    #[prop(optional)]
    in_composer: bool,
) -> impl IntoView {
    let items = drafts.into_iter().map(|EntryDraft { entry, draft }| {
        let saved = LocalTime::new(draft.changed_at, &entry.time_zone).full();
        let language = entry.language.to_string();
        let title = (!in_composer).then(|| {
            view! {
                <p dir="auto" lang=language.clone()>
                    {entry.title.to_string()}
                </p>
            }
        });
        let headline = (!draft.headline.is_empty()).then(|| {
            view! {
                <p dir="auto" lang=language.clone()>
                    <strong>{draft.headline.clone()}</strong>
                </p>
            }
        });
        let excerpt = if draft.excerpt.is_empty() {
            view! { <p class="hint">"No visible text yet"</p> }.into_any()
        } else {
            view! {
                <p dir="auto" lang=language.clone()>
                    {draft.excerpt.clone()}
                </p>
            }
            .into_any()
        };
        // Distinguishes the controls of different drafts for screen readers.
        let which = format!(" the draft saved {saved}");
        let discard = in_composer.then(|| {
            let which = which.clone();
            view! {
                <DiscardButton id=draft.id.0 version=draft.version>
                    <span class="visually-hidden">{which}</span>
                </DiscardButton>
            }
        });
        view! {
            <li>
                {optional(title)} <p class="entry-when">{format!("Saved {saved}")}</p>
                {optional(headline)} {excerpt}
                <div class="update-actions">
                    <a class="link" href=format!("/entries/{}/compose?draft={}", entry.slug, draft.id)>
                        "Continue" <span class="visually-hidden">{which}</span>
                    </a>
                    {optional(discard)}
                </div>
            </li>
        }
    });
    view! {
        <section aria-labelledby="drafts-heading">
            <h2 id="drafts-heading">"Your drafts"</h2>
            <ul class="desk-list">{items.collect_view()}</ul>
        </section>
    }
}

/// A button that discards a draft. It submits the composer's form.
#[component]
pub fn DiscardButton(id: i64, version: i64, children: Children) -> impl IntoView {
    view! {
        <button
            class="link"
            type="submit"
            form=COMPOSER_FORM
            name="discard"
            value=format!("{id}.{version}")
            formnovalidate
        >
            "Discard" {children()}
        </button>
    }
}
