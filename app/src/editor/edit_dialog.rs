//! The dialog to edit an update or the article in the entry's page, and to solve a conflict with
//! another edit.

use domain::{DiffKind, DiffPart, EditConflict, EntryId};
use leptos::{either::EitherOf3, html, prelude::*, reactive::spawn_local};

use super::api::{article_source, update_source};
use crate::{
    AppError,
    composer::{
        editor::Editor,
        fields::focus,
        modal::show_while,
        outbox::{Item, Outbox, list::whole_text},
        storage::{
            request::Request,
            texts::{Purpose, StoredText, Text},
        },
        text_state::TextState,
    },
};

/// What is edited.
#[derive(Clone, Debug)]
pub enum Editing {
    /// The current text of the update with this id.
    Update(i64),
    /// The current article.
    Article,
    /// An edit that was set aside, or whose page was closed.
    Text(Box<StoredText>),
    /// An edit that was refused, with the conflict if that was the reason.
    Refused(Box<Item>),
}

/// The state of the dialog.
#[derive(Clone, Copy)]
pub struct EditDialogState {
    text: TextState,
    /// The text in the composer, which shows the texts that are set aside.
    composer: TextState,
    outbox: Outbox,
    is_open: RwSignal<bool>,
    /// The text that the author started from: an unchanged one needs no request.
    original: RwSignal<Text>,
    conflict: RwSignal<Option<EditConflict>>,
    is_loading: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    heading: NodeRef<html::H2>,
}

impl EditDialogState {
    /// Creates the state of a dialog that is closed.
    pub fn new(text: TextState, composer: TextState, outbox: Outbox) -> Self {
        Self {
            text,
            composer,
            outbox,
            is_open: RwSignal::new(false),
            original: RwSignal::default(),
            conflict: RwSignal::default(),
            is_loading: RwSignal::new(false),
            error: RwSignal::default(),
            heading: NodeRef::new(),
        }
    }

    /// Returns whether the dialog is open.
    pub fn is_open(self) -> bool {
        self.is_open.get_untracked()
    }

    /// Opens the dialog.
    pub fn open(self, editing: Editing) {
        self.error.set(None);
        self.conflict.set(None);
        self.original.set(Text::default());
        self.is_open.set(true);
        spawn_local(async move {
            match editing {
                Editing::Update(id) => self.load(load_update(id)).await,
                Editing::Article => self.load(load_article(self.text.entry())).await,
                Editing::Text(text) => {
                    self.text.open(*text).await;
                    self.composer.load_others().await;
                }
                Editing::Refused(item) => return self.take_back(*item).await,
            }
            self.text.fields.focus();
        });
    }

    async fn load(self, text: impl Future<Output = Result<(Purpose, Text), AppError>>) {
        self.text.put(Text::default(), Purpose::Post, None);
        self.is_loading.set(true);
        let loaded = text.await;
        if self.is_loading.is_disposed() {
            return;
        }
        self.is_loading.set(false);
        match loaded {
            Ok((purpose, text)) => {
                self.original.set(text.clone());
                self.text.put(text, purpose, None);
            }
            Err(error) => self.error.set(Some(error.to_string())),
        }
    }

    /// Takes an edit out of the outbox. One that conflicted is based on the current text then: the
    /// author sees it.
    async fn take_back(self, item: Item) {
        if let Some((mut purpose, text)) = item.stored.request.published() {
            if let (Some(conflict), Purpose::Edit { base, .. } | Purpose::Article { base }) =
                (&item.conflict, &mut purpose)
            {
                *base = conflict.base.to_string();
            }
            self.text.put(text, purpose, None);
            // Before the storage is waited for: the author may have moved the focus by then.
            if item.conflict.is_some() {
                // The author reads both texts first.
                focus(self.heading.get_untracked());
            } else {
                self.text.fields.focus();
            }
            self.conflict.set(item.conflict);
            // A request that is stored is kept until its text is stored here.
            if self.text.store().await || item.number.is_none() {
                self.outbox.discard(item.stored.op_id).await;
            }
        }
    }

    /// Sends the edit.
    fn save(self) {
        if let Err(invalid) = self.text.check() {
            self.error.set(Some(invalid.to_string()));
            return;
        }
        let unchanged = self.text.text() == self.original.get_untracked();
        let taken = self.text.take();
        self.is_open.set(false);
        if taken.text.purpose == Purpose::Post {
            // Nothing was loaded.
            return;
        }
        spawn_local(async move {
            if unchanged {
                self.composer.discard(taken.text.id).await;
                return;
            }
            let (purpose, text) = (taken.text.purpose.clone(), taken.text.text.clone());
            let request = Request::publishing(purpose, text, None);
            if !self.outbox.submit(&taken, request).await {
                self.text.put(taken.text.text, taken.text.purpose, None);
                self.is_open.set(!self.text.set_aside().await);
                self.composer.load_others().await;
            }
        });
    }

