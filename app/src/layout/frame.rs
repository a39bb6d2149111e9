//! The frame around a page: what stands above and below it.

use domain::Viewer;
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::escape::escaped;

/// Whose page it is, which decides what stands in its header.
pub enum Place {
    /// Everybody's: the same for everyone, so the browser picks the link that fits.
    Public,
    /// Somebody's own.
    Personal(Viewer),
    /// Of somebody who isn't logged in yet.
    Door,
}

/// The frame around a page.
#[component]
pub fn Frame(
    /// What the browser's tab says.
    #[prop(into)]
    title: String,
    /// Whose page it is.
    place: Place,
    /// The page.
    children: Children,
) -> impl IntoView {
    let nav = match place {
        Place::Public => Some(Either::Left(view! {
            <a class="if-author" href="/desk">
                "Your desk"
            </a>
            <a class="if-reader" href="/login">
                "Log in"
            </a>
        })),
        Place::Personal(viewer) => Some(Either::Right(view! {
            <a href="/desk">"Your desk"</a>
            <a href="/account">"Account"</a>
            <form method="post" action="/logout">
                <button class="link" type="submit" title=format!("Logged in as {}", viewer.username)>
                    "Log out"
                </button>
            </form>
        })),
        Place::Door => None,
    };
    view! {
        <Title text=escaped(title) />
        <a class="skip" href="#main">
            "Skip to the content"
        </a>
        <header class="site-header">
            <a class="site-name" href="/">
                "Ringside"
            </a>
            <nav aria-label="Account">{nav}</nav>
        </header>
        <main id="main">{children()}</main>
        <footer class="site-footer">
            <p>
                <a href="/">"All live blogs"</a>
            </p>
        </footer>
    }
}
