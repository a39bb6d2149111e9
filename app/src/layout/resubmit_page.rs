//! The page for an author who submitted a form after the session had expired. No text is lost.

use leptos::{either::EitherOf3, prelude::*};

use super::{Audience, PageLayout};
use crate::escape::escaped;

/// The submitted form, to be submitted again. Its texts are shown, and its other values are hidden.
#[component]
pub fn ResubmitPage(
    /// The path that the form was submitted to.
    action: String,
    /// The names and values of its fields.
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
                        // A line end right after the tag is not part of the value (WHATWG HTML,
                        // 13.1.2.5).
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
        <PageLayout title="Logged out · Ringside" audience=Audience::Guest>
            <div class="form-page">
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
        </PageLayout>
    }
}

/// Returns the label of a field that people type into; `None` for other fields.
fn label_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "source" => "Update",
        "headline" => "Headline",
        "title" => "Title",
        "slug" => "Slug",
        "summary" => "Summary",
        "body" => "Article",
        "time_zone" => "Time zone",
        "language" => "Language",
        _ => return None,
    })
}

/// Returns whether a field has several lines.
fn is_long(name: &str) -> bool {
    matches!(name, "source" | "summary" | "body")
}