    /// Closes the dialog. Changes are kept among the unposted texts.
    fn close(self) {
        if !self.is_open.get_untracked() {
            return;
        }
        self.is_open.set(false);
        let unchanged = self.text.text() == self.original.get_untracked();
        spawn_local(async move {
            if unchanged {
                self.discard().await;
            } else if self.text.set_aside().await {
                self.composer.load_others().await;
            } else {
                // The changes can't be stored, so they stay here.
                self.is_open.set(true);
            }
        });
    }

    /// Closes the dialog, and discards the changes.
    fn close_and_discard(self) {
        self.is_open.set(false);
        spawn_local(self.discard());
    }

    async fn discard(self) {
        let taken = self.text.take();
        self.composer.discard(taken.text.id).await;
    }
}

/// Loads the current text of an update.
async fn load_update(id: i64) -> Result<(Purpose, Text), AppError> {
    let update = update_source(id.into()).await?;
    let text = Text {
        source: update.source,
        headline: update.headline,
        ..Text::default()
    };
    let base = update.base.to_string();
    Ok((Purpose::Edit { update: id, base }, text))
}

/// Loads the current article of an entry.
async fn load_article(entry: Option<EntryId>) -> Result<(Purpose, Text), AppError> {
    let article = article_source(entry.ok_or(AppError::Unreachable)?).await?;
    let text = Text {
        source: article.source,
        ..Text::default()
    };
    let base = article.base.to_string();
    Ok((Purpose::Article { base }, text))
}

/// The dialog.
#[component]
pub fn EditDialog(
    /// What it shows.
    state: EditDialogState,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let EditDialogState {
        text,
        is_open,
        conflict,
        is_loading,
        error,
        heading,
        ..
    } = state;
    show_while(dialog, is_open);
    let on_change = Callback::new(move |()| {
        text.changed();
        error.set(None);
    });
    let save_label = move || {
        if conflict.with(Option::is_some) {
            "Save my text"
        } else {
            "Save changes"
        }
    };
    view! {
        <dialog
            class="dialog edit-dialog"
            aria-labelledby="edit-title"
            node_ref=dialog
            on:close=move |_| state.close()
        >
            <h2 id="edit-title" tabindex="-1" node_ref=heading>
                {move || match (conflict.with(Option::is_some), text.fields.is_article.get()) {
                    (true, _) => "Conflict",
                    (false, true) => "Edit article",
                    (false, false) => "Edit update",
                }}
            </h2>
            <p role="status">{move || is_loading.get().then_some("Loading…")}</p>
            {move || conflict.get().map(|conflict| view! { <Conflict conflict /> })}
            <p class="form-error" role="alert" hidden=move || error.get().is_none()>
                {move || error.get()}
            </p>
            <form on:submit=move |event| event.prevent_default()>
                <Editor
                    prefix="edit"
                    label="Text"
                    fields=text.fields
                    on_change
                    on_submit=Callback::new(move |()| state.save())
                    options=()
                >
                    <button
                        class="button primary"
                        type="button"
                        title="Ctrl+Enter or ⌘+Enter"
                        on:click=move |_| state.save()
                    >
                        {save_label}
                    </button>
                    <button
                        class="button"
                        type="button"
                        hidden=move || conflict.with(Option::is_none)
                        on:click=move |_| state.close_and_discard()
                    >
                        "Keep their text"
                    </button>
                    <button class="button" type="button" on:click=move |_| state.close()>
                        "Cancel"
                    </button>
                </Editor>
            </form>
        </dialog>
    }
}

/// Both texts of a conflict, and how they differ.
#[component]
fn Conflict(conflict: EditConflict) -> impl IntoView {
    let theirs = Text {
        source: conflict.source.clone(),
        headline: conflict.headline.clone(),
        ..Text::default()
    };
    view! {
        <p class="form-error" role="alert">
            {conflict.to_string()}
        </p>
        <div class="conflict">
            <section>
                <h3>"Their text"</h3>
                <div class="diff" dir="auto">
                    {whole_text(&theirs)}
                </div>
            </section>
            <section>
                <h3>"From theirs to yours"</h3>
                <div class="diff" dir="auto">
                    {difference(conflict.headline_diff)} {difference(conflict.source_diff)}
                </div>
            </section>
        </div>
        <p class="hint">"Change your text below to merge them. Saving it replaces theirs."</p>
    }
}

/// Renders the difference between two texts.
fn difference(parts: Vec<DiffPart>) -> impl IntoView {
    let parts = parts.into_iter().map(|DiffPart { kind, text }| match kind {
        DiffKind::Same => EitherOf3::A(text),
        DiffKind::Removed => EitherOf3::B(view! {
            <del>
                <span class="visually-hidden">"removed: "</span>
                {text}
            </del>
        }),
        DiffKind::Added => EitherOf3::C(view! {
            <ins>
                <span class="visually-hidden">"added: "</span>
                {text}
            </ins>
        }),
    });
    view! { <p>{parts.collect_view()}</p> }
}
