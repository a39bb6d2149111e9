//! The author's drafts on the server, which can be continued on another device.

#![expect(
    clippy::large_types_passed_by_value,
    reason = "signals are passed by value everywhere"
)]

use std::rc::Rc;

use domain::{DraftSaveResult, DraftSummary, UpdateDraft};
use leptos::{prelude::*, reactive::spawn_local};

use super::{
    discard_button::DiscardButton,
    outbox::list::{excerpt, whole_text},
    random_id::random_id,
    session::AuthorSession,
    storage::texts::{DraftVersion, Purpose, Text},
    text_state::TextState,
};
use crate::drafts::{discard_draft, my_draft, my_drafts, save_draft};

/// The drafts of the entry.
#[derive(Clone, Copy)]
pub struct ServerDrafts {
    text: TextState,
    session: StoredValue<Rc<AuthorSession>, LocalStorage>,
    list: RwSignal<Vec<DraftSummary>>,
    /// The draft that was changed on another device, while this one was changed here.
    other: RwSignal<Option<UpdateDraft>>,
    status: RwSignal<Option<String>>,
    /// The text that was sent last, and its operation id: the same text is saved once.
    sent: StoredValue<Option<(Text, String)>>,
}

impl ServerDrafts {
    /// Loads the list.
    pub fn new(text: TextState, session: &Rc<AuthorSession>) -> Self {
        let drafts = Self {
            text,
            session: StoredValue::new_local(Rc::clone(session)),
            list: RwSignal::default(),
            other: RwSignal::default(),
            status: RwSignal::default(),
            sent: StoredValue::default(),
        };
        drafts.load();
        drafts
    }

    /// Loads the list again.
    pub fn load(self) {
        spawn_local(async move {
            let Some(session) = self.session.try_get_value() else {
                return;
            };
            // Without a response, the list stays as it was.
            if let Ok(list) = my_drafts(session.slug.clone(), Some(session.caller.id)).await {
                self.list.try_set(list);
            }
        });
    }

    /// Saves the text in the composer as a draft, and empties the composer.
    pub fn save(self) {
        let text = self.text.text();
        if text.is_empty() {
            return;
        }
        if let Err(invalid) = text.check_length() {
            self.status.set(Some(not_saved(&invalid)));
            return;
        }
        self.status.set(Some("Saving…".to_owned()));
        spawn_local(self.send(text));
    }

    async fn send(self, text: Text) {
        let session = self.session.get_value();
        let op_id = match self.sent.get_value() {
            Some((sent, op_id)) if sent == text => op_id,
            _ => random_id(),
        };
        self.sent.set_value(Some((text.clone(), op_id.clone())));
        let draft = self.text.draft.get_untracked();
        let saved = save_draft(
            session.slug.clone(),
            draft.map(|draft| draft.id),
            op_id,
            text.source.clone(),
            text.headline.clone(),
            draft.map(|draft| draft.version),
            Some(session.caller.id),
        )
        .await;
        if self.status.is_disposed() {
            return;
        }
        let sentence = match saved {
            Ok(DraftSaveResult::Saved(saved)) => {
                self.sent.set_value(None);
                if self.text.text() == text {
                    let taken = self.text.take();
                    self.text.discard(taken.text.id).await;
                } else {
                    // The author went on typing: that is the draft's next version.
                    self.text.draft.set(Some(DraftVersion {
                        id: saved.id.0,
                        version: saved.version,
                    }));
                    self.text.changed();
                }
                self.load();
                "Draft saved. You can continue it on any device.".to_owned()
            }
            Ok(DraftSaveResult::Conflict(current)) => {
                self.sent.set_value(None);
                self.other.set(Some(current));
                "This draft was changed on another device. Nothing was saved.".to_owned()
            }
            Ok(DraftSaveResult::Gone) => {
                self.sent.set_value(None);
                self.text.draft.set(None);
                self.text.changed();
                "This draft was posted or discarded on another device. Your text is kept here."
                    .to_owned()
            }
            Err(error) => not_saved(&error),
        };
        self.status.set(Some(sentence));
    }

    /// Ends a conflict: the text here is saved as a draft of its own, or in place of the other one.
    fn resolve(self, replaces: bool) {
        if let Some(other) = self.other.try_update(Option::take).flatten() {
            self.text.draft.set(replaces.then_some(DraftVersion {
                id: other.id.0,
                version: other.version,
            }));
            self.save();
        }
    }

