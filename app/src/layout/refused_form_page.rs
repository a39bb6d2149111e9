//! The page for an author whose form was refused, when the form's own page can't be shown: the
//! session has expired, the update was removed, the database is away, and others. No text is lost.

use axum::http::StatusCode;
use domain::Slug;
use leptos::{
    either::{Either, EitherOf3},
    prelude::*,
};
use newsroom::Secret;

use super::{Audience, PageLayout, error_page::title_of};
use crate::escape::escaped;

/// A form that was refused, and what its sender can do.
#[derive(Clone, Debug)]
pub struct RefusedForm {
    /// The response's status.
    pub status: StatusCode,
    /// Why it was refused, in one sentence.
    pub message: String,
    /// The path that it was sent to.
    pub path: String,
    /// The names and values of its fields.
    pub fields: Vec<(String, String)>,
    /// Whether only the beginning of its texts was received.
    pub is_cut: bool,
    /// What its sender can do.
    pub next: NextStep,
}

/// What the sender of a refused form can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// Log in in another tab, and send the form again.
    LogIn,
    /// Send the form again.
    SendAgain,
    /// Post the text to this live blog as a new update.
    PostTo(Slug),
    /// Copy the texts.
    Copy,
}

impl RefusedForm {
    /// Returns whether somebody wrote one of the values.
    pub fn has_text(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| is_text(name) && !value.trim().is_empty())
    }

    /// Returns what happened, and what to do.
    fn message(&self) -> String {
        let message = match self.next {
            NextStep::LogIn => "Your session has expired.",
            _ => &self.message,
        };
        let is_kept = match (self.has_text(), self.is_cut) {
            (false, _) => "",
            (true, false) => " Your text is kept here.",
            (true, true) => {
                " Only the beginning of your text was received, and is kept here. Go back for the rest."
            }
        };
        let to_do = match self.next {
            NextStep::LogIn => " Log in in another tab, then send it again.",
            NextStep::PostTo(_) => " Copy it, or post it as a new update.",
            NextStep::Copy => " Copy it.",
            NextStep::SendAgain => "",
        };
        format!("{message}{is_kept}{to_do}")
    }
}

/// The fields of a refused form. Its texts are shown, and its other values are hidden.
#[component]
pub fn RefusedFormPage(form: RefusedForm) -> impl IntoView {
    let title = title_of(form.status);
    let message = form.message();
    let log_in = (form.next == NextStep::LogIn).then(|| {
        view! {
            <p>
                <a class="button" href="/login" target="_blank">
                    "Log in in another tab"
                </a>
            </p>
        }
    });
    let (action, label) = match &form.next {
        NextStep::LogIn | NextStep::SendAgain => (Some(form.path), "Send again"),
        NextStep::PostTo(slug) => (
            Some(format!("/entries/{slug}/compose")),
            "Post as new update",
        ),
        NextStep::Copy => (None, ""),
    };
    let is_new = matches!(form.next, NextStep::PostTo(_));
    let mut values = form.fields;
    // The new update is another operation, without a base.
    values.retain(|(name, _)| !is_new || matches!(&**name, "source" | "headline"));
    if !values.iter().any(|(name, _)| name == "op_id") {
        let op_id = Secret::new_random().reveal().to_owned();
        values.push(("op_id".to_owned(), op_id));
    }
    let fields = values
        .into_iter()
        .enumerate()
        .map(|(number, (name, value))| view! { <Field number name value /> })
        .collect_view();
    view! {
        <PageLayout title=format!("{title} · Ringside") audience=Audience::Guest>
            <div class="form-page">
                <h1>{title}</h1>
                <p class="form-error" role="alert">
                    {message}
                </p>
                {log_in}
                {match action {
                    Some(action) => {
                        Either::Left(
                            view! {
                                <form method="post" action=action>
                                    {fields} <button class="button primary" type="submit">
                                        {label}
                                    </button>
                                </form>
                            },
                        )
                    }
                    None => Either::Right(view! { <div>{fields}</div> }),
                }}
            </div>
        </PageLayout>
    }
}

/// A field of the form: editable if people type into it, else hidden.
#[component]
fn Field(number: usize, name: String, value: String) -> impl IntoView {
    let Some((label, is_long)) = label_of(&name) else {
        return EitherOf3::A(view! { <input type="hidden" name=name value=value /> });
    };
    let id = format!("field-{number}");
    if is_long {
        EitherOf3::B(view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                // A line end right after the tag is not part of the value (WHATWG HTML, 13.1.2.5).
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
}

/// Returns the label of a field that people type into, and whether it has several lines; `None` for
/// other fields.
fn label_of(name: &str) -> Option<(&'static str, bool)> {
    Some(match name {
        "source" => ("Update", true),
        "headline" => ("Headline", false),
        "title" => ("Title", false),
        "slug" => ("Slug", false),
        "summary" => ("Summary", true),
        "body" => ("Article", true),
        "time_zone" => ("Time zone", false),
        "language" => ("Language", false),
        "from" | "name" => ("Name", false),
        "text" => ("Message", true),
        "reason" => ("Reason", false),
        "words" => ("Filtered words", true),
        _ => return None,
    })
}

/// Returns whether a field contains what an author wrote, rather than a setting.
fn is_text(name: &str) -> bool {
    matches!(
        name,
        "source" | "headline" | "title" | "summary" | "body" | "text" | "reason" | "words"
    )
}
