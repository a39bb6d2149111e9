//! What every handler shares.

use std::{fs, sync::Arc, time::Duration};

use app::{Assets, Site};
use axum::extract::FromRef;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use leptos::config::LeptosOptions;
use newsroom::{FeedPolicy, Newsroom, Options, Renderers, Secret};
use sha2::{Digest, Sha256};

use crate::{
    bodies::Bodies,
    cli::CommandError,
    config::Settings,
    connections::Connections,
    login_limits::LoginLimits,
    open_files::{self, Budget},
    page_cache::PageCache,
    pages::Pages,
    rendering::Rendering,
    streams::Streams,
};

/// What every handler shares; cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct AppState {
    /// The engine.
    pub newsroom: Arc<Newsroom>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Renders pages.
    pub pages: Pages,
    /// The open connections.
    pub connections: Connections,
    /// The open streams.
    pub streams: Streams,
    /// The finished public pages.
    pub page_cache: PageCache,
    /// The slots for rendering.
    pub rendering: Rendering,
    /// The request bodies that are held in memory.
    pub bodies: Bodies,
    /// What may open the set-up page, while there is no owner.
    pub setup: Arc<SetupToken>,
    /// How often logins may fail.
    pub logins: LoginLimits,
}

/// What opens the set-up page, if anything does.
#[derive(Debug)]
pub struct SetupToken(pub Option<Secret>);

impl AppState {
    /// Opens the database, begins to follow nothing yet, and reads the build's files. Raises this
    /// process' limit of open files as far as it may.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(settings: Settings) -> Result<Self, CommandError> {
        let (assets, build) = load_assets(&settings)?;
        let has_build = build != NO_BUILD;
        let newsroom = open_build(&settings, build, settings.database_deadline()).await?;
        // Only now: what keeps the server from starting is said alone.
        if !has_build {
            tracing::warn!(
                "no build of the browser's code stands beside the binary: pages have no style and are not live"
            );
        }
        let needs_set_up = newsroom.needs_set_up().await?;
        let rendering = Rendering::default();
        let budget = Budget::new(&settings, open_files::raise_limit());
        Ok(Self {
            connections: Connections::new(&budget, settings.trusted_proxies.clone()),
            pages: Pages::new(
                Arc::clone(&newsroom),
                assets,
                site_of(&settings),
                rendering.clone(),
            ),
            rendering,
            bodies: Bodies::default(),
            streams: Streams::new(
                Arc::clone(&newsroom),
                budget.streams,
                settings.max_streams_per_address,
            ),
            page_cache: PageCache::default(),
            setup: Arc::new(SetupToken(needs_set_up.then(Secret::new_random))),
            logins: LoginLimits::new(&settings),
            settings: Arc::new(settings),
            newsroom,
        })
    }

    /// The one-time address at which the first owner is made, if there is none yet.
    pub fn setup_url(&self) -> Option<String> {
        let token = self.setup.0.as_ref()?;
        let base = self.settings.public_url();
        Some(format!("{base}/setup?token={}", token.reveal()))
    }
}

/// Opens the database that the settings name, with the renderer of the pages' cards.
///
/// # Errors
/// With one sentence for whoever runs the server.
pub async fn open_newsroom(settings: &Settings) -> Result<Arc<Newsroom>, CommandError> {
    let deadline = settings.database_deadline().max(COMMAND_DEADLINE);
    open_build(settings, NO_BUILD.to_owned(), deadline).await
}

/// How long a command waits for the database at least: nobody waits for its response.
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// The same, with the name of the build that pages are told of.
async fn open_build(
    settings: &Settings,
    build: String,
    database_deadline: Duration,
) -> Result<Arc<Newsroom>, CommandError> {
    let newsroom = Newsroom::open(Options {
        database_url: settings.database_url()?,
        database_deadline,
        mark: Some(settings.data.join("published")),
        clock: newsroom::Clock::system(),
        policy: FeedPolicy {
            interval_ms: settings.poll_interval_ms,
            transport: settings.transport,
            build,
        },
        language: settings.site_language.clone(),
        render: Renderers {
            card: Arc::new(app::render_card),
            highlights: Arc::new(app::render_highlights),
            line: Arc::new(app::render_entry_summary),
            since: Arc::new(app::render_since),
        },
    });
    Ok(newsroom.await?)
}

/// What pages say of the site.
fn site_of(settings: &Settings) -> Site {
    Site {
        url: settings.public_url().to_string(),
        language: settings.site_language.clone(),
    }
}

/// What a server calls itself that has no build.
const NO_BUILD: &str = "dev";

/// The build's files and its name; without a build (as in tests of the server alone) pages have none.
fn load_assets(settings: &Settings) -> Result<(Assets, String), CommandError> {
    let site = settings.site();
    let hashes = std::env::current_exe()
        .ok()
        .and_then(|binary| Some(binary.parent()?.join("hash.txt")))
        .filter(|file| fs::exists(file).unwrap_or(false));
    let Some(hashes) = hashes else {
        return Ok((Assets::default(), NO_BUILD.to_owned()));
    };
    let options = LeptosOptions::builder()
        .output_name("ringside")
        .site_root(site.display().to_string())
        .site_pkg_dir("pkg")
        .hash_files(true)
        .build();
    let unreadable =
        |error| CommandError::Failed(format!("{} can't be read: {error}.", hashes.display()));
    let name = build_name(&fs::read(&hashes).map_err(unreadable)?);
    let assets = Assets::load(&options, &hashes).map_err(unreadable)?;
    Ok((assets, name))
}

/// The name of the build whose files have these `hashes`: another one for other files.
fn build_name(hashes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(hashes)[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_build_has_a_name_of_its_own() {
        let name = build_name(b"css: a\njs: b\n");
        assert_eq!(name.len(), 8);
        assert_eq!(name, build_name(b"css: a\njs: b\n"));
        assert_ne!(name, build_name(b"css: a\njs: c\n"));
    }
}
