//! The parts of plain forms: each shows again what was typed, and what is wrong with it.

use domain::Language;
use leptos::prelude::*;
use newsroom::Secret;

use crate::PageRequest;
use crate::escape::escaped;

/// What is wrong with the form that is shown again; nothing if none is.
#[component]
pub fn FormError() -> impl IntoView {
    PageRequest::current().typed.map(|typed| {
        view! {
            <p class="form-error" role="alert" id="form-error">
                {typed.message.clone()}
            </p>
        }
    })
}

/// The hidden operation id of a form, so that a form that is sent twice is done once. A form that is shown
/// again keeps its id.
#[component]
pub fn OperationId() -> impl IntoView {
    let op_id = match PageRequest::current().typed("op_id") {
        id if id.is_empty() => Secret::new_random().reveal().to_owned(),
        id => id,
    };
    view! { <input type="hidden" name="op_id" value=op_id /> }
}

/// Keeps Enter in a field of one line from sending the form: a form is sent so by its first button, and this
/// one can't be pressed.
#[component]
pub fn NoEnter() -> impl IntoView {
    view! { <button type="submit" disabled hidden></button> }
}

/// A field of one line.
#[component]
pub fn Field(
    /// Its name in the form.
    name: &'static str,
    /// What stands above it.
    label: &'static str,
    /// What it holds at first.
    #[prop(into, optional)]
    value: String,
    /// `text`, `password`...
    #[prop(default = "text")]
    kind: &'static str,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What stands below it.
    #[prop(into, optional)]
    hint: String,
    /// The id of a list of suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Whether it must be filled.
    #[prop(default = true)]
    required: bool,
    /// Whether the page begins in it.
    #[prop(optional)]
    autofocus: bool,
    /// The language that is written in it.
    #[prop(optional_no_strip)]
    language: Option<Language>,
) -> impl IntoView {
    let request = PageRequest::current();
    let wrong = is_wrong(&request, name);
    let value = match kind {
        // A password is never sent back.
        "password" => String::new(),
        _ => held(&request, name, value),
    };
    let hint_id = (!hint.is_empty()).then(|| format!("{name}-hint"));
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                value=value
                dir=(kind != "password").then_some("auto")
                lang=language.map(|language| language.to_string())
                autocomplete=autocomplete
                autocapitalize="off"
                list=list
                required=required
                autofocus=autofocus
                aria-invalid=wrong.then_some("true")
                aria-describedby=wrong.then(|| "form-error".to_owned()).or_else(|| hint_id.clone())
            />
            {hint_id.map(|id| view! { <p class="hint" id=id>{hint}</p> })}
        </div>
    }
}

/// A field of many lines.
#[component]
pub fn LongField(
    /// Its name in the form.
    name: &'static str,
    /// What stands above it.
    label: &'static str,
    /// What it holds at first.
    #[prop(into, optional)]
    value: String,
    /// How many lines are seen at first.
    #[prop(default = 3)]
    rows: u8,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// Whether the page begins in it.
    #[prop(optional)]
    autofocus: bool,
    /// The language that is written in it.
    #[prop(optional_no_strip)]
    language: Option<Language>,
) -> impl IntoView {
    let request = PageRequest::current();
    let wrong = is_wrong(&request, name);
    let value = held(&request, name, value);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            // The first line end inside a textarea is not part of it (WHATWG HTML, 13.1.2.5).
            <textarea
                id=name
                name=name
                rows=rows
                dir="auto"
                lang=language.map(|language| language.to_string())
                required=required
                autofocus=autofocus
                aria-invalid=wrong.then_some("true")
                aria-describedby=wrong.then_some("form-error")
            >
                {format!("\n{}", escaped(value))}
            </textarea>
        </div>
    }
}

/// A field that is one of a few words.
#[component]
pub fn Choice(
    /// Its name in the form.
    name: &'static str,
    /// What stands above it.
    label: &'static str,
    /// The words, and what each is called; the first is chosen at first, unless `value` is another.
    options: Vec<(&'static str, &'static str)>,
    /// What is chosen at first.
    #[prop(optional)]
    value: &'static str,
) -> impl IntoView {
    let chosen = held(&PageRequest::current(), name, value.to_owned());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                {options
                    .into_iter()
                    .map(|(word, called)| {
                        view! {
                            <option value=word selected=word == chosen>
                                {called}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </div>
    }
}

/// What a field holds: what was typed into it if the form is shown again, else what it held `at_first`.
fn held(request: &PageRequest, name: &str, at_first: String) -> String {
    match &request.typed {
        Some(typed) => typed.value(name),
        None => at_first,
    }
}

fn is_wrong(request: &PageRequest, name: &str) -> bool {
    request
        .typed
        .as_ref()
        .is_some_and(|typed| typed.field == Some(name))
}
