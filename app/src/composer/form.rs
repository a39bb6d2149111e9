//! The composer in an entry's page. It is cleared only after the server has published the update.

#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a split function can fail, so the function returns a `Result`"
)]

use std::{fmt::Write as _, pin::pin};

use domain::{ATTEMPT_DEADLINE_MS, Attempt, AttemptResult, Caller, Next, PostResult, not_shown};
use futures::future::{Either, select};
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use js_sys::{Math, Uint8Array};
use leptos::{
    either::EitherOf3,
    html,
    mount::mount_to,
    prelude::*,
    reactive::spawn_local,
    wasm_split::SplitLoaderError,
    web_sys::{HtmlElement, KeyboardEvent},
};

use super::{
    draft::{DraftKey, LocalDraft},
    ime::Composition,
    loader_island::LoadError,
    post_update,
};
use crate::{AppError, accounts::whoami, browser_clock::now};

/// The id of the headline's field. Enter in it moves the focus to the text: only Post and
/// Ctrl+Enter publish.
const HEADLINE_ID: &str = "composer-headline";

/// The time for which "Posted." is shown, in milliseconds.
const POSTED_MS: u32 = 4_000;

/// The composer's code could not be fetched.
#[derive(Debug)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// Fetches the code of this file, and mounts the composer in `host` if the caller may post. Shows
/// an error message if there is no session, or if the server can't be reached.
#[leptos::wasm_split::wasm_split(composer, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn mount_composer(host: HtmlElement, slug: String, entry: String) -> Result<(), NotLoaded> {
    spawn_local(async move {
        match whoami().await {
            Ok(Some(caller)) if caller.role.may_post() => {
                mount_to(host, move || view! { <Composer slug entry caller /> }).forget();
            }
            // An account that may not post gets no composer, and no message.
            Ok(Some(_)) => {}
            Ok(None) => LoadError::SessionExpired.show(),
            Err(_) => LoadError::Unreachable.show(),
        }
    });
    Ok(())
}

