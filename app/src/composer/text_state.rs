//! The text in the composer, which is stored in the browser while it is typed.

use std::rc::Rc;

use domain::{Article, Draft, EntryId, Invalid};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, reactive::spawn_local};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    fields::Fields,
    random_id::random_id,
    session::AuthorSession,
    storage::{
        StorageError,
        texts::{self, DraftVersion, Purpose, Stored, StoredText, Text, submitted_key},
    },
};
use crate::{browser_clock::now, local_storage};

/// How long typing goes on before it is stored, in milliseconds: a crash loses no more.
const STORE_AFTER_MS: u32 = 200;

/// How long to wait until it is checked again whether a text is stored, in milliseconds.
const WAIT_MS: u32 = 10;

/// The text in the composer.
#[derive(Clone, Copy)]
pub struct TextState {
    /// What is typed.
    pub fields: Fields,
    /// Whether it is posted as a key update.
    pub key: RwSignal<bool>,
    /// Whether it is posted as the pinned update.
    pub pinned: RwSignal<bool>,
    /// The draft on the server that it continues.
    pub draft: RwSignal<Option<DraftVersion>>,
    /// What it becomes.
    purpose: StoredValue<Purpose>,
    /// Why it could not be stored.
    pub storage_error: RwSignal<Option<StorageError>>,
    /// The texts of this entry that no page is editing.
    pub others: RwSignal<Vec<StoredText>>,
    session: StoredValue<Rc<AuthorSession>, LocalStorage>,
    id: StoredValue<String>,
    /// Whether this page has stored the text under its id.
    was_stored: StoredValue<bool>,
    has_changed: StoredValue<bool>,
    is_storing: StoredValue<bool>,
}

/// A text that was taken out of the composer.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The text.
    pub text: StoredText,
    /// Whether this page has stored a text under its id.
    pub was_stored: bool,
    /// Whether that is this text, as it is.
    pub is_current: bool,
}

impl TextState {
    /// Creates an empty text.
    pub fn new(session: &Rc<AuthorSession>) -> Self {
        Self {
            fields: Fields::default(),
            key: RwSignal::default(),
            pinned: RwSignal::default(),
            draft: RwSignal::default(),
            purpose: StoredValue::new(Purpose::Post),
            storage_error: RwSignal::new(session.storage_error),
            others: RwSignal::default(),
            session: StoredValue::new_local(Rc::clone(session)),
            id: StoredValue::new(random_id()),
            was_stored: StoredValue::new(false),
            has_changed: StoredValue::new(false),
            is_storing: StoredValue::new(false),
        }
    }

    /// Loads the text that was in this tab before, and claims it.
    pub async fn load(session: &Rc<AuthorSession>) -> Self {
        let state = Self::new(session);
        state.import_local().await;
        let last = session_storage().and_then(|it| it.get_item(&tab_key(session)).ok()?);
        state.load_others().await;
        let own = state.others.with_untracked(|texts| {
            let mut texts = texts.iter();
            let own = texts.find(|it| Some(&it.id) == last.as_ref() && it.purpose == Purpose::Post);
            own.cloned()
        });
        if let Some(own) = own {
            state.open(own).await;
        }
        state.remember(&state.id.get_value());
        state
    }

    /// Returns what was typed and chosen.
    pub fn text(self) -> Text {
        Text {
            source: self.fields.source.get_untracked(),
            headline: self.fields.headline.get_untracked(),
            key: self.key.get_untracked(),
            pinned: self.pinned.get_untracked(),
        }
    }

    /// Returns the entry.
    pub fn entry(self) -> Option<EntryId> {
        self.session
            .with_value(|session| session.entry.parse().ok())
    }

    /// Stores the text soon: it has changed.
    pub fn changed(self) {
        // Otherwise a task is waiting already.
        if self
            .has_changed
            .try_update_value(|it| std::mem::replace(it, true))
            == Some(false)
        {
            spawn_local(async move {
                TimeoutFuture::new(STORE_AFTER_MS).await;
                let _ = self.store().await;
            });
        }
    }

    /// Stores the text now, unless it is stored already. Returns whether it is.
    pub async fn store(self) -> bool {
        // Another task may be storing an earlier text.
        while self.is_storing.try_get_value() == Some(true) {
            TimeoutFuture::new(WAIT_MS).await;
        }
        self.is_storing.try_set_value(true);
        while self.has_changed.try_update_value(std::mem::take) == Some(true) {
            self.store_once().await;
        }
        self.is_storing.try_set_value(false);
        self.storage_error.try_with_untracked(Option::is_none) == Some(true)
    }

