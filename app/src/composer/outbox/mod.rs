//! The outbox: the author's requests, until the server has responded to them.
//!
//! Its text is stored in the browser before a request is sent. One page sends the requests of all
//! (see [`Tab`]); `domain::Submission` decides when.

pub mod attempt;
pub mod list;

use std::{collections::HashMap, rc::Rc};

use domain::{AttemptResult, Due, EditConflict, Next, Submission, next_due};
use futures::{
    StreamExt,
    channel::mpsc,
    future::{Either, select},
};
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use js_sys::Math;
use leptos::{prelude::*, reactive::spawn_local};

use self::attempt::{Done, attempt};
use super::{
    channel::Channel,
    random_id::random_id,
    session::AuthorSession,
    storage::{
        StorageError,
        request::Request,
        requests::{Loaded, LoadedEntry, MAX_LOADED, StoredRequest},
        texts::{StoredText, submitted_key},
    },
    text_state::Taken,
};
use crate::{AppError, browser_clock::now, local_storage};

/// The time for which a published request is shown, in milliseconds.
const DONE_MS: u32 = 4_000;

/// The time for which a deletion can be undone, in milliseconds. The server allows ten minutes.
const UNDO_MS: u32 = 9 * 60_000;

/// The pause between two times that a long outbox is read, in milliseconds. Meanwhile the page that
/// sends can write to it.
const RELOAD_MS: u32 = 1_000;

/// How long a request has to wait before its time is sent, in microseconds. Otherwise it is placed
/// by its arrival, which is more exact.
const MIN_WAIT: i64 = 10_000_000;

/// Why an attempt had no result, if the browser knows that it has no network.
pub const OFFLINE: &str = "You are offline.";

/// The state of a request, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It waits for its first attempt.
    Saved,
    /// An attempt is in flight.
    Sending,
    /// The last attempt had no result, for this reason. The next one follows automatically.
    Retrying(String),
    /// Nobody is logged in, or another account is. It is sent after a login.
    Unauthenticated(String),
    /// The server refused it, for this reason.
    Refused(String),
    /// The server carried it out.
    Done(Done),
}

/// A request in the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its number in the browser's storage; `None` if it could not be stored.
    pub number: Option<u64>,
    /// What is stored.
    pub stored: StoredRequest,
    /// Its state.
    pub state: State,
    /// The conflict for which the server refused it, if that was the reason.
    pub conflict: Option<EditConflict>,
    /// Whether the server refused it because the update was deleted.
    pub is_removed: bool,
    /// Whether the attempt to make next was begun before the request was stored.
    is_begun: bool,
    /// Whether it waits until it is stored.
    is_storing: bool,
}

impl Item {
    fn new(number: Option<u64>, stored: StoredRequest) -> Self {
        let state = match &stored.refusal {
            Some(refusal) if stored.submission.is_refused() => State::Refused(refusal.clone()),
            _ => State::Saved,
        };
        Self {
            number,
            stored,
            state,
            conflict: None,
            is_removed: false,
            is_begun: false,
            is_storing: false,
        }
    }

    /// Returns the item of a new request. Its first attempt has begun, unless the browser is
    /// offline.
    fn begin(session: &AuthorSession, op_id: String, request: Request) -> Self {
        let mut submission = Submission::default();
        let is_begun = window().navigator().on_line();
        if is_begun {
            submission.start();
        }
        let stored = StoredRequest {
            account: session.caller.id.to_string(),
            entry: session.entry.clone(),
            slug: session.slug.clone(),
            op_id,
            request,
            written_at: session.clock.now(),
            submission,
            refusal: None,
        };
        Self {
            is_begun,
            ..Self::new(None, stored)
        }
    }

    /// Returns whether the server has carried it out.
    pub const fn is_done(&self) -> bool {
        matches!(self.state, State::Done(_))
    }
}

/// Requests that are stored, but not loaded.
#[derive(Clone, Debug, Default)]
struct Unloaded {
    /// The live blogs of which more requests wait than are loaded.
    entries: Vec<String>,
    /// Whether others, of any live blog, have not been considered.
    of_any: bool,
}

