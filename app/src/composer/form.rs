//! The composer in an entry's page. It is cleared only after the server has published the update.

#![expect(
    clippy::unnecessary_wraps,
    reason = "loading a split function can fail, so the function returns a `Result`"
)]

use domain::Caller;
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
    draft::DraftKey,
    ime::Composition,
    load_error::LoadError,
    state::{ComposerState, RetryBy, Status, focus},
};
use crate::{AppError, accounts::whoami};

/// The id of the headline's field. Enter in it moves the focus to the text: only Post and
/// Ctrl+Enter publish.
const HEADLINE_ID: &str = "composer-headline";

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