#[derive(Clone, PartialEq)]
enum Status {
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
enum RetryBy {
    /// The composer, automatically.
    Composer,
    /// The author, by pressing Post.
    Author,
}

/// The composer's state.
#[derive(Clone, Copy)]
struct ComposerState {
    /// The entry's slug.
    slug: StoredValue<String>,
    /// The draft's storage key.
    key: StoredValue<DraftKey>,
    draft: StoredValue<LocalDraft>,
    source: RwSignal<String>,
    headline: RwSignal<String>,
    with_headline: RwSignal<bool>,
    status: RwSignal<Status>,
    /// Whether the browser stores drafts.
    can_store: RwSignal<bool>,
    /// Whether an attempt is in flight.
    sending: StoredValue<bool>,
    /// The timer of the next attempt, or of hiding "Posted.". Dropping it cancels it.
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    text_box: NodeRef<html::Textarea>,
}

impl ComposerState {
    fn new(slug: String, key: DraftKey) -> Self {
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
    fn store(self) {
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
    fn post(self) {
        if self.source.with_untracked(|text| text.trim().is_empty()) {
            return;
        }
        self.status.set(Status::Posting);
        self.attempt();
    }

    /// Makes an attempt to post the fields' values, unless one is in flight.
    fn attempt(self) {
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
    fn finish(self, mut sent: LocalDraft, response: Result<PostResult, AppError>) {
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
    fn show_unconfirmed(self, error: AppError, retry_by: RetryBy) {
        let status = Status::Unconfirmed(error, retry_by);
        if self.status.get_untracked() != status {
            self.status.set(status);
        }
    }

    /// Clears the fields of the published update, and shows a sentence about removed content if
    /// there is one. Text typed since then is kept: it belongs to the next update.
    fn clear(self, sent: &LocalDraft, removed: Option<String>) {
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
    fn schedule(self, delay_ms: u32, callback: impl FnOnce() + 'static) {
        self.timer.set_value(Some(Timeout::new(delay_ms, callback)));
    }
}

/// Makes one attempt to post `draft`, with a deadline.
async fn send(slug: String, draft: &LocalDraft, attempt: Attempt) -> Result<PostResult, AppError> {
    let (source, headline) = (draft.source.clone(), draft.headline.clone());
    let response = post_update(slug, attempt.op_id, source, headline, attempt.waited_ms);
    let deadline = TimeoutFuture::new(ATTEMPT_DEADLINE_MS);
    match select(pin!(response), pin!(deadline)).await {
        Either::Left((response, _)) => response,
        Either::Right(_) => Err(AppError::Unreachable),
    }
}

#[component]
fn Composer(
    /// The entry's slug. If the slug changes, the old one still works.
    slug: String,
    /// The entry's number.
    entry: String,
    /// The author.
    caller: Caller,
) -> impl IntoView {
    let state = ComposerState::new(slug, DraftKey::new(caller.id, &entry));
    let ComposerState {
        slug,
        source,
        headline,
        with_headline,
        status,
        can_store,
        text_box,
        ..
    } = state;
    let headline_box = NodeRef::<html::Input>::new();
    let on_input = move || state.store();
    let post = move || state.post();
    let add_headline = move |_| {
        with_headline.set(true);
        // In the next frame the field exists, and the button that had the focus is gone.
        request_animation_frame(move || focus(headline_box.get_untracked()));
    };
    let composition = Composition::default();
    let ended_composition = composition.clone();
    let on_key = move |event: KeyboardEvent| {
        if event.key() != "Enter" || composition.handles(&event) {
            return;
        }
        let active = document().active_element();
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            post();
        } else if active.is_some_and(|active| active.id() == HEADLINE_ID) {
            event.prevent_default();
            focus(text_box.get_untracked());
        }
    };
    // Texts are in the entry's language, which is the document's; the form's own words are English.
    let language = document()
        .document_element()
        .and_then(|root| root.get_attribute("lang"));
    let headline_language = language.clone();
    view! {
        <form
            class="composer"
            aria-label="Post an update"
            lang="en"
            dir="ltr"
            // No button submits the form, so that the browser's handling of Enter publishes
            // nothing.
            on:submit=move |event| event.prevent_default()
            on:keydown=on_key
            on:compositionend=move |_| ended_composition.end()
        >
            <Show when=move || with_headline.get()>
                <div class="field">
                    <label for=HEADLINE_ID>"Headline"</label>
                    <input
                        id=HEADLINE_ID
                        type="text"
                        dir="auto"
                        lang=headline_language.clone()
                        autocomplete="off"
                        node_ref=headline_box
                        prop:value=headline
                        on:input:target=move |event| {
                            headline.set(event.target().value());
                            on_input();
                        }
                    />
                </div>
            </Show>
            <div class="field">
                <label for="composer-text">"Update"</label>
                <textarea
                    id="composer-text"
                    rows="3"
                    dir="auto"
                    lang=language
                    placeholder="What is happening?"
                    node_ref=text_box
                    prop:value=source
                    on:input:target=move |event| {
                        source.set(event.target().value());
                        on_input();
                    }
                ></textarea>
            </div>
            <div class="composer-actions">
                <button
                    class="button primary"
                    type="button"
                    on:click=move |_| post()
                    title="Ctrl+Enter or ⌘+Enter"
                    aria-disabled=move || (status.get() == Status::Posting).then_some("true")
                >
                    "Post"
                </button>
                <Show when=move || !with_headline.get()>
                    <button class="link" type="button" on:click=add_headline>
                        "Add headline"
                    </button>
                </Show>
                <p class="composer-hint">
                    "Posting as " <bdi>{caller.username.to_string()}</bdi> ". Markdown is supported. Ctrl+Enter posts. "
                    <a href=format!("/desk/entries/{}", slug.get_value())>"Edit or end live blog"</a>
                </p>
            </div>
            <p class="composer-status" role="status">
                {move || match status.get() {
                    Status::Posting => "Posting…".to_owned(),
                    Status::Posted(removed) if removed.is_empty() => "Posted.".to_owned(),
                    Status::Posted(removed) => format!("Posted. {removed}"),
                    _ => String::new(),
                }}
            </p>
            <p
                class="form-error"
                role="alert"
                hidden=move || matches!(status.get(), Status::Idle | Status::Posting | Status::Posted(_))
            >
                {move || message(status.get())}
            </p>
            <Show when=move || !can_store.get()>
                <p class="form-error" role="alert">
                    "This browser does not store drafts. Copy your text before you leave this page."
                </p>
            </Show>
        </form>
    }
}

/// Returns the error message: what happened, and what to do. The text is kept in any case.
fn message(status: Status) -> Option<impl IntoView> {
    const BY_COMPOSER: &str = "Your text is kept here and will be sent again automatically. It will not be published twice.";
    const BY_AUTHOR: &str =
        "Your text is kept here. Press Post to send it again. It will not be published twice.";
    let sentence = match status {
        Status::Idle | Status::Posting | Status::Posted(_) => return None,
        Status::Refused(AppError::Unauthenticated(_)) => {
            return Some(EitherOf3::A(view! {
                "Your session has expired. Your text is kept here. "
                <a href="/login" target="_blank">
                    "Log in in another tab"
                </a>
                ", then press Post again."
            }));
        }
        Status::Refused(error) => return Some(EitherOf3::B(error.to_string())),
        Status::Unconfirmed(error, RetryBy::Composer) => format!("{error} {BY_COMPOSER}"),
        Status::Unconfirmed(error, RetryBy::Author) => format!("{error} {BY_AUTHOR}"),
        Status::SentBefore => {
            format!("This text was sent before, but no response arrived. {BY_AUTHOR}")
        }
        Status::ChangedInDoubt => {
            "You changed the text after it was sent, and no response arrived. The earlier text may be \
             published. Check the live blog before you post."
                .to_owned()
        }
    };
    Some(EitherOf3::C(sentence))
}

/// Moves the focus to a field, if it exists.
fn focus(field: Option<impl AsRef<HtmlElement>>) {
    if let Some(field) = field {
        // Can't fail: the field is in the page.
        let _ = field.as_ref().focus();
    }
}

/// Returns whether the focus is on nothing, or on one of the composer's buttons. Otherwise the
/// author is doing something else, and keeps the focus.
fn may_take_focus() -> bool {
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
fn random_op_id() -> String {
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
