//! The files of a build that pages name: read once, at start.

use std::{fs, io, path::Path};

use leptos::{
    config::LeptosOptions, hydration::HydrationScripts, prelude::*, tachys::html::InertElement,
};

use super::shell::{HEAD_SCRIPT, ORDER_SCRIPT};

/// What pages name of a build.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// The stylesheet's address.
    stylesheet: String,
    /// The elements that fetch the islands' code and wake them; empty where there is no such code.
    hydration: String,
}

impl Assets {
    /// Those of the build beside the running executable, which `hashes` names the files of.
    ///
    /// # Errors
    /// If the file of hashes can't be read.
    pub fn load(options: &LeptosOptions, hashes: &Path) -> io::Result<Self> {
        let hashes = fs::read_to_string(hashes)?;
        let css = hashes
            .lines()
            .find_map(|line| line.strip_prefix("css:"))
            .map(|hash| format!(".{}", hash.trim()))
            .unwrap_or_default();
        let hydration = Owner::new().with(|| {
            let options = options.clone();
            view! { <HydrationScripts options islands=true /> }.to_html()
        });
        Ok(Self {
            stylesheet: format!("/{}/{}{css}.css", options.site_pkg_dir, options.output_name),
            hydration,
        })
    }

    /// The stylesheet's address.
    pub fn stylesheet(&self) -> String {
        self.stylesheet.clone()
    }
}

/// Wakes the islands of the page it stands in. Pages without islands load no code at all.
#[component]
pub fn Hydration() -> impl IntoView {
    InertElement::new(expect_context::<Assets>().hydration)
}

/// The text of every inline script that a page of this build may hold, for the content security
/// policy to name by hash.
pub fn inline_scripts(assets: &Assets) -> Vec<&str> {
    let mut scripts = vec![HEAD_SCRIPT, ORDER_SCRIPT];
    let mut rest = assets.hydration.as_str();
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((_, body)) = after.split_once('>') else {
            break;
        };
        let Some((script, after)) = body.split_once("</script>") else {
            break;
        };
        scripts.push(script);
        rest = after;
    }
    scripts
}
