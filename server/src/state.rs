//! The state that all handlers share, and how it is opened.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;
use domain::Transport;
use newsroom::{Clock, FeedPolicy, MessageLimits, Newsroom, Options};

use crate::{
    assets::{Build, NO_BUILD, Site},
    cache::pages::PageCache,
    command_error::CommandError,
    config::Settings,
    pages::Pages,
    rendering::Rendering,
    security::{
        bodies::Bodies, like_limits::LikeLimits, login_limits::LoginLimits,
        proxies::TrustedProxies, sign_up_limits::SignUpLimits,
    },
    serving::{
        connections::Connections,
        open_files::{self, Budget},
    },
    setup_token::SetupToken,
    streams::open_streams::Streams,
};

/// The state that all handlers share; cheap to clone.
#[derive(Clone, Debug, FromRef)]
pub struct AppState {
    /// The engine: stores, renders and publishes.
    pub newsroom: Arc<Newsroom>,
    /// The settings.
    pub settings: Arc<Settings>,
    /// The files of the site.
    pub site: Site,
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
    /// The limits of likes.
    pub likes: LikeLimits,
    /// The limit of sign-ups.
    pub sign_ups: SignUpLimits,
}

impl AppState {
    /// Opens the database and loads the build. Raises the process's limit of open files
    /// as far as allowed. Does not yet follow the database's changes.
    ///
    /// # Errors
    /// If the database can't be opened, or the names of the build's files can't be read.
    pub async fn open(settings: Settings) -> Result<Self, CommandError> {
        let build = Build::load(&settings)?;
        let deadline = settings.database_deadline();
        let newsroom = open_with_build(&settings, build.id.clone(), deadline).await?;
        // Logged only now, so that an error that prevents the start is the only line.
        if !build.exists() {
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
                build.assets.clone(),
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
            setup: Arc::new(SetupToken::new(needs_set_up)),
            logins: LoginLimits::new(&settings),
            likes: LikeLimits::default(),
            sign_ups: SignUpLimits::new(&settings),
            site: build.into_site(&settings.data, Clock::system().now()),
            settings: Arc::new(settings),
            newsroom,
        })
    }

    /// Returns the URL of the set-up page, if there is no owner account yet.
    pub fn setup_url(&self) -> Option<String> {
        self.setup.url(&self.settings.public_url())
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
        clock: Clock::system(),
        policy: FeedPolicy {
            interval_ms: settings.poll_interval_ms,
            transport: settings.transport,
            build,
        },
        language: settings.site_language.clone(),
        render: Arc::new(app::Renderer),
        open_rooms: settings.open_rooms,
        count_readers: settings.count_readers,
        message_limits: MessageLimits::per_minute(
            settings.messages_per_minute,
            settings.messages_per_minute_per_address,
        ),
        sources: Vec::new(),
    });
    Ok(newsroom.await?)
}

/// Returns the site's URL and language, for pages.
fn site_of(settings: &Settings) -> app::Site {
    app::Site {
        url: settings.public_url().to_string(),
        language: settings.site_language.clone(),
        has_uncounted_readers: settings.trusted_proxies != TrustedProxies::default()
            || settings.transport == Transport::Poll,
    }
}
