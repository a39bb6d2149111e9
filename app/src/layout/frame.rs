//! The frame around a page: what stands above and below it.

use domain::{Caller, Language};
use leptos::{either::Either, prelude::*};
use leptos_meta::{Html, Title};

use crate::{escape::escaped, isolate::isolated, site::Site};

/// The language of the pages' own words, for `lang`.
pub const ENGLISH: &str = "en";

/// Whose page it is, which decides what stands in its header.
pub enum Place {
    /// Everybody's: the same for everyone, so the browser picks the link that fits.
    Public,
    /// Somebody's own.
    Personal(Caller),
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
    /// The language of what the page is about, if that is one entry.
    #[prop(optional_no_strip)]
    language: Option<Language>,
    /// The page.
    children: Children,
) -> impl IntoView {
    // A document has the language of what it is about: by that, browsers offer to translate it. The pages' own
    // words are English, and say so wherever they stand (docs/adr/0019-language-and-direction.md).
    let document = match (&language, &place) {
        (Some(language), _) => language.clone(),
        (None, Place::Public) => Site::current().language,
        (None, Place::Personal(_) | Place::Door) => Language::default(),
    };
    let nav = match place {
        Place::Public => Some(Either::Left(view! {
            <a class="if-author" href="/desk">
                "Your desk"
            </a>
            <a class="if-reader" href="/login">
                "Log in"
            </a>
        })),
        Place::Personal(caller) => Some(Either::Right(view! {
            <a href="/desk">"Your desk"</a>
            <a href="/account">"Account"</a>
            <form method="post" action="/logout">
                <button class="link" type="submit" title=format!("Logged in as {}", isolated(caller.username.as_str()))>
                    "Log out"
                </button>
            </form>
        })),
        Place::Door => None,
    };
    view! {
        <Html {..} lang=document.to_string() />
        <Title text=escaped(title) />
        <a class="skip" href="#main" lang=ENGLISH>
            "Skip to the content"
        </a>
        <header class="site-header" lang=ENGLISH>
            <a class="site-name" href="/">
                "Ringside"
            </a>
            <nav aria-label="Account">{nav}</nav>
        </header>
        <main id="main" dir=language.map(|language| language.direction())>
            {children()}
        </main>
        <footer class="site-footer" lang=ENGLISH>
            <p>
                <a href="/">"All live blogs"</a>
            </p>
        </footer>
    }
}
