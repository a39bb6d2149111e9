//! The page for whoever sent a form after their session had expired: nothing that was typed is lost.

use leptos::{either::EitherOf3, prelude::*};

use super::{Frame, Place};
use crate::escape::escaped;

/// The form that was sent, to be sent again: its texts to be seen and copied, the rest as it was.
#[component]
pub fn ResubmitPage(
    /// Where it was sent.
    action: String,
    /// Its fields, as they were typed.
    fields: Vec<(String, String)>,
) -> impl IntoView {
    let fields = fields
        .into_iter()
        .enumerate()
        .map(|(number, (name, value))| {
            let Some(label) = label_of(&name) else {
                return EitherOf3::A(view! { <input type="hidden" name=name value=value /> });
            };
            let id = format!("field-{number}");
            if is_long(&name) {
                EitherOf3::B(view! {
                    <div class="field">
                        <label for=id.clone()>{label}</label>
                        // The first line end inside a textarea is not part of it (WHATWG HTML, 13.1.2.5).
                        <textarea id=id name=name rows="8" dir="auto">
                            {format!("\n{}", escaped(value))}
                        </textarea>
                    </div>
                })
            } else {
                EitherOf3::C(view! {
                    <div class="field">
                        <label for=id.clone()>{label}</label>
                        <input id=id name=name type="text" dir="auto" value=value autocomplete="off" />
                    </div>
                })
            }
        });
    view! {
        <Frame title="Logged out · Ringside" place=Place::Door>
            <div class="door">
                <h1>"Logged out"</h1>
                <p class="form-error" role="alert">
                    "Your session has expired. Your text is kept here. Log in in another tab, then send it again."
                </p>
                <p>
                    <a class="button" href="/login" target="_blank">
                        "Log in in another tab"
                    </a>
                </p>
                <form method="post" action=action>
                    {fields.collect_view()} <button class="button primary" type="submit">
                        "Send again"
                    </button>
                </form>
            </div>
        </Frame>
    }
}

/// What stands above a field that people type into; nothing if a page chose what it holds.
fn label_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "source" => "Update",
        "headline" => "Headline",
        "title" => "Title",
        "slug" => "Slug",
        "summary" => "Summary",
        "time_zone" => "Time zone",
        "language" => "Language",
        _ => return None,
    })
}

/// Whether a field takes more than a line.
fn is_long(name: &str) -> bool {
    matches!(name, "source" | "summary")
}
