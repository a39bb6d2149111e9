//! Error pages.

use axum::http::StatusCode;
use leptos::{either::Either, prelude::*, tachys::reactive_graph::OwnedView};
use leptos_axum::ResponseOptions;
use newsroom::Error;

use super::{Audience, PageLayout};
use crate::error::status_of;

/// Returns the page, or an error page. Sets the response's status, and logs a server failure.
pub fn page_or_error<V: IntoView>(
    response: &ResponseOptions,
    page: Result<V, Error>,
) -> impl IntoView + use<V> {
    // The result of a future is rendered after the future has ended, when its owner is no longer
    // the current one. Without this, tags for the document's head would be lost.
    OwnedView::new(match page {
        Ok(page) => Either::Left(page),
        Err(error) => {
            let status = status_of(&error);
            response.set_status(status);
            error.log_failure("a page could not be read");
            Either::Right(view! { <ErrorPage status message=error.to_string() /> })
        }
    })
}

/// A page with an error in one sentence, and a link to all live blogs.
#[component]
pub fn ErrorPage(
    /// The response's status.
    status: StatusCode,
    /// The error, in one sentence.
    message: String,
) -> impl IntoView {
    let title = title_of(status);
    view! {
        <PageLayout title=format!("{title} · Ringside") audience=Audience::Guest>
            <div class="note">
                <h1>{title}</h1>
                <p>{message}</p>
                <p>
                    <a class="button" href="/">
                        "See all live blogs"
                    </a>
                </p>
            </div>
        </PageLayout>
    }
}

/// Returns the title of an error page.
pub fn title_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::GONE => "Removed",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::UNAUTHORIZED => "Logged out",
        StatusCode::CONFLICT => "Changed meanwhile",
        _ if status.is_server_error() => "Temporarily unavailable",
        _ => "Invalid request",
    }
}

/// Renders the error page for an unknown path.
#[component]
pub fn NotFound() -> impl IntoView {
    expect_context::<ResponseOptions>().set_status(StatusCode::NOT_FOUND);
    let message = "There is no page at this address. The link may be old or mistyped.".to_owned();
    view! { <ErrorPage status=StatusCode::NOT_FOUND message /> }
}