    /// Opens a draft in the composer. The text there is set aside.
    fn open(self, id: i64) {
        spawn_local(async move {
            let session = self.session.get_value();
            let loaded = my_draft(session.slug.clone(), id, Some(session.caller.id)).await;
            if self.status.is_disposed() {
                return;
            }
            match loaded {
                Ok(Some(draft)) => {
                    if !self.text.set_aside().await {
                        return;
                    }
                    let version = DraftVersion {
                        id: draft.id.0,
                        version: draft.version,
                    };
                    let text = Text {
                        source: draft.source,
                        headline: draft.headline,
                        ..Text::default()
                    };
                    self.text.put(text, Purpose::Post, Some(version));
                    self.text.load_others().await;
                    self.text.fields.focus();
                    self.status.set(None);
                }
                Ok(None) => {
                    self.load();
                    let sentence = "This draft was posted or discarded on another device.";
                    self.status.set(Some(sentence.to_owned()));
                }
                Err(error) => self.status.set(Some(error.to_string())),
            }
        });
    }

    fn discard(self, id: i64, version: i64) {
        spawn_local(async move {
            let session = self.session.get_value();
            let discarded = discard_draft(id, Some(version), Some(session.caller.id)).await;
            if self.status.is_disposed() {
                return;
            }
            let sentence = match discarded {
                Ok(domain::DraftDiscardResult::Discarded) => None,
                Ok(domain::DraftDiscardResult::Conflict(_)) => Some(
                    "This draft was changed on another device. It was not discarded.".to_owned(),
                ),
                Err(error) => Some(error.to_string()),
            };
            self.status.set(sentence);
            self.load();
        });
    }
}

/// Returns the sentence about a draft that was not saved.
fn not_saved(why: &impl std::fmt::Display) -> String {
    format!("The draft was not saved. {why} Your text is kept here.")
}

/// The button that saves a draft.
#[component]
pub fn SaveDraftButton(drafts: ServerDrafts) -> impl IntoView {
    view! {
        <button class="link" type="button" on:click=move |_| drafts.save()>
            "Save as draft"
        </button>
    }
}

/// The list of drafts, and what the author has to decide about one.
#[component]
pub fn ServerDraftList(drafts: ServerDrafts) -> impl IntoView {
    let ServerDrafts {
        list,
        other,
        status,
        ..
    } = drafts;
    view! {
        <p class="outbox-state" role="status">{move || status.get()}</p>
        {move || {
            other
                .get()
                .map(|draft| {
                    let text = Text {
                        source: draft.source,
                        headline: draft.headline,
                        ..Text::default()
                    };
                    view! {
                        <section class="other-texts" aria-label="The other text of this draft">
                            <h2>"The other text"</h2>
                            <div class="diff" dir="auto">
                                {whole_text(&text)}
                            </div>
                            <div class="outbox-actions">
                                <button class="button" type="button" on:click=move |_| drafts.resolve(true)>
                                    "Replace it with my text"
                                </button>
                                <button class="button" type="button" on:click=move |_| drafts.resolve(false)>
                                    "Save mine as another draft"
                                </button>
                            </div>
                        </section>
                    }
                })
        }}
        <details class="other-texts" hidden=move || list.with(Vec::is_empty)>
            <summary>{move || format!("Drafts ({})", list.with(Vec::len))}</summary>
            <ul aria-label="Drafts">
                {move || {
                    let items = list.get().into_iter();
                    items.map(|draft| view! { <DraftItem draft drafts /> }).collect_view()
                }}
            </ul>
        </details>
    }
}

#[component]
fn DraftItem(draft: DraftSummary, drafts: ServerDrafts) -> impl IntoView {
    let (id, version) = (draft.id.0, draft.version);
    let text = Text {
        source: draft.excerpt,
        headline: draft.headline,
        ..Text::default()
    };
    view! {
        <li>
            <p class="outbox-text" dir="auto">{excerpt(&text)}</p>
            <div class="outbox-actions">
                <button class="button" type="button" on:click=move |_| drafts.open(id)>
                    "Continue"
                </button>
                <DiscardButton on_discard=move || {
                    drafts.discard(id, version);
                    // Otherwise the focus would be at the button of the next draft.
                    drafts.text.fields.focus();
                } />
            </div>
        </li>
    }
}