/// The outbox of the author, as the page shows it.
#[derive(Clone, Copy)]
pub struct Outbox {
    session: StoredValue<Rc<AuthorSession>, LocalStorage>,
    /// The time of the last update of each entry that was sent, in microseconds of the server's
    /// clock: the next one is not placed before it.
    placed: StoredValue<HashMap<String, i64>>,
    /// The live blog of the request that was sent last.
    last_entry: StoredValue<String>,
    channel: StoredValue<Option<Rc<Channel>>, LocalStorage>,
    wake: StoredValue<mpsc::Sender<()>, LocalStorage>,
    /// The requests in the order in which the author made them.
    pub items: RwSignal<Vec<Item>>,
    /// How many requests are stored: more than `items` if there are too many to load at once.
    pub total: RwSignal<usize>,
    /// The requests that are stored, but not loaded.
    unloaded: StoredValue<Unloaded>,
    /// Whether requests are being loaded, and whether they have changed meanwhile.
    reloading: StoredValue<(bool, bool)>,
    /// Why requests could not be stored.
    pub storage_error: RwSignal<Option<StorageError>>,
    /// Whether a login is needed before anything can be sent.
    pub needs_login: RwSignal<bool>,
    /// The latest request that the server has carried out, for the status line.
    pub latest: RwSignal<Option<(Request, Done)>>,
    /// The latest edit that conflicted, to be shown at once.
    pub conflicting: RwSignal<Option<Item>>,
    /// Whether the button that undoes a deletion takes the focus once it appears.
    pub focus_undo: RwSignal<bool>,
}

impl Outbox {
    /// Opens the outbox, and sends what is in it.
    pub fn open(session: &Rc<AuthorSession>) -> Self {
        let (wake, woken) = mpsc::channel(1);
        let outbox = Self {
            session: StoredValue::new_local(Rc::clone(session)),
            placed: StoredValue::default(),
            last_entry: StoredValue::default(),
            channel: StoredValue::new_local(None),
            wake: StoredValue::new_local(wake),
            items: RwSignal::default(),
            total: RwSignal::default(),
            unloaded: StoredValue::default(),
            reloading: StoredValue::default(),
            storage_error: RwSignal::default(),
            needs_login: RwSignal::default(),
            latest: RwSignal::default(),
            conflicting: RwSignal::default(),
            focus_undo: RwSignal::default(),
        };
        let channel = Channel::open(move || outbox.reload());
        outbox.channel.set_value(Some(Rc::new(channel)));
        session.tab.listen(move || outbox.reload());
        let online = window_event_listener_untyped("online", move |_| outbox.retry_all());
        on_cleanup(move || online.remove());
        spawn_local(outbox.send_all(woken));
        // The account has just logged in, or its page was opened. The page that has sent so far may
        // be one of another account, or of a session that has expired.
        outbox.take_over();
        outbox.reload();
        outbox
    }

    /// Adds a request that is made from a text that was taken out of the composer. Returns `false`
    /// if another page has posted or discarded the text.
    ///
    /// A text that is stored as it is, is sent while it is moved to the outbox. Before that, it is
    /// marked as submitted in the local storage: if this page is closed meanwhile, the next page
    /// moves it.
    pub async fn submit(self, taken: &Taken, request: Request) -> bool {
        self.put(taken.text.id.clone(), request, Some(taken)).await
    }

    /// Adds a request that is made from a text that a closed page had submitted.
    pub async fn submit_again(self, text: StoredText) {
        let (purpose, content) = (text.purpose.clone(), text.text.clone());
        let request = Request::publishing(purpose, content, text.draft);
        let taken = Taken {
            text,
            was_stored: true,
            is_current: true,
        };
        self.submit(&taken, request).await;
    }

    /// Adds a request that is not made from a text.
    pub async fn add(self, op_id: String, request: Request) {
        self.put(op_id, request, None).await;
    }

    /// Sends a refused request again, or one that waits for its next attempt.
    pub fn retry(self, op_id: &str) {
        self.change(op_id, |item| {
            item.stored.submission.retry_now();
            item.stored.refusal = None;
            item.state = State::Saved;
        });
        self.take_over();
    }

    /// Sends all requests again that wait for their next attempt: the network is back, or the
    /// author has logged in.
    pub fn retry_all(self) {
        if self.items.is_disposed() {
            return;
        }
        self.needs_login.set(false);
        self.items.update(|items| {
            for item in items {
                if matches!(item.state, State::Retrying(_) | State::Unauthenticated(_)) {
                    item.stored.submission.retry_now();
                    item.state = State::Saved;
                }
            }
        });
        self.wake();
    }

    /// Removes a request. Its text is lost, so the author has confirmed it, or the caller keeps the
    /// text.
    pub async fn discard(self, op_id: String) {
        let number = self.find(&op_id).and_then(|item| item.number);
        self.remove_item(&op_id);
        if let (Some(number), Some(session)) = (number, self.session.try_get_value())
            && let Some(storage) = &session.storage
            && let Err(error) = storage.remove_request(number).await
        {
            self.storage_error.set(Some(error));
        }
        self.notify();
        self.wake();
    }

