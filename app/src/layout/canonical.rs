//! The one address of a page.

use leptos::prelude::*;
use leptos_meta::{Link, Meta};

use crate::site::Site;

/// Names the page's address, whatever address it was requested at. It is made of the setting, not of the
/// request: pages are the same for everyone, and anybody can send any `Host`.
#[component]
pub fn Canonical(
    /// The path, as in `/live`.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let url = [Site::current().url, path].concat();
    view! {
        <Link rel="canonical" href=url.clone() />
        <Meta property="og:url" content=url />
    }
}
