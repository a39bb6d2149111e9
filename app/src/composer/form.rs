//! The composer inside the entry's page. It clears only when the server has the update.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the loader of a split function can fail, and has the function's own type"
)]

use std::fmt::Write as _;

use gloo_timers::callback::Timeout;
use js_sys::Uint8Array;
use leptos::{
    either::EitherOf3,
    html,
    mount::mount_to,
    prelude::*,
    reactive::spawn_local,
    wasm_split::SplitLoaderError,
    web_sys::{HtmlElement, KeyboardEvent},
};

use super::{draft::KeptDraft, gate_island::Missing, post_update};
use crate::{AppError, accounts::whoami, browser_clock::now};

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
            Ok(Some(viewer)) if viewer.role.may_post() => {
                let author = viewer.username.to_string();
                mount_to(host, move || view! { <Composer slug entry author /> }).forget();
            }
            // A reader with an account has nothing to miss.
            Ok(Some(_)) => {}
            Ok(None) => Missing::LoggedOut.say(),
            Err(_) => Missing::Unreachable.say(),
        }
    });
    Ok(())
}

#[derive(Clone, PartialEq)]
enum Status {
    Idle,
    Posting,
    Posted,
    Failed(AppError),
}

#[component]
fn Composer(
    /// The entry's name in addresses; it goes on leading to it.
    slug: String,
    /// The entry's number.
    entry: String,
    author: String,
) -> impl IntoView {
    let kept = StoredValue::new(KeptDraft::recall(&entry));
    let source = RwSignal::new(kept.with_value(|kept| kept.source.clone()));
    let headline = RwSignal::new(kept.with_value(|kept| kept.headline.clone()));
    let with_headline = RwSignal::new(!headline.get_untracked().is_empty());
    let status = RwSignal::new(Status::Idle);
    // Ends what was said of the last post.
    let said = StoredValue::new_local(None::<Timeout>);
    let (keeps, set_keeps) = signal(true);
    let text_box = NodeRef::<html::Textarea>::new();
    let headline_box = NodeRef::<html::Input>::new();
    let slug = StoredValue::new(slug);
    let entry = StoredValue::new(entry);

    let typed = move || {
        kept.update_value(|kept| {
            kept.typed(source.get_untracked(), headline.get_untracked());
            set_keeps.set(kept.keep(&entry.get_value()));
        });
        if matches!(status.get_untracked(), Status::Posted) {
            status.set(Status::Idle);
        }
    };
    let post = move || {
        let nothing = source.with_untracked(|text| text.trim().is_empty());
        if nothing || status.get_untracked() == Status::Posting {
            return;
        }
        status.set(Status::Posting);
        let mut draft = kept.get_value();
        draft.typed(source.get_untracked(), headline.get_untracked());
        let op_id = draft.sent_as.get_or_insert_with(random_name).clone();
        let sent_at = *draft.sent_at.get_or_insert_with(now);
        draft.keep(&entry.get_value());
        kept.set_value(draft.clone());
        spawn_local(async move {
            let waited = now().saturating_sub(sent_at);
            let sent = draft.clone();
            let posted = post_update(
                slug.get_value(),
                op_id,
                draft.source,
                draft.headline,
                waited,
            );
            match posted.await {
                Ok(_) => {
                    // What was typed while it was on its way is the next update's beginning.
                    if source.get_untracked() == sent.source {
                        source.set(String::new());
                    }
                    if headline.get_untracked() == sent.headline {
                        headline.set(String::new());
                        if with_headline.get_untracked() {
                            // Its field goes, and must not take the focus along.
                            focus(text_box.get_untracked());
                        }
                        with_headline.set(false);
                    }
                    typed();
                    status.set(Status::Posted);
                    // The timer of the post before ends with this.
                    said.set_value(Some(Timeout::new(POSTED_MS, move || {
                        if status.get_untracked() == Status::Posted {
                            status.set(Status::Idle);
                        }
                    })));
                }
                Err(error) => {
                    if matches!(error, AppError::Refused(_)) {
                        // Nothing was published under its name; sent again, it is posted then.
                        kept.update_value(|kept| {
                            kept.forget_sending();
                            kept.keep(&entry.get_value());
                        });
                    }
                    status.set(Status::Failed(error));
                }
            }
            if is_idle() {
                focus(text_box.get_untracked());
            }
        });
    };
    let add_headline = move |_| {
        with_headline.set(true);
        // By then the field is there, and the button that had the focus is gone.
        request_animation_frame(move || focus(headline_box.get_untracked()));
    };
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            post();
        }
    };
    view! {
        <form
            class="composer"
            aria-label="Post an update"
            on:submit=move |event| {
                event.prevent_default();
                post();
            }
            on:keydown=on_key
        >
            <Show when=move || with_headline.get()>
                <div class="field">
                    <label for="composer-headline">"Headline"</label>
                    <input
                        id="composer-headline"
                        type="text"
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
                    type="submit"
                    title="Ctrl+Enter or ⌘+Enter"
                    aria-disabled=move || (status.get() == Status::Posting).then_some("true")
                >
                    "Post"
                </button>
                <Show when=move || !with_headline.get()>
                    <button class="link" type="button" on:click=add_headline>
                        "Add a headline"
                    </button>
                </Show>
                <p class="composer-hint">
                    {format!("As {author}. Markdown works; Ctrl+Enter posts. ")}
                    <a href=format!("/desk/entries/{}", slug.get_value())>"Edit or end it"</a>
                </p>
            </div>
            <p class="composer-status" role="status">
                {move || match status.get() {
                    Status::Posting => "Posting…",
                    Status::Posted => "Posted.",
                    Status::Idle | Status::Failed(_) => "",
                }}
            </p>
            <p class="complaint" role="alert" hidden=move || !matches!(status.get(), Status::Failed(_))>
                {move || match status.get() {
                    Status::Failed(error) => Some(complaint(error)),
                    _ => None,
                }}
            </p>
            <Show when=move || !keeps.get()>
                <p class="complaint" role="alert">
                    "This browser keeps nothing between visits: copy your text before you leave."
                </p>
            </Show>
        </form>
    }
}

/// What went wrong, and what to do next; the text stays in any case.
fn complaint(error: AppError) -> impl IntoView {
    match error {
        AppError::LoggedOut(_) => EitherOf3::A(view! {
            "Your session has expired. Your text is kept here. "
            <a href="/login" target="_blank">
                "Log in in another tab"
            </a>
            ", then press Post again."
        }),
        AppError::Unreachable => EitherOf3::B(
            "The server can't be reached. Your text is kept here; press Post to try again.",
        ),
        AppError::Refused(sentence) | AppError::Unavailable(sentence) => EitherOf3::C(sentence),
    }
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