    async fn store_once(self) {
        let Some(session) = self.session.try_get_value() else {
            return;
        };
        let Some(storage) = &session.storage else {
            return;
        };
        let text = self.stored(&session);
        let (id, is_empty) = (text.id.clone(), text.text.is_empty());
        let stored = storage.store_text(text, self.was_stored.get_value()).await;
        if self.id.try_with_value(|it| *it == id) != Some(true) {
            // It was posted meanwhile.
            return;
        }
        match stored {
            Ok(Stored::Kept) => {
                self.was_stored.set_value(!is_empty);
                self.storage_error.set(None);
            }
            Ok(Stored::Taken | Stored::Gone) => {
                // Another page has the text of this id. What is typed here becomes another text.
                self.begin();
                self.has_changed.set_value(true);
            }
            Err(error) => self.storage_error.set(Some(error)),
        }
    }

    /// Checks the length and the characters of the text, as the server does.
    ///
    /// # Errors
    /// If the server would refuse it.
    pub fn check(self) -> Result<(), Invalid> {
        let text = self.text();
        match self.purpose.get_value() {
            Purpose::Article { .. } => Article::parse(&text.source).map(drop),
            _ => Draft::parse(&text.source, &text.headline).map(drop),
        }
    }

    /// Takes the text out of the composer.
    pub fn take(self) -> Taken {
        let was_stored = self.was_stored.get_value();
        let taken = Taken {
            text: self.session.with_value(|session| self.stored(session)),
            was_stored,
            is_current: was_stored && !self.has_changed.get_value() && !self.is_storing.get_value(),
        };
        self.show(Text::default(), None);
        self.begin();
        self.has_changed.set_value(false);
        taken
    }

    /// Puts a text into the composer, in place of an empty one. It gets another id, so that it is
    /// sent as another request.
    pub fn put(self, text: Text, purpose: Purpose, draft: Option<DraftVersion>) {
        self.begin();
        self.set_purpose(purpose);
        self.show(text, draft);
        self.changed();
    }

    /// Opens a text that no page is editing. The text in the composer is set aside.
    pub async fn open(self, text: StoredText) {
        let session = self.session.get_value();
        let Some(storage) = session.storage.clone() else {
            return;
        };
        if !self.set_aside().await {
            return;
        }
        let holder = Some(session.tab.id().to_owned());
        let claimed = storage.claim_text(&text.id, text.holder, holder).await;
        if claimed == Ok(true) {
            self.remember(&text.id);
            self.id.set_value(text.id);
            self.was_stored.set_value(true);
            self.set_purpose(text.purpose);
            self.show(text.text, text.draft);
        }
        self.load_others().await;
    }

    /// Sets the text in the composer aside, and empties the composer. Returns whether it did: a
    /// text that can't be stored stays in the composer.
    pub async fn set_aside(self) -> bool {
        let Taken {
            text, was_stored, ..
        } = self.take();
        if text.text.is_empty() {
            return true;
        }
        let session = self.session.get_value();
        let stored = match &session.storage {
            Some(storage) => storage.set_aside_text(text.clone(), was_stored).await,
            None => Err(StorageError::Blocked),
        };
        if let Err(error) = stored {
            self.put(text.text, text.purpose, text.draft);
            self.storage_error.set(Some(error));
        }
        stored.is_ok()
    }

    /// Discards a text that no page is editing.
    pub async fn discard(self, id: String) {
        let session = self.session.get_value();
        if let Some(storage) = &session.storage {
            // If it fails, it is offered again.
            let _ = storage.discard_text(&id).await;
        }
        self.load_others().await;
    }

    /// Loads the texts of this entry that no page is editing.
    pub async fn load_others(self) {
        let Some(session) = self.session.try_get_value() else {
            return;
        };
        let Some(storage) = &session.storage else {
            return;
        };
        match storage.texts(&owner(&session)).await {
            Ok(texts) => {
                let mut others = Vec::new();
                for text in texts {
                    let is_free = match &text.holder {
                        Some(holder) if holder == session.tab.id() => false,
                        Some(holder) => !session.tab.is_open(holder).await,
                        None => true,
                    };
                    if is_free {
                        others.push(text);
                    }
                }
                others.sort_by_key(|text| std::cmp::Reverse(text.changed_at));
                self.others.try_set(others);
            }
            Err(error) => {
                self.storage_error.try_set(Some(error));
            }
        }
    }

