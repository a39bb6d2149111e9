//! The composer inside the entry's page. It clears only when the server has the update.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the loader of a split function can fail, and has the function's own type"
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
    draft::{DraftPlace, KeptDraft},
    gate_island::Missing,
    ime::Composition,
    post_update,
};
use crate::{AppError, accounts::whoami, browser_clock::now};

/// The field of the headline. Enter in it leads to the text: only Post and Ctrl+Enter publish.
const HEADLINE: &str = "composer-headline";

/// How long "Posted." is shown.
const POSTED_MS: u32 = 4_000;

/// The code of the composer could not be fetched.
#[derive(Debug)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}

/// Fetches this file's code, and puts the composer into `host` if the server agrees that whoever is
/// logged in may post, or says why there is none.
#[leptos::wasm_split::wasm_split(composer, wasm_split_path = ::leptos::wasm_split, fallible)]
pub fn mount_composer(host: HtmlElement, slug: String, entry: String) -> Result<(), NotLoaded> {
    spawn_local(async move {
        match whoami().await {
            Ok(Some(caller)) if caller.role.may_post() => {
                mount_to(host, move || view! { <Composer slug entry caller /> }).forget();
            }
            // A reader with an account has nothing to miss.
            Ok(Some(_)) => {}
            Ok(None) => Missing::Session.say(),
            Err(_) => Missing::Unreachable.say(),
        }
    });
    Ok(())
}

#[derive(Clone, PartialEq)]
enum Status {
    Idle,
    Posting,
    /// What of it readers don't get, as a sentence; empty if they get everything.
    Posted(String),
    /// An answer of the server that the author must act on.
    Refused(AppError),
    /// No answer, or none that says what became of the post.
    Unconfirmed(AppError, Again),
    /// The text was changed after it was sent without an answer.
    ChangedInDoubt,
    /// The text was sent without an answer, before this page was loaded.
    SentBefore,
}

/// Who sends a post again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Composer,
    Author,
}

/// What the composer works on.
#[derive(Clone, Copy)]
struct Composing {
    /// The entry's name in addresses.
    slug: StoredValue<String>,
    /// Where the draft is kept.
    place: StoredValue<DraftPlace>,
    kept: StoredValue<KeptDraft>,
    source: RwSignal<String>,
    headline: RwSignal<String>,
    with_headline: RwSignal<bool>,
    status: RwSignal<Status>,
    /// Whether the browser keeps drafts.
    keeps: RwSignal<bool>,
    /// Whether an attempt is under way.
    sending: StoredValue<bool>,
    /// Sends again later, or hides that it was posted; dropped, it does neither.
    timer: StoredValue<Option<Timeout>, LocalStorage>,
    text_box: NodeRef<html::Textarea>,
}

impl Composing {
    fn new(slug: String, place: DraftPlace) -> Self {
        let kept = KeptDraft::recall(&place);
        let status = if kept.submission.is_in_doubt() {
            Status::SentBefore
        } else {
            Status::Idle
        };
        Self {
            slug: StoredValue::new(slug),
            place: StoredValue::new(place),
            source: RwSignal::new(kept.source.clone()),
            headline: RwSignal::new(kept.headline.clone()),
            with_headline: RwSignal::new(!kept.headline.is_empty()),
            kept: StoredValue::new(kept),
            status: RwSignal::new(status),
            keeps: RwSignal::new(true),
            sending: StoredValue::new(false),
            timer: StoredValue::new_local(None),
            text_box: NodeRef::new(),
        }
    }

    /// Stores what is in the fields now.
    fn keep(self) {
        let mut in_doubt = false;
        self.kept.update_value(|kept| {
            let (source, headline) = (self.source.get_untracked(), self.headline.get_untracked());
            in_doubt = kept.set_text(source, headline);
            self.keeps.set(kept.keep(&self.place.get_value()));
        });
        // Until an attempt that is under way ends, nothing is known of it.
        if self.sending.get_value() {
            return;
        }
        match self.status.get_untracked() {
            Status::Posted(_) => self.status.set(Status::Idle),
            Status::Unconfirmed(..) | Status::SentBefore if in_doubt => {
                // What the author didn't mean any more isn't sent again.
                self.timer.set_value(None);
                self.status.set(Status::ChangedInDoubt);
            }
            _ => {}
        }
    }