    /// Undoes a deletion.
    pub async fn undo(self, op_id: String, update: i64) {
        self.remove_item(&op_id);
        self.add(random_id(), Request::Restore { update }).await;
    }

    /// Returns the item with this operation id.
    pub fn find(self, op_id: &str) -> Option<Item> {
        let found = self.items.try_with_untracked(|items| {
            let found = items.iter().find(|item| item.stored.op_id == op_id);
            found.cloned()
        });
        found.flatten()
    }

    /// Returns whether a request is only in this page, and lost when the page is closed.
    pub fn has_unstored(self) -> bool {
        self.items.with_untracked(|items| {
            let mut items = items.iter();
            items.any(|item| item.number.is_none() && !item.is_done())
        })
    }

    fn push(self, item: Item) {
        self.items.update(|items| items.push(item));
        self.total.update(|total| *total += 1);
    }

    /// Adds a request, and stores it. The server may respond before it is stored.
    async fn put(self, op_id: String, request: Request, taken: Option<&Taken>) -> bool {
        let Some(session) = self.session.try_get_value() else {
            return false;
        };
        let item = Item::begin(&session, op_id.clone(), request);
        let key = submitted_key(&op_id);
        let is_submitted =
            taken.is_some_and(|taken| taken.is_current) && local_storage::set(&key, "");
        self.push(Item {
            is_storing: !is_submitted,
            ..item.clone()
        });
        self.wake();
        let text = taken.map(|taken| (&*taken.text.id, taken.was_stored));
        let stored = match &session.storage {
            Some(storage) => storage.add_request(text, item.stored).await,
            None => Err(StorageError::Blocked),
        };
        local_storage::remove(&key);
        if stored == Ok(None) && !is_submitted {
            self.remove_item(&op_id);
            self.total.update(|total| *total = total.saturating_sub(1));
            return false;
        }
        let number = stored.unwrap_or_else(|error| {
            self.storage_error.set(Some(error));
            None
        });
        self.change(&op_id, |item| {
            item.number = number;
            item.is_storing = false;
        });
        if self.items.is_disposed() {
            // The next composer sends it.
            return true;
        }
        let is_done = self.find(&op_id).is_none_or(|item| item.is_done());
        if let (true, Some(number), Some(storage)) = (is_done, number, &session.storage) {
            // If it can't be removed, it is sent again, which does no harm.
            let _ = storage.remove_request(number).await;
            self.notify();
        }
        session.keep_storage();
        self.take_over();
        true
    }

    /// Makes this page the one that sends. Its account must be logged in.
    pub fn take_over(self) {
        if let Some(session) = self.session.try_get_value() {
            session.tab.take_over();
        }
        self.wake();
    }

    /// Loads the stored requests: another page has changed them, or this page has just become the
    /// one that sends.
    fn reload(self) {
        let is_running = self.reloading.try_update_value(|(is_running, is_stale)| {
            *is_stale = *is_running;
            std::mem::replace(is_running, true)
        });
        if is_running == Some(false) {
            spawn_local(async move {
                loop {
                    self.load().await;
                    let is_stale = self.reloading.try_update_value(|(is_running, is_stale)| {
                        *is_running = *is_stale;
                        std::mem::take(is_stale)
                    });
                    if is_stale != Some(true) {
                        return;
                    }
                    if self.total.try_get_untracked() > Some(MAX_LOADED) {
                        TimeoutFuture::new(RELOAD_MS).await;
                    }
                }
            });
        }
    }

    async fn load(self) {
        let Some(session) = self.session.try_get_value() else {
            return;
        };
        let Some(storage) = &session.storage else {
            return;
        };
        match storage.requests(&session.caller.id.to_string()).await {
            Ok(loaded) if !self.items.is_disposed() => {
                self.total.set(loaded.total);
                let entries = loaded.entries.iter();
                let entries = entries.filter(|(_, it)| it.last_of_many().is_some());
                self.unloaded.set_value(Unloaded {
                    entries: entries.map(|(entry, _)| entry.clone()).collect(),
                    of_any: loaded.last.is_some(),
                });
                self.items.update(|items| merge(items, loaded));
                self.wake();
            }
            Ok(_) => {}
            Err(error) => {
                self.storage_error.try_set(Some(error));
            }
        }
    }

