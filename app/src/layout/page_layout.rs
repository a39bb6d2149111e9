//! The layout of a page: the header, the main part and the footer.

use domain::{Caller, Language};
use leptos::{either::Either, prelude::*};
use leptos_meta::{Html, Title};

use crate::{escape::escaped, inert::optional, isolate::isolated, site::Site};

/// The `lang` of the pages' own words.
pub const ENGLISH: &str = "en";

/// The audience of a page, which decides the links in its header.
pub enum Audience {
    /// Everyone. The page is the same for all, and a script selects the links for readers or
    /// authors.
    Public,
    /// An account that is logged in.
    Member(Caller),
    /// Somebody who is not logged in.
    Guest,
}

/// A page with its header and footer.
#[component]
pub fn PageLayout(
    /// The document's title.
    #[prop(into)]
    title: String,
    /// The page's audience.
    audience: Audience,
    /// The language of the entry, if the page is about one.
    #[prop(optional_no_strip)]
    language: Option<Language>,
    /// The content of the main part.
    children: Children,
) -> impl IntoView {
    // The document has the language of its entry, by which browsers offer to translate it. The
    // pages' own words are marked as English (docs/adr/0019-language-and-direction.md).
    let document = match (&language, &audience) {
        (Some(language), _) => language.clone(),
        (None, Audience::Public) => Site::current().language,
        (None, Audience::Member(_) | Audience::Guest) => Language::default(),
    };
    let nav = match audience {
        Audience::Public => Some(Either::Left(view! {
            <a class="if-author" href="/desk">
                "Your desk"
            </a>
            <a class="if-member" href="/account">
                "Account"
            </a>
            <a class="if-reader" href="/login">
                "Log in"
            </a>
        })),
        Audience::Member(caller) => Some(Either::Right(view! {
            {caller.role.may_post().then(|| view! { <a href="/desk">"Your desk"</a> })}
            <a href="/account">"Account"</a>
            <form method="post" action="/logout">
                <button class="link" type="submit" title=format!("Logged in as {}", isolated(caller.username.as_str()))>
                    "Log out"
                </button>
            </form>
        })),
        Audience::Guest => None,
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
            <nav aria-label="Account">{optional(nav)}</nav>
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
