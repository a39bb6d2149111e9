//! What the parts of the composer share: the account, the entry, and the browser's storage.

use std::cell::Cell;

use domain::Caller;
use js_sys::Reflect;
use leptos::{prelude::window, reactive::spawn_local};
use wasm_bindgen::JsCast;

use super::{
    server_clock::ServerClock,
    storage::{Storage, StorageError},
    tab::Tab,
};
use crate::{AppError, accounts::whoami};

/// An author with an open composer.
pub struct AuthorSession {
    /// The account.
    pub caller: Caller,
    /// The entry's slug. If it changes, the old one still works.
    pub slug: String,
    /// The entry's number.
    pub entry: String,
    /// The browser's storage, unless it is blocked.
    pub storage: Option<Storage>,
    /// Why the storage could not be opened.
    pub storage_error: Option<StorageError>,
    /// This page.
    pub tab: Tab,
    /// The server's time.
    pub clock: ServerClock,
    is_storage_kept: Cell<bool>,
}

/// Which account is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoggedIn {
    /// The same account as before.
    Same,
    /// Another account.
    Other,
    /// Nobody.
    Nobody,
}

impl AuthorSession {
    /// Opens the browser's storage for `caller`, in the page `tab` if it has an identity already.
    pub async fn open(caller: Caller, slug: String, entry: String, tab: Option<Tab>) -> Self {
        let (storage, storage_error) = match Storage::open().await {
            Ok(storage) => (Some(storage), None),
            Err(error) => (None, Some(error)),
        };
        Self {
            caller,
            slug,
            entry,
            tab: match tab {
                Some(tab) => tab,
                None => Tab::open(storage.clone()).await,
            },
            storage,
            storage_error,
            clock: ServerClock::default(),
            is_storage_kept: Cell::default(),
        }
    }

    /// Requests the account that is logged in, and the server's time.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub async fn check(&self) -> Result<LoggedIn, AppError> {
        let Some(caller) = whoami().await? else {
            return Ok(LoggedIn::Nobody);
        };
        self.clock.update(&self.entry).await;
        Ok(if caller.id == self.caller.id {
            LoggedIn::Same
        } else {
            LoggedIn::Other
        })
    }

    /// Requests from the browser, once, not to remove what is stored when it runs out of space.
    pub fn keep_storage(&self) {
        if self.is_storage_kept.replace(true) {
            return;
        }
        let navigator = window().navigator();
        // The browser may have no such interface (plain http), and may refuse.
        let storage = Reflect::get(&navigator, &"storage".into()).unwrap_or_default();
        let persist = Reflect::get(&storage, &"persist".into()).unwrap_or_default();
        if let Ok(persist) = persist.dyn_into::<js_sys::Function>() {
            spawn_local(async move {
                let _ = persist.call0(&storage);
            });
        }
    }
}