    /// Sends requests for as long as the page is open.
    async fn send_all(self, mut woken: mpsc::Receiver<()>) {
        while let Some(due) = self.due() {
            match due {
                Due::Now(at) => self.send(at).await,
                Due::At(time) => {
                    let pause = u32::try_from(time.saturating_sub(now())).unwrap_or(u32::MAX);
                    let timer = TimeoutFuture::new(pause);
                    if let Either::Left((None, _)) = select(woken.next(), timer).await {
                        return;
                    }
                }
                Due::Nothing => {
                    if woken.next().await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Returns what to do next; `None` once the composer is gone. [`Due::Now`] has a position in
    /// `items`.
    fn due(self) -> Option<Due> {
        let is_sender = self.session.try_get_value()?.tab.is_sender();
        if self.needs_login.try_get_untracked()? {
            return Some(Due::Nothing);
        }
        self.items.try_with_untracked(|items| {
            // A request that could not be stored is known to this page only.
            let may_send = |item: &Item| !item.is_done() && (is_sender || item.number.is_none());
            // One that waits until it is stored delays those behind it.
            let ready = items.iter().take_while(|item| !item.is_storing);
            let waiting = ready.enumerate().filter(|(_, item)| may_send(item));
            // Live blogs take turns, so that thousands of requests of one do not delay another.
            let is_last = |(_, item): &(usize, &Item)| {
                self.last_entry
                    .with_value(|last| *last == item.stored.entry)
            };
            let others = waiting.clone().filter(|it| !is_last(it));
            let waiting = others.chain(waiting.filter(is_last));
            let positions: Vec<_> = waiting.clone().map(|(at, _)| at).collect();
            let requests = waiting.map(|(_, item)| (&*item.stored.entry, &item.stored.submission));
            match next_due(requests, now()) {
                Due::Now(at) => Due::Now(positions[at]),
                due => due,
            }
        })
    }

    /// Makes one attempt to send the request at a position in `items`.
    async fn send(self, at: usize) {
        let Some(mut item) = self.items.with_untracked(|items| items.get(at).cloned()) else {
            return;
        };
        let op_id = item.stored.op_id.clone();
        self.last_entry.set_value(item.stored.entry.clone());
        if !std::mem::take(&mut item.is_begun) {
            item.stored.submission.start();
            self.store(&item).await;
        }
        item.state = State::Sending;
        self.replace(&item);
        let Some(session) = self.session.try_get_value() else {
            return;
        };
        let response = attempt(&item.stored, self.place(&item.stored, &session)).await;
        if let Some(stored) = self.find(&op_id) {
            // It may have been stored meanwhile.
            item.number = stored.number;
        }
        let result = match &response {
            Ok(_) => AttemptResult::Done,
            Err(error) => error.attempt_result(),
        };
        let next = item.stored.submission.finish(result, now(), Math::random());
        match (next, response) {
            (_, Ok(done)) => {
                if let Some(now) = session.clock.now() {
                    let entry = item.stored.entry.clone();
                    self.placed
                        .try_update_value(|placed| placed.insert(entry, now));
                }
                self.finish(&op_id, item.number, done).await;
                return;
            }
            (Next::Refused | Next::Done, Err(error)) => {
                item.stored.refusal = Some(error.to_string());
                item.state = State::Refused(error.to_string());
                item.is_removed = matches!(error, AppError::Removed(_));
                if let AppError::Conflict(conflict) = error {
                    item.conflict = Some(*conflict);
                    self.conflicting.set(Some(item.clone()));
                }
            }
            (Next::LogIn, Err(error)) => {
                item.state = State::Unauthenticated(error.to_string());
                self.needs_login.set(true);
            }
            (Next::RetryAt(_), Err(error)) => {
                item.state = State::Retrying(match error {
                    AppError::Unreachable if !window().navigator().on_line() => OFFLINE.to_owned(),
                    error => error.to_string(),
                });
            }
        }
        self.replace(&item);
        self.store(&item).await;
        self.load_more();
        self.notify();
    }

    /// Returns the time by which an update is placed, in microseconds of the server's clock, or
    /// `None` for the time of its arrival: it has hardly waited, or it is not known for how long.
    fn place(self, stored: &StoredRequest, session: &AuthorSession) -> Option<i64> {
        let written_at = stored.written_at?;
        let now = session.clock.now();
        let has_waited = now.is_none_or(|now| now - written_at >= MIN_WAIT);
        // The author's previous update may have been placed by its arrival, which was later.
        let previous = self
            .placed
            .try_with_value(|placed| placed.get(&stored.entry).copied());
        let previous = previous.flatten().unwrap_or_default();
        has_waited.then(|| written_at.max(previous + 1))
    }

    /// Removes a request that the server has carried out, and shows it for a moment.
    async fn finish(self, op_id: &str, number: Option<u64>, done: Done) {
        self.change(op_id, |item| item.state = State::Done(done.clone()));
        let request = self.find(op_id).map(|item| item.stored.request);
        let is_deletion = matches!(request, Some(Request::Delete { .. }));
        self.latest.set(request.map(|request| (request, done)));
        let (hidden, outbox) = (op_id.to_owned(), self);
        let shown_ms = if is_deletion { UNDO_MS } else { DONE_MS };
        Timeout::new(shown_ms, move || {
            if !outbox.items.is_disposed() {
                outbox.remove_item(&hidden);
            }
        })
        .forget();
        if let Some(session) = self.session.try_get_value()
            && let (Some(storage), Some(number)) = (&session.storage, number)
        {
            // If it can't be removed, it is sent again, which does no harm.
            let _ = storage.remove_request(number).await;
        }
        self.total.update(|total| *total = total.saturating_sub(1));
        self.load_more();
        self.notify();
    }

    /// Loads further requests of a live blog before all that are loaded have been sent or refused.
    fn load_more(self) {
        let are_few = |entry: Option<&String>| {
            self.items.try_with_untracked(|items| {
                let is_waiting = |it: &&Item| {
                    let is_of_entry = entry.is_none_or(|entry| *entry == it.stored.entry);
                    is_of_entry && !it.is_done() && !it.stored.submission.is_refused()
                };
                items.iter().filter(is_waiting).count() < MAX_LOADED / 2
            })
        };
        let unloaded = self.unloaded.try_get_value().unwrap_or_default();
        let mut entries = unloaded.entries.iter();
        if entries.any(|entry| are_few(Some(entry)) == Some(true))
            || unloaded.of_any && are_few(None) == Some(true)
        {
            self.reload();
        }
    }

    async fn store(self, item: &Item) {
        if let Some(session) = self.session.try_get_value()
            && let (Some(storage), Some(number)) = (&session.storage, item.number)
            && let Err(error) = storage.store_request(number, item.stored.clone()).await
        {
            self.storage_error.set(Some(error));
        }
    }

    fn replace(self, item: &Item) {
        self.change(&item.stored.op_id, |old| *old = item.clone());
    }

    fn change(self, op_id: &str, change: impl FnOnce(&mut Item)) {
        self.items.try_update(|items| {
            if let Some(item) = items.iter_mut().find(|item| item.stored.op_id == op_id) {
                change(item);
            }
        });
    }

    fn remove_item(self, op_id: &str) {
        self.items
            .try_update(|items| items.retain(|item| item.stored.op_id != op_id));
    }

    /// Notifies the browser's other pages that the stored requests have changed.
    fn notify(self) {
        if let Some(Some(channel)) = self.channel.try_get_value() {
            channel.notify();
        }
    }

    fn wake(self) {
        // If the channel is full, the task wakes up anyway.
        self.wake.try_update_value(|wake| wake.try_send(()).ok());
    }
}

/// Merges the stored requests into the shown ones. What this page knows of a request's attempts is
/// kept; a request that is stored no longer was carried out or discarded by another page.
fn merge(items: &mut Vec<Item>, loaded: Loaded) {
    let Loaded {
        requests,
        entries,
        last: considered,
        ..
    } = loaded;
    items.retain(|item| {
        let Some(number) = item.number else {
            return true;
        };
        let is_loaded = requests.iter().any(|(it, _)| *it == number);
        let own = entries.get(&item.stored.entry);
        let last = own.and_then(LoadedEntry::last_of_many).or(considered);
        let is_beyond = last.is_some_and(|last| number > last);
        is_loaded || is_beyond || item.is_done() || item.state == State::Sending
    });
    for (number, request) in requests {
        let known = items.iter_mut().find(|it| it.stored.op_id == request.op_id);
        match known {
            // Another page may have changed it.
            Some(item) if item.state == State::Saved || request.refusal.is_some() => {
                if item.state != State::Sending && !item.is_begun {
                    *item = Item::new(Some(number), request);
                }
            }
            Some(_) => {}
            None => items.push(Item::new(Some(number), request)),
        }
    }
    // Requests that could not be stored are the newest.
    items.sort_by_key(|item| item.number.unwrap_or(u64::MAX));
}
