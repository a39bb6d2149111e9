//! The HTML document around every page.

use axum::http::StatusCode;
use leptos::{either::EitherOf3, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};

use super::{
    assets::Assets,
    error_page::ErrorPage,
    refused_form_page::{RefusedForm, RefusedFormPage},
    scripts::HEAD_SCRIPT,
};
use crate::routes::App;

/// The content of a document that is not the page at the request's URL.
#[derive(Clone, Debug)]
pub enum BodyOverride {
    /// An error, with its status and a sentence.
    Problem(StatusCode, String),
    /// A form that was refused, with its fields.
    RefusedForm(RefusedForm),
}

/// Renders the document: the page at the request's URL, or the content that replaces it.
#[component]
pub fn Shell(
    /// The build's files.
    assets: Assets,
    /// The content that replaces the page.
    #[prop(optional_no_strip)]
    body_override: Option<BodyOverride>,
) -> impl IntoView {
    let stylesheet = assets.stylesheet();
    provide_context(assets);
    provide_meta_context();
    view! {
        <!DOCTYPE html>
        <html>
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
                />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" content="#fffdf9" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#161513" media="(prefers-color-scheme: dark)" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
                <script inner_html=HEAD_SCRIPT></script>
                <MetaTags />
            </head>
            <body>
                {match body_override {
                    None => EitherOf3::A(view! { <App /> }),
                    Some(BodyOverride::Problem(status, message)) => {
                        EitherOf3::B(view! { <ErrorPage status message /> })
                    }
                    Some(BodyOverride::RefusedForm(form)) => {
                        EitherOf3::C(view! { <RefusedFormPage form /> })
                    }
                }}
            </body>
        </html>
    }
}
