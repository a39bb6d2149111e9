//! Names the build's files that the feature `embed` puts into the binary, for the compiler.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_EMBED").is_none() {
        return;
    }
    let folder = |name| PathBuf::from(env::var_os(name).unwrap_or_default());
    let out = folder("OUT_DIR");
    // OUT_DIR is below cargo's target folder, which may be anywhere.
    let profile = folder("PROFILE");
    let build = out.ancestors().find_map(|target| {
        let (site, hashes) = (target.join("site"), target.join(&profile).join("hash.txt"));
        (site.is_dir() && hashes.is_file()).then_some((site, hashes))
    });
    let Some((site, hashes)) = build else {
        println!(
            "cargo::error=there is no {} build of the browser code to embed: run 'make build'",
            profile.display()
        );
        return;
    };
    watch(&site);
    println!("cargo::rerun-if-changed={}", hashes.display());
    println!("cargo::rustc-env=RINGSIDE_EMBED_SITE={}", site.display());
    println!(
        "cargo::rustc-env=RINGSIDE_EMBED_HASHES={}",
        hashes.display()
    );
}

/// Compiles the server again when a file in `folder` is added, changed or removed.
fn watch(folder: &Path) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            watch(&path);
        }
    }
}
