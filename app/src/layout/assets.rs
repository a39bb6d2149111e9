//! The files of a build that pages name: read once, at start.

use std::{fs, io, path::Path};

use leptos::{config::LeptosOptions, prelude::*, tachys::html::InertElement};

use super::{
    shell::{HEAD_SCRIPT, ORDER_SCRIPT},
    static_bar::STATIC_NOTE_ID,
};
use crate::entry::FeedBar;

/// What pages name of a build.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The stylesheet's address.
    stylesheet: String,
    /// The script that fetches the islands' code and hydrates them; empty where there is no such code.
    hydration_script: String,
}

impl Assets {
    /// Those of the build beside the running executable, which `hashes` names the files of.
    ///
    /// # Errors
    /// If the file of hashes can't be read.
    pub fn load(options: &LeptosOptions, hashes: &Path) -> io::Result<Self> {
        let hashes = fs::read_to_string(hashes)?;
        let address = |kind: &str| {
            let hash = hashes
                .lines()
                .find_map(|line| line.strip_prefix(kind)?.strip_prefix(':'))
                .map(|hash| format!(".{}", hash.trim()))
                .unwrap_or_default();
            format!(
                "/{}/{}{hash}.{kind}",
                options.site_pkg_dir, options.output_name
            )
        };
        Ok(Self {
            stylesheet: address("css"),
            hydration_script: hydration_script(&address("js"), &address("wasm")),
        })
    }

    /// The stylesheet's address.
    pub fn stylesheet(&self) -> String {
        self.stylesheet.clone()
    }
}

/// How long a page waits for the islands' code, in milliseconds, before it shows that it doesn't update by
/// itself. Code that arrives later hydrates the page all the same.
const PATIENCE_MS: u32 = 6_000;

/// Fetches the islands' code, all at once, and hydrates each island once the document is parsed. While
/// that can't be done (no WebAssembly, a policy that forbids it, code that isn't there or doesn't arrive) the
/// page shows what it shows without JavaScript: `static` on the root element.
///
/// Leptos' own script would walk through every element of the page to find them, updates and all, and
/// its preload links would fetch the code for readers without JavaScript too. The other half of what
/// is agreed on is the `island` macro's: an island's element names the function that hydrates it. An
/// island that fails stops no other.
fn hydration_script(js: &str, wasm: &str) -> String {
    let (status, news, note) = (FeedBar::STATUS, FeedBar::NEWS, STATIC_NOTE_ID);
    format!(
        r#"((d,c)=>{{let n=i=>d.getElementById(i),l=()=>d.querySelector("[data-hydrated]"),s=()=>{{if(!l()){{let h=n("{status}");c.add("static");h.dataset.status="static";h.textContent=n("{news}").textContent=n("{note}").textContent}}}},r=new Promise(r=>d.readyState=="loading"?d.addEventListener("DOMContentLoaded",r):r());setTimeout(()=>r.then(s),{PATIENCE_MS});(async()=>{{let[m,w]=await Promise.all([import("{js}"),fetch("{wasm}")]);await m.default({{module_or_path:w}});await r;m.hydrate();for(let i of d.querySelectorAll("leptos-island"))try{{m[i.dataset.component](i)}}catch(e){{console.warn(e)}}if(l()){{if(c.contains("static"))n("{news}").textContent="";c.remove("static")}}else s()}})().catch(e=>{{console.warn(e);r.then(s)}})}})(document,document.documentElement.classList)"#
    )
}

/// Hydrates the islands of the page it stands in. It stands before the list, so that the code is fetched and
/// compiled while a long list is still parsed. Pages without islands load no code at all.
#[component]
pub fn Hydration() -> impl IntoView {
    let script = expect_context::<Assets>().hydration_script;
    (!script.is_empty()).then(|| InertElement::new(format!("<script>{script}</script>")))
}

/// The text of every inline script that a page of this build may hold, for the content security
/// policy to name by hash.
pub fn inline_scripts(assets: &Assets) -> [&str; 3] {
    [HEAD_SCRIPT, ORDER_SCRIPT, &assets.hydration_script]
}
