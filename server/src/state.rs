//! The state that all handlers share, and how it is opened.

use std::{fs, sync::Arc, time::Duration};

use app::{Assets, Site};
use axum::extract::FromRef;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use leptos::config::LeptosOptions;
use newsroom::{FeedPolicy, Newsroom, Options, Secret};
use sha2::{Digest, Sha256};

use crate::{
    cache::pages::PageCache,
    command_error::CommandError,
    config::Settings,
    pages::Pages,
    rendering::Rendering,
    security::{bodies::Bodies, login_limits::LoginLimits},
    serving::{
        connections::Connections,
        open_files::{self, Budget},
    },
    streams::open_streams::Streams,
};

/// The state that all handlers share; cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct AppState {
    /// The engine: stores, renders and publishes.
    pub newsroom: Arc<Newsroom>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Renders pages.
    pub pages: Pages,
    /// The open connections.
    pub connections: Connections,
    /// The open streams.
    pub streams: Streams,
    /// The cached public pages.
    pub page_cache: PageCache,
    /// The slots for rendering.
    pub rendering: Rendering,
    /// The memory for request bodies.
    pub bodies: Bodies,
    /// The token of the set-up page.
    pub setup: Arc<SetupToken>,
    /// The limits of failed logins.
    pub logins: LoginLimits,
}

/// The token of the set-up page; none if there is an owner account.
#[derive(Debug)]
pub struct SetupToken(pub Option<Secret>);

impl AppState {
    /// Opens the database and loads the build's manifest. Raises the process's limit of open files
    /// as far as allowed. Does not yet follow the database's changes.
    ///
    /// # Errors
    /// If the database can't be opened, or the manifest can't be read.
    pub async fn open(settings: Settings) -> Result<Self, CommandError> {
        let (assets, build) = load_assets(&settings)?;
        let has_build = build != NO_BUILD;
        let newsroom = open_with_build(&settings, build, settings.database_deadline()).await?;
        // Logged only now, so that an error that prevents the start is the only line.
        if !has_build {
            tracing::warn!(
                "there is no build of the browser code beside the binary, so pages have no styles and are not live"
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

    /// Returns the URL of the set-up page, if there is no owner account yet.
    pub fn setup_url(&self) -> Option<String> {
        let token = self.setup.0.as_ref()?;
        let base = self.settings.public_url();
        Some(format!("{base}/setup?token={}", token.reveal()))
    }
}

/// Opens the database of the settings, for a command.
///
/// # Errors
/// If the database can't be opened.
pub async fn open_newsroom(settings: &Settings) -> Result<Arc<Newsroom>, CommandError> {
    let deadline = settings.database_deadline().max(COMMAND_DEADLINE);
    open_with_build(settings, NO_BUILD.to_owned(), deadline).await
}

/// How long a command waits for the database at least. Longer than a request, because no client
/// waits.
const COMMAND_DEADLINE: Duration = Duration::from_secs(30);

/// Opens the database. `build` identifies the browser code, in the response of `head`.
async fn open_with_build(
    settings: &Settings,
    build: String,
    database_deadline: Duration,
) -> Result<Arc<Newsroom>, CommandError> {
    let newsroom = Newsroom::open(Options {
        database_url: settings.database_url()?,
        database_deadline,
        high_water_mark: Some(settings.data.join("published")),
        clock: newsroom::Clock::system(),
        policy: FeedPolicy {
            interval_ms: settings.poll_interval_ms,
            transport: settings.transport,
            build,
        },
        language: settings.site_language.clone(),
        render: Arc::new(app::Renderer),
    });
    Ok(newsroom.await?)
}

/// Returns the site's URL and language, for pages.
fn site_of(settings: &Settings) -> Site {
    Site {
        url: settings.public_url().to_string(),
        language: settings.site_language.clone(),
    }
}

/// The build id of a server without a build.
const NO_BUILD: &str = "dev";

/// Loads the build's manifest. Returns the names of its files, and its id. Without a build, as in
/// tests of this crate, pages have no files.
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
    let id = build_id(&fs::read(&hashes).map_err(unreadable)?);
    let assets = Assets::load(&options, &hashes).map_err(unreadable)?;
    Ok((assets, id))
}

/// Returns the id of the build with this manifest of `hashes`.
fn build_id(hashes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(hashes)[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_with_different_files_have_different_ids() {
        let id = build_id(b"css: a\njs: b\n");
        assert_eq!(id.len(), 8);
        assert_eq!(id, build_id(b"css: a\njs: b\n"));
        assert_ne!(id, build_id(b"css: a\njs: c\n"));
    }
}