    /// Returns the texts of closed pages that were submitted, but are not in the outbox yet.
    pub fn submitted(self) -> Vec<StoredText> {
        let is_submitted =
            |text: &StoredText| local_storage::get(&submitted_key(&text.id)).is_some();
        self.others
            .try_update(|others| others.extract_if(.., |text| is_submitted(text)).collect())
            .unwrap_or_default()
    }

    /// Begins another text, with an id of its own.
    fn begin(self) {
        self.id.set_value(random_id());
        self.was_stored.set_value(false);
        self.remember(&self.id.get_value());
    }

    fn set_purpose(self, purpose: Purpose) {
        let is_article = matches!(purpose, Purpose::Article { .. });
        self.fields.is_article.set(is_article);
        self.purpose.set_value(purpose);
    }

    fn show(self, text: Text, draft: Option<DraftVersion>) {
        self.fields.show(text.source, text.headline);
        self.key.set(text.key);
        self.pinned.set(text.pinned);
        self.draft.set(draft);
    }

    /// Returns the text as it is stored.
    fn stored(self, session: &AuthorSession) -> StoredText {
        StoredText {
            id: self.id.get_value(),
            owner: owner(session),
            holder: Some(session.tab.id().to_owned()),
            purpose: self.purpose.get_value(),
            draft: self.draft.get_untracked(),
            text: self.text(),
            changed_at: now(),
        }
    }

    /// Lets the next page in this tab find the text.
    fn remember(self, id: &str) {
        if self.purpose.get_value() != Purpose::Post {
            return;
        }
        let session = self.session.get_value();
        if let Some(storage) = session_storage() {
            // Without it, the text is offered as one of a closed tab.
            let _ = storage.set_item(&tab_key(&session), id);
        }
    }

    /// Stores a text that has just changed in the local storage, as the page is unloaded: nothing
    /// else is stored at once.
    pub fn store_at_unload(self) {
        let has_changed = self.has_changed.try_get_value() == Some(true);
        let session = self.session.try_get_value();
        if let Some(session) = session.filter(|_| has_changed || self.is_storing.get_value()) {
            let text = self.stored(&session);
            if let (false, Ok(json)) = (text.text.is_empty(), serde_json::to_string(&text)) {
                // If it fails, the text is as it was stored last.
                local_storage::set(&unloaded_key(&text.owner, &text.id), &json);
            }
        }
    }

    /// Moves the texts from the local storage that a page stored as it was unloaded, and that an
    /// earlier release stored.
    async fn import_local(self) {
        let session = self.session.get_value();
        let Some(storage) = &session.storage else {
            return;
        };
        for key in local_storage::keys(&unloaded_key(&owner(&session), "")) {
            if let Some(text) = parse::<StoredText>(&key) {
                // Written by the page that was the text's holder.
                if storage.store_text(text, false).await.is_ok() {
                    local_storage::remove(&key);
                }
            }
        }
        let key = format!("ringside-draft-{}-{}", session.caller.id, session.entry);
        if let Some(draft) = parse::<LocalDraft>(&key) {
            let id = draft.sent_as.unwrap_or_else(random_id);
            // As if it had been left in this tab.
            self.remember(&id);
            let text = StoredText {
                id,
                holder: None,
                text: Text {
                    source: draft.source,
                    headline: draft.headline,
                    ..Text::default()
                },
                ..self.stored(&session)
            };
            if storage.store_text(text, false).await.is_ok() {
                local_storage::remove(&key);
            }
        }
    }
}

/// Returns the key in the local storage of a text that was stored as its page was unloaded.
fn unloaded_key(owner: &str, id: &str) -> String {
    format!("ringside-unloaded-{owner}-{id}")
}

fn parse<T: DeserializeOwned>(key: &str) -> Option<T> {
    serde_json::from_str(&local_storage::get(key)?).ok()
}

/// A text as earlier releases stored it, in the local storage.
#[derive(Debug, Deserialize)]
struct LocalDraft {
    source: String,
    headline: String,
    /// The operation id under which it was sent, if it was.
    sent_as: Option<String>,
}

fn session_storage() -> Option<leptos::web_sys::Storage> {
    window().session_storage().ok()?
}

/// Returns the owner of the texts in this composer.
fn owner(session: &AuthorSession) -> String {
    texts::owner(session.caller.id, &session.entry)
}

/// Returns the key in the session storage of the text in this tab.
fn tab_key(session: &AuthorSession) -> String {
    format!("ringside-text-{}-{}", session.caller.id, session.entry)
}