    /// Posts what is in the fields, as the author asks.
    fn post(self) {
        if self.source.with_untracked(|text| text.trim().is_empty()) {
            return;
        }
        self.status.set(Status::Posting);
        self.attempt();
    }

    /// Sends what is in the fields, if nothing is being sent.
    fn attempt(self) {
        if self.sending.get_value() {
            return;
        }
        self.sending.set_value(true);
        self.timer.set_value(None);
        let mut draft = self.kept.get_value();
        draft.set_text(self.source.get_untracked(), self.headline.get_untracked());
        let attempt = draft.submission.start(random_name, now());
        draft.keep(&self.place.get_value());
        self.kept.set_value(draft.clone());
        spawn_local(async move {
            let posted = send(self.slug.get_value(), &draft, attempt).await;
            self.sending.set_value(false);
            self.finish(draft, posted);
        });
    }

    /// Acts on what an attempt to post `sent` came to.
    fn finish(self, mut sent: KeptDraft, posted: Result<PostResult, AppError>) {
        let result = match &posted {
            Ok(_) => AttemptResult::Published,
            Err(error) => error.attempt_result(),
        };
        let next = sent.submission.finish(result, now(), Math::random());
        let mut changed = true;
        self.kept.update_value(|kept| {
            changed = !kept.has_text_of(&sent);
            if !changed {
                kept.submission = sent.submission.clone();
                kept.keep(&self.place.get_value());
            }
        });
        match (next, posted) {
            (_, Ok(posted)) => self.clear(&sent, not_shown(&posted.removed)),
            (Next::RetryAt(_) | Next::AskAuthor, Err(_)) if changed => {
                self.status.set(Status::ChangedInDoubt);
            }
            (Next::RetryAt(at), Err(error)) => {
                self.show_unconfirmed(error, Again::Composer);
                let pause = u32::try_from(at.saturating_sub(now())).unwrap_or(u32::MAX);
                // Not within the timer's own call: an attempt drops the timer.
                self.later(pause, move || spawn_local(async move { self.attempt() }));
                // The author may go on, wherever they are.
                return;
            }
            (Next::AskAuthor, Err(error)) => self.show_unconfirmed(error, Again::Author),
            (_, Err(error)) => self.status.set(Status::Refused(error)),
        }
        if is_idle() {
            focus(self.text_box.get_untracked());
        }
    }

    /// Shows what went wrong, once: a screen reader reads it out each time it changes.
    fn show_unconfirmed(self, error: AppError, again: Again) {
        let status = Status::Unconfirmed(error, again);
        if self.status.get_untracked() != status {
            self.status.set(status);
        }
    }

    /// Clears the fields of what is published, and says what of it is `not_shown`. What was typed since is the
    /// next update's beginning.
    fn clear(self, sent: &KeptDraft, not_shown: Option<String>) {
        if self.source.get_untracked() == sent.source {
            self.source.set(String::new());
        }
        if self.headline.get_untracked() == sent.headline {
            self.headline.set(String::new());
            if self.with_headline.get_untracked() {
                // Its field goes, and must not take the focus along.
                focus(self.text_box.get_untracked());
            }
            self.with_headline.set(false);
        }
        self.keep();
        let stays = not_shown.is_some();
        self.status
            .set(Status::Posted(not_shown.unwrap_or_default()));
        // What is not shown is to be read; it stays until the author types.
        if !stays {
            self.later(POSTED_MS, move || {
                if matches!(self.status.get_untracked(), Status::Posted(_)) {
                    self.status.set(Status::Idle);
                }
            });
        }
    }

    /// Does `what` in `pause` milliseconds, instead of what was to be done before.
    fn later(self, pause: u32, what: impl FnOnce() + 'static) {
        self.timer.set_value(Some(Timeout::new(pause, what)));
    }
}

