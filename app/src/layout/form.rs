//! The parts of plain forms. After a rejected submission, each shows the submitted value again.

use domain::Language;
use leptos::prelude::*;
use newsroom::Secret;

use crate::PageRequest;
use crate::escape::escaped;

/// The error of a form that is shown again; nothing if no form is, or if it has no error.
#[component]
pub fn FormError() -> impl IntoView {
    let form = PageRequest::current().submitted;
    form.filter(|form| !form.message.is_empty()).map(|form| {
        view! {
            <p class="form-error" role="alert" id="form-error">
                {form.message.clone()}
            </p>
        }
    })
}

/// The hidden operation id of a form, so that a form submitted twice is processed once. A form that
/// is shown again keeps its id.
#[component]
pub fn OperationIdField() -> impl IntoView {
    let op_id = match PageRequest::current().submitted_value("op_id") {
        id if id.is_empty() => Secret::new_random().reveal().to_owned(),
        id => id,
    };
    view! { <input type="hidden" name="op_id" value=op_id /> }
}

/// A hidden field. A form that is shown again keeps the submitted value, unless a conflict replaced
/// it.
#[component]
pub fn HiddenField(
    /// The field's name in the form.
    name: &'static str,
    /// The initial value.
    value: String,
) -> impl IntoView {
    let value = field_value(&PageRequest::current(), name, value);
    view! { <input type="hidden" name=name value=value /> }
}

/// Prevents Enter in a text field from submitting the form. Enter activates the form's first submit
/// button, and this one is disabled.
#[component]
pub fn DisabledDefaultButton() -> impl IntoView {
    view! { <button type="submit" disabled hidden></button> }
}

/// A text field of one line.
#[component]
pub fn TextField(
    /// The field's name in the form.
    name: &'static str,
    /// The label above the field.
    label: &'static str,
    /// The initial value.
    #[prop(into, optional)]
    value: String,
    /// The `type` of the input, such as `text` or `password`.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` of the input.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// A hint below the field.
    #[prop(into, optional)]
    hint: String,
    /// The id of a `<datalist>` with suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Whether the field is required.
    #[prop(default = true)]
    required: bool,
    /// Whether the field has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// The language of the field's text.
    #[prop(optional_no_strip)]
    language: Option<Language>,
) -> impl IntoView {
    let request = PageRequest::current();
    let invalid = is_invalid(&request, name);
    let value = match kind {
        // A password is never sent back.
        "password" => String::new(),
        _ => field_value(&request, name, value),
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
                aria-invalid=invalid.then_some("true")
                aria-describedby=invalid.then(|| "form-error".to_owned()).or_else(|| hint_id.clone())
            />
            {hint_id.map(|id| view! { <p class="hint" id=id>{hint}</p> })}
        </div>
    }
}

/// A text field of several lines.
#[component]
pub fn TextArea(
    /// The field's name in the form.
    name: &'static str,
    /// The label above the field.
    label: &'static str,
    /// The initial value.
    #[prop(into, optional)]
    value: String,
    /// The initial height, in lines.
    #[prop(default = 3)]
    rows: u8,
    /// Whether the field is required.
    #[prop(optional)]
    required: bool,
    /// Whether the field has the focus when the page opens.
    #[prop(optional)]
    autofocus: bool,
    /// The language of the field's text.
    #[prop(optional_no_strip)]
    language: Option<Language>,
) -> impl IntoView {
    let request = PageRequest::current();
    let invalid = is_invalid(&request, name);
    let value = field_value(&request, name, value);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            // A line end right after the tag is not part of the value (WHATWG HTML, 13.1.2.5).
            <textarea
                id=name
                name=name
                rows=rows
                dir="auto"
                lang=language.map(|language| language.to_string())
                required=required
                autofocus=autofocus
                aria-invalid=invalid.then_some("true")
                aria-describedby=invalid.then_some("form-error")
            >
                {format!("\n{}", escaped(value))}
            </textarea>
        </div>
    }
}

/// A choice between a few values.
#[component]
pub fn SelectField(
    /// The field's name in the form.
    name: &'static str,
    /// The label above the field.
    label: &'static str,
    /// The values and their labels. The first is selected, unless `value` is another.
    options: Vec<(&'static str, &'static str)>,
    /// The value that is selected initially.
    #[prop(optional)]
    value: &'static str,
) -> impl IntoView {
    let selected = field_value(&PageRequest::current(), name, value.to_owned());
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                {options
                    .into_iter()
                    .map(|(value, label)| {
                        view! {
                            <option value=value selected=value == selected>
                                {label}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </div>
    }
}

/// Returns the submitted value of a field if the form is shown again, otherwise `initial`.
fn field_value(request: &PageRequest, name: &str, initial: String) -> String {
    match &request.submitted {
        Some(form) => form.value(name),
        None => initial,
    }
}

fn is_invalid(request: &PageRequest, name: &str) -> bool {
    request
        .submitted
        .as_ref()
        .is_some_and(|form| form.field == Some(name))
}
