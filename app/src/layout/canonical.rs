//! The canonical URL of a page.

use leptos::prelude::*;
use leptos_meta::{Link, Meta};

use crate::site::Site;

/// The canonical link of a page. It uses the configured site URL and not the request's `Host`,
/// which clients can set to anything: public pages are cached for everyone.
#[component]
pub fn Canonical(
    /// The path, such as `/live`.
    #[prop(into)]
    path: String,
) -> impl IntoView {
    let url = [Site::current().url, path].concat();
    view! {
        <Link rel="canonical" href=url.clone() />
        <Meta property="og:url" content=url />
    }
}
