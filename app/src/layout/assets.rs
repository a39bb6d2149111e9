//! The URLs of the build's files, read once when the server starts.

use leptos::{prelude::*, tachys::html::InertElement};

use super::{
    scripts::{HEAD_SCRIPT, ORDER_SCRIPT},
    static_bar::STATIC_NOTE_ID,
};
use crate::entry::bar_ids;

/// The build's files that pages refer to.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The stylesheet's URL.
    stylesheet: String,
    /// The script that fetches the islands' code and hydrates them; empty if there is no such code.
    hydration_script: String,
}

impl Assets {
    /// Returns the files whose names contain these hashes, one line `KIND: HASH` for each kind.
    pub fn parse(hashes: &str) -> Self {
        let url = |kind: &str| {
            let hash = hashes
                .lines()
                .find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))
                .map(|hash| format!(".{}", hash.trim()))
                .unwrap_or_default();
            format!("/pkg/ringside{hash}.{kind}")
        };
        Self {
            stylesheet: url("css"),
            hydration_script: hydration_script(&url("js"), &url("wasm")),
        }
    }

    /// Returns the stylesheet's URL.
    pub fn stylesheet(&self) -> String {
        self.stylesheet.clone()
    }
}

/// The time after which a page shows that it does not update automatically if the islands' code has
/// not arrived, in milliseconds. Code that arrives later still hydrates the page.
const HYDRATION_TIMEOUT_MS: u32 = 6_000;

/// Returns the script that fetches the islands' code in parallel, and hydrates each island once the
/// document is parsed. While that is not possible (no WebAssembly, a policy that forbids it, code
/// that is missing or does not arrive), the page is shown as without JavaScript: the root element
/// has the class `static`.
///
/// Leptos' own script would search every element of the page for islands, updates included, and its
/// preload links would fetch the code also for readers without JavaScript. The `island` macro
/// writes the name of the function that hydrates an island into the island's element. An island
/// that fails does not stop the others. Some load more code before they are live, so their page has
/// until the end of [`HYDRATION_TIMEOUT_MS`], too.
fn hydration_script(js: &str, wasm: &str) -> String {
    let (status, region, note) = (bar_ids::STATUS, bar_ids::ANNOUNCEMENTS, STATIC_NOTE_ID);
    format!(
        r#"((d,c)=>{{let n=i=>d.getElementById(i),l=()=>d.querySelector("[data-hydrated]"),s=()=>{{if(!l()){{let h=n("{status}");c.add("static");if(h){{h.dataset.status="static";h.textContent=n("{region}").textContent=n("{note}").textContent}}}}}},r=new Promise(r=>d.readyState=="loading"?d.addEventListener("DOMContentLoaded",r):r());setTimeout(()=>r.then(s),{HYDRATION_TIMEOUT_MS});(async()=>{{let[m,w]=await Promise.all([import("{js}"),fetch("{wasm}")]);await m.default({{module_or_path:w}});await r;m.hydrate();for(let i of d.querySelectorAll("leptos-island"))try{{m[i.dataset.component](i)}}catch(e){{console.warn(e)}}if(l()){{if(c.contains("static"))n("{region}").textContent="";c.remove("static")}}}})().catch(e=>{{console.warn(e);r.then(s)}})}})(document,document.documentElement.classList)"#
    )
}

/// Hydrates the islands of its page. It comes before the list, so that the browser fetches and
/// compiles the code while it still parses a long list. Pages without islands load no code.
#[component]
pub fn Hydration() -> impl IntoView {
    let script = expect_context::<Assets>().hydration_script;
    (!script.is_empty()).then(|| InertElement::new(format!("<script>{script}</script>")))
}

/// Returns every inline script that a page may contain. The content security policy allows them by
/// hash.
pub fn inline_scripts(assets: &Assets) -> [&str; 3] {
    [HEAD_SCRIPT, ORDER_SCRIPT, &assets.hydration_script]
}
