//! Pages that say why there is no page.

use axum::http::StatusCode;
use leptos::{either::Either, prelude::*, tachys::reactive_graph::OwnedView};
use leptos_axum::ResponseOptions;
use newsroom::Error;

use super::{Frame, Place};
use crate::request::status_of;

/// The page, or the page that says why there is none.
pub fn or_error<V: IntoView>(
    response: &ResponseOptions,
    page: Result<V, Error>,
) -> impl IntoView + use<V> {
    // What a future gave is rendered after it, when its owner isn't the current one any more: without
    // this the tags for the document's head would not find their way there.
    OwnedView::new(match page {
        Ok(page) => Either::Left(page),
        Err(error) => {
            let status = status_of(&error);
            response.set_status(status);
            error.log_failure("a page could not be read");
            Either::Right(view! { <ErrorNote status message=error.to_string() /> })
        }
    })
}

/// Says in one sentence what is wrong, and where to go from here.
#[component]
pub fn ErrorNote(
    /// What went wrong, in HTTP's terms.
    status: StatusCode,
    /// What went wrong, in one sentence.
    message: String,
) -> impl IntoView {
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::GONE => "Removed",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::UNAUTHORIZED => "Logged out",
        _ if status.is_server_error() => "Temporarily unavailable",
        _ => "Invalid request",
    };
    view! {
        <Frame title=format!("{title} · Ringside") place=Place::Door>
            <div class="note">
                <h1>{title}</h1>
                <p>{message}</p>
                <p>
                    <a class="button" href="/">
                        "See all live blogs"
                    </a>
                </p>
            </div>
        </Frame>
    }
}

/// Nothing stands at this address.
#[component]
pub fn NotFound() -> impl IntoView {
    expect_context::<ResponseOptions>().set_status(StatusCode::NOT_FOUND);
    let message = "Nothing was found at this address. The link may be old or mistyped.".to_owned();
    view! { <ErrorNote status=StatusCode::NOT_FOUND message /> }
}
