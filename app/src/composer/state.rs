//! The state of the composer: its draft, the attempt in flight, and what is shown.

use std::{fmt::Write as _, pin::pin};

use domain::{ATTEMPT_DEADLINE_MS, Attempt, AttemptResult, Next, PostResult, not_shown};
use futures::future::{Either, select};
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use js_sys::{Math, Uint8Array};
use leptos::{html, prelude::*, reactive::spawn_local, web_sys::HtmlElement};

use super::{
    api::post_update,
    draft::{DraftKey, LocalDraft},
};
use crate::{AppError, browser_clock::now};

/// The time for which "Posted." is shown, in milliseconds.
const POSTED_MS: u32 = 4_000;

#[derive(Clone, PartialEq)]
pub enum Status {
    Idle,
    Posting,
    /// Published. A sentence about content that was removed; empty if nothing was.
    Posted(String),
    /// The server rejected the update, and the author must act.
    Refused(AppError),
    /// No response, or one that leaves open whether the update was published.
    Unconfirmed(AppError, RetryBy),
    /// The text was changed after an attempt whose outcome is unknown.
    ChangedInDoubt,
    /// The text was sent before this page was loaded, and the outcome is unknown.
    SentBefore,
}

/// What retries an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RetryBy {
    /// The composer, automatically.
    Composer,
    /// The author, by pressing Post.
    Author,
}

/// The composer's state.
#[derive(Clone, Copy)]
pub struct ComposerState {
    /// The entry's slug.
    pub slug: StoredValue<String>,
    /// The draft's storage key.
    key: StoredValue<DraftKey>,
    draft: StoredValue<LocalDraft>,
    pub source: RwSignal<String>,
    pub headline: RwSignal<String>,
    pub with_headline: RwSignal<bool>,
    pub status: RwSignal<Status>,
    /// Whether the browser stores drafts.
    pub can_store: RwSignal<bool>,
    /// Whether an attempt is in flight.
    sending: StoredValue<bool>,
    /// The timer of the next attempt, or of hiding "Posted.". Dropping it cancels it.
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    pub text_box: NodeRef<html::Textarea>,
}

impl ComposerState {
    pub fn new(slug: String, key: DraftKey) -> Self {
        let draft = LocalDraft::load(&key);
        let status = if draft.submission.is_in_doubt() {
            Status::SentBefore
        } else {
            Status::Idle
        };
        Self {
            slug: StoredValue::new(slug),
            key: StoredValue::new(key),
            source: RwSignal::new(draft.source.clone()),
            headline: RwSignal::new(draft.headline.clone()),
            with_headline: RwSignal::new(!draft.headline.is_empty()),
            draft: StoredValue::new(draft),
            status: RwSignal::new(status),
            can_store: RwSignal::new(true),
            sending: StoredValue::new(false),
            timer: StoredValue::new_local(None),
            text_box: NodeRef::new(),
        }
    }

    /// Stores the fields' values as the draft.
    pub fn store(self) {
        let mut in_doubt = false;
        self.draft.update_value(|draft| {
            let (source, headline) = (self.source.get_untracked(), self.headline.get_untracked());
            in_doubt = draft.set_text(source, headline);
            self.can_store.set(draft.store(&self.key.get_value()));
        });
        // While an attempt is in flight, its outcome is still open.
        if self.sending.get_value() {
            return;
        }
        match self.status.get_untracked() {
            Status::Posted(_) => self.status.set(Status::Idle),
            Status::Unconfirmed(..) | Status::SentBefore if in_doubt => {
                // The author changed the text, so the old text is not sent again.
                self.timer.set_value(None);
                self.status.set(Status::ChangedInDoubt);
            }
            _ => {}
        }
    }

    /// Posts the fields' values, on the author's request.
    pub fn post(self) {
        if self.source.with_untracked(|text| text.trim().is_empty()) {
            return;
        }
        self.status.set(Status::Posting);
        self.attempt();
    }

    /// Makes an attempt to post the fields' values, unless one is in flight.
    pub fn attempt(self) {
        if self.sending.get_value() {
            return;
        }
        self.sending.set_value(true);
        self.timer.set_value(None);
        let mut draft = self.draft.get_value();
        draft.set_text(self.source.get_untracked(), self.headline.get_untracked());
        let attempt = draft.submission.start(random_op_id, now());
        draft.store(&self.key.get_value());
        self.draft.set_value(draft.clone());
        spawn_local(async move {
            let response = send(self.slug.get_value(), &draft, attempt).await;
            self.sending.set_value(false);
            self.finish(draft, response);
        });
    }

