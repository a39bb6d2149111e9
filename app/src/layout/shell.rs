//! The document around every page.

use axum::http::StatusCode;
use leptos::{either::Either, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};

use super::{Assets, ErrorNote};
use crate::App;

/// Before anything is painted: marks that scripts run, that somebody is logged in here (a hint, and
/// no secret), and that the list waits for its remembered order.
pub(super) const HEAD_SCRIPT: &str = r#"(e=>{e.classList.add("js");if(/(^|; )ringside_hint=1/.test(document.cookie))e.classList.add("author");try{if(localStorage.getItem("ringside-order"))e.classList.add("ordering")}catch{}})(document.documentElement)"#;

/// Right behind the list, still before it is painted: puts it in the order that was remembered,
/// unless the address names one.
pub const ORDER_SCRIPT: &str = r#"(e=>{let l=document.getElementById("live-updates"),o=null;try{o=localStorage.getItem("ringside-order")}catch{}if((o=="oldest"||o=="latest")&&o!=l.dataset.order&&!/[?&]order=/.test(location.search)){l.append(...[...l.children].reverse());l.dataset.order=o}e.classList.remove("ordering")})(document.documentElement)"#;

/// The document: the page at the request's address, or why there is none.
#[component]
pub fn Shell(
    /// The files of this build.
    assets: Assets,
    /// Why there is no page: a status, and a sentence.
    #[prop(optional_no_strip)]
    problem: Option<(StatusCode, String)>,
) -> impl IntoView {
    let stylesheet = assets.stylesheet();
    provide_context(assets);
    provide_meta_context();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta
                    name="viewport"
                    content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
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
                {match problem {
                    Some((status, message)) => Either::Left(view! { <ErrorNote status message /> }),
                    None => Either::Right(view! { <App /> }),
                }}
            </body>
        </html>
    }
}