/// Makes one attempt to post `draft`; one that takes too long is aborted.
async fn send(slug: String, draft: &KeptDraft, attempt: Attempt) -> Result<PostResult, AppError> {
    let (source, headline) = (draft.source.clone(), draft.headline.clone());
    let answer = post_update(slug, attempt.op_id, source, headline, attempt.waited_ms);
    let deadline = TimeoutFuture::new(ATTEMPT_DEADLINE_MS);
    match select(pin!(answer), pin!(deadline)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(AppError::Unreachable),
    }
}

#[component]
fn Composer(
    /// The entry's name in addresses; it goes on leading to it.
    slug: String,
    /// The entry's number.
    entry: String,
    /// Who posts.
    caller: Caller,
) -> impl IntoView {
    let composing = Composing::new(slug, DraftPlace::new(caller.id, &entry));
    let Composing {
        slug,
        source,
        headline,
        with_headline,
        status,
        keeps,
        text_box,
        ..
    } = composing;
    let headline_box = NodeRef::<html::Input>::new();
    let typed = move || composing.keep();
    let post = move || composing.post();
    let add_headline = move |_| {
        with_headline.set(true);
        // By then the field is there, and the button that had the focus is gone.
        request_animation_frame(move || focus(headline_box.get_untracked()));
    };
    let composition = Composition::default();
    let composed = composition.clone();
    let on_key = move |event: KeyboardEvent| {
        if event.key() != "Enter" || composition.has_key(&event) {
            return;
        }
        let active = document().active_element();
        if event.ctrl_key() || event.meta_key() {
            event.prevent_default();
            post();
        } else if active.is_some_and(|active| active.id() == HEADLINE) {
            event.prevent_default();
            focus(text_box.get_untracked());
        }
    };
    // What is written has the language of the entry, as the document has; the form's own words are English.
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
            // No button sends the form: what a browser does by itself at Enter publishes nothing.
            on:submit=move |event| event.prevent_default()
            on:keydown=on_key
            on:compositionend=move |_| composed.end()
        >
            <Show when=move || with_headline.get()>
                <div class="field">
                    <label for=HEADLINE>"Headline"</label>
                    <input
                        id=HEADLINE
                        type="text"
                        dir="auto"
                        lang=headline_language.clone()
                        autocomplete="off"
                        node_ref=headline_box
                        prop:value=headline
                        on:input:target=move |event| {
                            headline.set(event.target().value());
                            typed();
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
                        typed();
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
                    Status::Posted(not_shown) if not_shown.is_empty() => "Posted.".to_owned(),
                    Status::Posted(not_shown) => format!("Posted. {not_shown}"),
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
            <Show when=move || !keeps.get()>
                <p class="form-error" role="alert">
                    "This browser does not store drafts. Copy your text before you leave this page."
                </p>
            </Show>
        </form>
    }
}

/// What went wrong, and what to do next; the text stays in any case.
fn message(status: Status) -> Option<impl IntoView> {
    const BY_ITSELF: &str =
        "Your text is kept here and will be sent again automatically. It will not be published twice.";
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
        Status::Unconfirmed(error, Again::Composer) => format!("{error} {BY_ITSELF}"),
        Status::Unconfirmed(error, Again::Author) => format!("{error} {BY_AUTHOR}"),
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

/// Takes the author to a field, if it is there.
fn focus(field: Option<impl AsRef<HtmlElement>>) {
    if let Some(field) = field {
        // It is in the page, and can take the focus.
        let _ = field.as_ref().focus();
    }
}

/// Whether the focus is on nothing, or on one of the composer's buttons. Whoever is elsewhere by now, in a field
/// or not, stays there.
fn is_idle() -> bool {
    document().active_element().is_none_or(|active| {
        let of_composer = || active.closest(".composer").is_ok_and(|form| form.is_some());
        match active.tag_name().as_str() {
            "BODY" => true,
            "BUTTON" => of_composer(),
            _ => false,
        }
    })
}

/// 128 random bits. `crypto.randomUUID` would be shorter, but is missing on plain http.
fn random_name() -> String {
    let bytes = Uint8Array::new_with_length(16);
    if let Ok(crypto) = window().crypto() {
        // Sixteen bytes are far below its limit.
        let _ = crypto.get_random_values_with_array_buffer_view(&bytes);
    }
    let mut name = String::with_capacity(32);
    for byte in bytes.to_vec() {
        // Writing to a String can't fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}
