//! What every handler shares.

use std::{fs, sync::Arc};

use app::Assets;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use newsroom::{FeedPolicy, Newsroom, Options, Secret};

use crate::{
    cli::CommandError, config::Settings, identity::LoginLimit, page_cache::PageCache, pages::Pages,
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
    /// The finished public pages.
    pub page_cache: PageCache,
    /// What may open the set-up page, while there is no owner.
    pub setup: Arc<SetupToken>,
    /// How often logins may fail.
    pub logins: Arc<LoginLimit>,
}

/// What opens the set-up page, if anything does.
#[derive(Debug)]
pub struct SetupToken(pub Option<Secret>);

impl AppState {
    /// Opens the database, begins to follow nothing yet, and reads the build's files.
    ///
    /// # Errors
    /// With one sentence for whoever runs the server.
    pub async fn open(settings: Settings) -> Result<Self, CommandError> {
        settings.check()?;
        let newsroom = open_newsroom(&settings).await?;
        let needs_set_up = newsroom.needs_set_up().await?;
        Ok(Self {
            pages: Pages::new(Arc::clone(&newsroom), load_assets(&settings)?),
            page_cache: PageCache::default(),
            setup: Arc::new(SetupToken(needs_set_up.then(Secret::new_random))),
            logins: Arc::new(LoginLimit::default()),
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
    let newsroom = Newsroom::open(Options {
        database_url: settings.database_url()?,
        mark: Some(settings.data.join("published")),
        clock: newsroom::Clock::system(),
        policy: FeedPolicy {
            interval_ms: settings.poll_interval_ms,
            road: settings.transport,
            build: env!("CARGO_PKG_VERSION").to_owned(),
        },
        cards: Arc::new(app::render_card),
    });
    Ok(newsroom.await?)
}

/// The build's files; without a build (as in tests of the server alone) pages have none.
fn load_assets(settings: &Settings) -> Result<Assets, CommandError> {
    let site = settings.site();
    let hashes = std::env::current_exe()
        .ok()
        .and_then(|binary| Some(binary.parent()?.join("hash.txt")))
        .filter(|file| fs::exists(file).unwrap_or(false));
    let Some(hashes) = hashes else {
        tracing::warn!(
            "no build of the browser's code stands beside the binary: pages have no style and are not live"
        );
        return Ok(Assets::default());
    };
    let options = LeptosOptions::builder()
        .output_name("ringside")
        .site_root(site.display().to_string())
        .site_pkg_dir("pkg")
        .hash_files(true)
        .build();
    Assets::load(&options, &hashes).map_err(|error| {
        CommandError::Failed(format!("{} can't be read: {error}.", hashes.display()))
    })
}
