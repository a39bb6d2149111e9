//! The HTML document around every page.

use axum::http::StatusCode;
use leptos::{either::EitherOf3, prelude::*};
use leptos_meta::{MetaTags, provide_meta_context};

use super::{Assets, ErrorPage, ResubmitPage};
use crate::App;

/// The content of a document that is not the page at the request's URL.
#[derive(Clone, Debug)]
pub enum BodyOverride {
    /// An error, with its status and a sentence.
    Problem(StatusCode, String),
    /// A form that was sent to this path after the session had expired, with its fields. The author
    /// can submit it again after the login.
    Resubmit(String, Vec<(String, String)>),
}

/// A script that runs before the first paint. It sets classes on the root element: `js` if scripts
/// run, `author` if somebody is logged in (by a cookie that is a hint, and no secret), and
/// `ordering` while the list waits for the order that the reader chose.
pub(super) const HEAD_SCRIPT: &str = r#"(e=>{e.classList.add("js");if(/(^|; )ringside_hint=1/.test(document.cookie))e.classList.add("author");try{if(localStorage.getItem("ringside-order"))e.classList.add("ordering")}catch{}})(document.documentElement)"#;

/// A script right after the list, which runs before the list is painted. It puts the list's chunks,
/// and the updates in each, into the order that the reader chose, unless the address has `?order=`.
pub const ORDER_SCRIPT: &str = r#"(e=>{let l=document.getElementById("live-updates"),o=null;try{o=localStorage.getItem("ringside-order")}catch{}if((o=="oldest"||o=="latest")&&o!=l.dataset.order&&!/[?&]order=/.test(location.search)){for(let s of[...l.children].reverse()){s.append(...[...s.children].reverse());l.append(s)}l.dataset.order=o}e.classList.remove("ordering")})(document.documentElement)"#;

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
                    Some(BodyOverride::Resubmit(action, fields)) => {
                        EitherOf3::C(view! { <ResubmitPage action fields /> })
                    }
                }}
            </body>
        </html>
    }
}