    /// Handles the response to an attempt to post `sent`.
    pub fn finish(self, mut sent: LocalDraft, response: Result<PostResult, AppError>) {
        let result = match &response {
            Ok(_) => AttemptResult::Published,
            Err(error) => error.attempt_result(),
        };
        let next = sent.submission.finish(result, now(), Math::random());
        let mut changed = true;
        self.draft.update_value(|draft| {
            changed = !draft.has_text_of(&sent);
            if !changed {
                draft.submission = sent.submission.clone();
                draft.store(&self.key.get_value());
            }
        });
        match (next, response) {
            (_, Ok(posted)) => self.clear(&sent, not_shown(&posted.removed)),
            (Next::RetryAt(_) | Next::WaitForAuthor, Err(_)) if changed => {
                self.status.set(Status::ChangedInDoubt);
            }
            (Next::RetryAt(at), Err(error)) => {
                self.show_unconfirmed(error, RetryBy::Composer);
                let delay = u32::try_from(at.saturating_sub(now())).unwrap_or(u32::MAX);
                // Not inside the timer's own callback: an attempt drops the timer.
                self.schedule(delay, move || spawn_local(async move { self.attempt() }));
                // The focus stays where it is while the composer retries.
                return;
            }
            (Next::WaitForAuthor, Err(error)) => self.show_unconfirmed(error, RetryBy::Author),
            (_, Err(error)) => self.status.set(Status::Refused(error)),
        }
        if may_take_focus() {
            focus(self.text_box.get_untracked());
        }
    }

    /// Shows an error, unless it is shown already: a screen reader reads it out on each change.
    pub fn show_unconfirmed(self, error: AppError, retry_by: RetryBy) {
        let status = Status::Unconfirmed(error, retry_by);
        if self.status.get_untracked() != status {
            self.status.set(status);
        }
    }

    /// Clears the fields of the published update, and shows a sentence about removed content if
    /// there is one. Text typed since then is kept: it belongs to the next update.
    pub fn clear(self, sent: &LocalDraft, removed: Option<String>) {
        if self.source.get_untracked() == sent.source {
            self.source.set(String::new());
        }
        if self.headline.get_untracked() == sent.headline {
            self.headline.set(String::new());
            if self.with_headline.get_untracked() {
                // The field is removed, and the focus must not be lost with it.
                focus(self.text_box.get_untracked());
            }
            self.with_headline.set(false);
        }
        self.store();
        let stays = removed.is_some();
        self.status.set(Status::Posted(removed.unwrap_or_default()));
        // A sentence about removed content stays until the author types.
        if !stays {
            self.schedule(POSTED_MS, move || {
                if matches!(self.status.get_untracked(), Status::Posted(_)) {
                    self.status.set(Status::Idle);
                }
            });
        }
    }

    /// Calls `callback` in `delay_ms` milliseconds. Cancels the previous timer.
    pub fn schedule(self, delay_ms: u32, callback: impl FnOnce() + 'static) {
        self.timer.set_value(Some(Timeout::new(delay_ms, callback)));
    }
}

/// Makes one attempt to post `draft`, with a deadline.
pub async fn send(
    slug: String,
    draft: &LocalDraft,
    attempt: Attempt,
) -> Result<PostResult, AppError> {
    let (source, headline) = (draft.source.clone(), draft.headline.clone());
    let response = post_update(
        slug,
        attempt.op_id,
        source,
        headline,
        attempt.waited_ms,
        None,
    );
    let deadline = TimeoutFuture::new(ATTEMPT_DEADLINE_MS);
    match select(pin!(response), pin!(deadline)).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => Err(AppError::Unreachable),
    }
}

/// Moves the focus to a field, if it exists.
pub fn focus(field: Option<impl AsRef<HtmlElement>>) {
    if let Some(field) = field {
        // Can't fail: the field is in the page.
        let _ = field.as_ref().focus();
    }
}

/// Returns whether the focus is on nothing, or on one of the composer's buttons. Otherwise the
/// author is doing something else, and keeps the focus.
pub fn may_take_focus() -> bool {
    document().active_element().is_none_or(|active| {
        let is_in_composer = || active.closest(".composer").is_ok_and(|form| form.is_some());
        match active.tag_name().as_str() {
            "BODY" => true,
            "BUTTON" => is_in_composer(),
            _ => false,
        }
    })
}

/// Returns 128 random bits in hexadecimal. `crypto.randomUUID` is missing on plain http.
pub fn random_op_id() -> String {
    let bytes = Uint8Array::new_with_length(16);
    if let Ok(crypto) = window().crypto() {
        // Can't fail: sixteen bytes are far below the limit of 65,536.
        let _ = crypto.get_random_values_with_array_buffer_view(&bytes);
    }
    let mut op_id = String::with_capacity(32);
    for byte in bytes.to_vec() {
        // Can't fail: it is a string.
        let _ = write!(op_id, "{byte:02x}");
    }
    op_id
}
