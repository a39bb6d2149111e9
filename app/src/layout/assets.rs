//! The files of a build that pages name: read once, at start.

use std::{fs, io, path::Path};

use leptos::{config::LeptosOptions, prelude::*, tachys::html::InertElement};

use super::shell::{HEAD_SCRIPT, ORDER_SCRIPT};

/// What pages name of a build.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The stylesheet's address.
    stylesheet: String,
    /// The script that fetches the islands' code and wakes them; empty where there is no such code.
    wake_script: String,
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
            wake_script: wake_script(&address("js"), &address("wasm")),
        })
    }

    /// The stylesheet's address.
    pub fn stylesheet(&self) -> String {
        self.stylesheet.clone()
    }
}

/// Fetches the islands' code, all at once, and wakes each island.
///
/// Leptos' own script would walk through every element of the page to find them, updates and all, and
/// its preload links would fetch the code for readers without JavaScript too. The other half of what
/// is agreed on is the `island` macro's: an island's element names the function that wakes it.
fn wake_script(js: &str, wasm: &str) -> String {
    format!(
        r#"(async()=>{{let[m,w]=await Promise.all([import("{js}"),fetch("{wasm}")]);await m.default({{module_or_path:w}});m.hydrate();for(let i of document.querySelectorAll("leptos-island"))m[i.dataset.component](i)}})()"#
    )
}

/// Wakes the islands of the page it stands in, behind them. Pages without islands load no code at all.
#[component]
pub fn Hydration() -> impl IntoView {
    let script = expect_context::<Assets>().wake_script;
    (!script.is_empty()).then(|| InertElement::new(format!("<script>{script}</script>")))
}

/// The text of every inline script that a page of this build may hold, for the content security
/// policy to name by hash.
pub fn inline_scripts(assets: &Assets) -> [&str; 3] {
    [HEAD_SCRIPT, ORDER_SCRIPT, &assets.wake_script]
}
