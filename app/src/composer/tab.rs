//! The identity of an open page. A page that edits a text claims it under this identity, so that
//! two tabs never write to the same text.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::future::TimeoutFuture;
use leptos::{
    prelude::{window, window_event_listener_untyped},
    reactive::spawn_local,
};

use super::{
    random_id::random_id,
    storage::{Storage, leases::LEASE_MS},
    web_locks::WebLocks,
};

/// The lock of the page that sends the requests in the outbox.
const OUTBOX_LOCK: &str = "ringside-outbox";
/// What the locks of pages begin with.
const PAGE_LOCK: &str = "ringside-page-";
/// How often a lease is renewed, in milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
const RENEWAL_MS: u32 = LEASE_MS as u32 / 4;
/// The key in the session storage under which a page that is unloaded leaves its identity, so that
/// the next page in its tab does not wait for the lease to expire.
const UNLOADED: &str = "ringside-unloaded";

/// An open page, whichever account is logged in.
#[derive(Clone)]
pub struct Tab {
    /// Its identity: unique for each time a page is loaded.
    id: Rc<str>,
    storage: Option<Storage>,
    locks: Option<WebLocks>,
    /// The page that was in this tab before.
    previous: Option<String>,
    /// Whether this page sends the requests in the outbox.
    is_sender: Rc<Cell<bool>>,
    /// How often this page has been granted the lock of the outbox and has not lost it: twice for a
    /// moment if it steals the lock from itself.
    grants: Rc<Cell<u32>>,
    on_change: Rc<RefCell<Rc<dyn Fn()>>>,
}

impl Tab {
    /// Makes the page known to others for as long as it is open.
    pub async fn open(storage: Option<Storage>) -> Self {
        let session = window().session_storage().ok().flatten();
        let previous = session.as_ref().and_then(|it| {
            let previous = it.get_item(UNLOADED).ok()?;
            // A duplicated tab would copy it.
            let _ = it.remove_item(UNLOADED);
            previous
        });
        let tab = Self {
            id: random_id().into(),
            storage,
            locks: WebLocks::of_browser(),
            previous,
            is_sender: Rc::default(),
            grants: Rc::default(),
            on_change: Rc::new(RefCell::new(Rc::new(|| {}))),
        };
        let id = Rc::clone(&tab.id);
        window_event_listener_untyped("pagehide", move |_| {
            if let Some(session) = &session {
                // Without it the text is offered again once the lease has expired.
                let _ = session.set_item(UNLOADED, &id);
            }
        });
        let name = [PAGE_LOCK, &*tab.id].concat();
        if let Some(locks) = tab.locks.clone() {
            spawn_local(async move { locks.hold(&name, false, || {}).await });
        } else if let Some(storage) = tab.storage.clone() {
            let id = Rc::clone(&tab.id);
            // Storage that fails here fails for texts as well, which is shown.
            let _ = storage.remove_expired_leases().await;
            let _ = storage.lease(&name, &id, false).await;
            spawn_local(async move {
                loop {
                    TimeoutFuture::new(RENEWAL_MS).await;
                    let _ = storage.lease(&name, &id, false).await;
                }
            });
        }
        spawn_local(tab.clone().become_sender());
        tab
    }

    /// Returns the page's identity.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns whether the page `holder` is still open.
    pub async fn is_open(&self, holder: &str) -> bool {
        if self.previous.as_deref() == Some(holder) {
            return false;
        }
        let name = [PAGE_LOCK, holder].concat();
        match (&self.locks, &self.storage) {
            (Some(locks), _) => locks.held().await.contains(&name),
            (None, Some(storage)) => storage.is_leased(&name).await.unwrap_or(true),
            (None, None) => false,
        }
    }

    /// Returns whether this page sends the requests in the outbox.
    pub fn is_sender(&self) -> bool {
        self.is_sender.get()
    }

    /// Calls `on_change`, and no longer the previous one, when this page begins or ends to send.
    pub fn listen(&self, on_change: impl Fn() + 'static) {
        self.on_change.replace(Rc::new(on_change));
    }

    /// Makes this page the one that sends requests, at once: its author has just made one.
    pub fn take_over(&self) {
        if self.is_sender() {
            return;
        }
        let tab = self.clone();
        spawn_local(async move {
            match &tab.locks {
                Some(locks) => tab.hold_outbox(locks, true).await,
                None => tab.renew_outbox_lease(true).await,
            }
        });
    }

    /// Makes this page the one that sends requests as soon as no other page does, for as long as
    /// the page is open.
    async fn become_sender(self) {
        loop {
            match &self.locks {
                // Returns when another page has stolen the lock, or the browser has failed.
                Some(locks) => self.hold_outbox(locks, false).await,
                None => self.renew_outbox_lease(false).await,
            }
            TimeoutFuture::new(RENEWAL_MS).await;
        }
    }

    async fn hold_outbox(&self, locks: &WebLocks, steal: bool) {
        let (tab, was_granted) = (self.clone(), Rc::new(Cell::new(false)));
        let granted = Rc::clone(&was_granted);
        let on_granted = move || {
            granted.set(true);
            tab.grants.set(tab.grants.get() + 1);
            tab.set_sender(true);
        };
        locks.hold(OUTBOX_LOCK, steal, on_granted).await;
        if was_granted.get() {
            self.grants.set(self.grants.get() - 1);
            self.set_sender(self.grants.get() > 0);
        }
    }

    async fn renew_outbox_lease(&self, steal: bool) {
        let is_sender = match &self.storage {
            Some(storage) => storage.lease(OUTBOX_LOCK, &self.id, steal).await,
            // Without storage, no other page has this page's requests.
            None => Ok(true),
        };
        // If the storage fails, this page sends what it has. Two that send do no harm.
        self.set_sender(is_sender.unwrap_or(true));
    }

    fn set_sender(&self, is_sender: bool) {
        if self.is_sender.replace(is_sender) != is_sender {
            let on_change = Rc::clone(&self.on_change.borrow());
            on_change();
        }
    }
}
