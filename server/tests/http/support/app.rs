//! A server of the test's own.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::{
    Router,
    http::{
        Version,
        header::{AUTHORIZATION, COOKIE},
    },
};
use axum_test::TestServer;
use clap::Parser;
use domain::{
    Caller, Draft, EntryId, EntryState, OpId, Order, Password, PostedUpdate, Role, Slug, TokenName,
    Username,
};
use newsroom::{NewEntry, Newsroom};
use server::{AppState, Settings, router, serve_http, service};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Stream, op_id};

/// A complete server with its own database, its own folder, and all background tasks.
pub struct TestApp {
    pub newsroom: Arc<Newsroom>,
    state: AppState,
    router: Router,
    editor: OnceCell<Caller>,
    address: OnceCell<SocketAddr>,
    folder: TempDir,
    stop: CancellationToken,
    _stop: DropGuard,
}

#[derive(Debug, Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

impl TestApp {
    /// The password of all test accounts.
    pub const PASSWORD: &str = "correct horse battery";

    /// Starts a server. Returns it with a browser that is not logged in, and one of an author.
    pub async fn start() -> (Self, TestServer, TestServer) {
        let app = Self::with_flags(&[]).await;
        let (anonymous, author) = (app.browser(), app.log_in(Role::Author).await);
        (app, anonymous, author)
    }

    /// Starts a server with these flags, without any account.
    pub async fn with_flags(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (state, stop) = open(folder.path(), flags).await;
        Self {
            newsroom: Arc::clone(&state.newsroom),
            router: router(state.clone()),
            state,
            editor: OnceCell::new(),
            address: OnceCell::new(),
            stop: CancellationToken::new(),
            folder,
            _stop: stop,
        }
    }

    /// Starts another server on the same database.
    pub async fn second_server(&self) -> (Router, DropGuard) {
        let (state, stop) = open(self.folder.path(), &[]).await;
        (router(state), stop)
    }

    /// Returns the folder of stylesheets and browser code, which is empty.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// Returns the database URL.
    pub fn database_url(&self) -> String {
        let file = self.folder.path().join("ringside.db");
        format!("sqlite://{}", file.display())
    }

    /// Returns the server's router, for requests without a connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Returns a description of the server's service, which contains all of its routes.
    pub fn describe(&self) -> String {
        format!("{:?}", service(self.state.clone()))
    }

    /// Returns the token of the set-up link that the server printed.
    pub fn setup_token(&self) -> String {
        let link = self.state.setup_url().expect("an owner already exists");
        link.split_once("?token=").unwrap().1.to_owned()
    }

    /// Returns a browser without cookies, on a real connection.
    pub fn browser(&self) -> TestServer {
        let service = self
            .router()
            .into_make_service_with_connect_info::<SocketAddr>();
        TestServer::builder().http_transport().build(service)
    }

    /// Creates an account with the role `role` and the same name. Returns its logged-in browser.
    pub async fn log_in(&self, role: Role) -> TestServer {
        self.log_in_as(role.as_str(), role).await
    }

    /// Creates an account. Returns its logged-in browser.
    pub async fn log_in_as(&self, name: &str, role: Role) -> TestServer {
        self.create_account(name, role).await;
        let session = self.newsroom.log_in(name, Self::PASSWORD).await.unwrap();
        self.browser_with(&format!("ringside_session={}", session.token.reveal()))
    }

    /// Returns a browser that sends these cookies.
    pub fn browser_with(&self, cookies: &str) -> TestServer {
        let mut browser = self.browser();
        browser.add_header(COOKIE, cookies);
        browser
    }

    /// Returns an API client that acts as the account `name`.
    pub async fn api_client(&self, name: &str) -> TestServer {
        self.api_client_with(&format!("Bearer {}", self.token(name).await))
    }

    /// Creates an API token that acts as the account `name`.
    pub async fn token(&self, name: &str) -> String {
        let account = Username::parse(name).unwrap();
        let purpose = TokenName::parse("").unwrap();
        let token = self.newsroom.create_token(&account, &purpose).await;
        token.unwrap().reveal().to_owned()
    }

    /// Returns an API client that sends this `Authorization` header.
    pub fn api_client_with(&self, authorization: &str) -> TestServer {
        let mut client = self.browser();
        client.add_header(AUTHORIZATION, authorization);
        client
    }

    /// Creates an account with the password [`TestApp::PASSWORD`].
    pub async fn create_account(&self, name: &str, role: Role) -> Caller {
        let username = Username::parse(name).unwrap();
        let password = Password::parse(Self::PASSWORD).unwrap();
        self.newsroom
            .create_account(&username, role, &password)
            .await
            .unwrap()
    }

    /// Creates an entry with the slug `slug`, which is also its title.
    pub async fn entry(&self, slug: &str, state: EntryState) -> EntryId {
        let new = NewEntry::parse(slug, slug, "", "Europe/Paris", state, Order::Oldest).unwrap();
        self.newsroom.create_entry(None, &new).await.unwrap().id
    }

    /// Creates the live entry `final`.
    pub async fn live_entry(&self) -> EntryId {
        self.entry("final", EntryState::Live).await
    }

    /// Posts `text` to the entry `slug`.
    pub async fn post(&self, slug: &str, text: &str) -> PostedUpdate {
        self.newsroom
            .post_update(
                self.editor().await,
                &Slug::parse(slug).unwrap(),
                &OpId::parse(&op_id()).unwrap(),
                &Draft::parse(text, "").unwrap(),
                None,
            )
            .await
            .unwrap()
    }

    /// Returns the editor that posts the updates a test needs, creating the account if necessary.
    pub async fn editor(&self) -> &Caller {
        let create = || self.create_account("background-editor", Role::Editor);
        self.editor.get_or_init(create).await
    }

    /// Opens a stream.
    pub async fn stream(&self, path: &str) -> Stream {
        Stream::open(self.address().await, Version::HTTP_11, path, None).await
    }

    /// Resumes a stream after the event with the id `last_event_id`.
    pub async fn resume_stream(&self, path: &str, last_event_id: &str) -> Stream {
        let server = self.address().await;
        Stream::open(server, Version::HTTP_11, path, Some(last_event_id)).await
    }

    /// Returns the address of the server, with the sockets and the shutdown of production. Starts
    /// it on the first call.
    pub async fn address(&self) -> SocketAddr {
        let serve = || async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let address = listener.local_addr().unwrap();
            let (state, stop) = (self.state.clone(), self.stop.clone());
            tokio::spawn(async move { serve_http(listener, &state, stop.cancelled()).await });
            address
        };
        *self.address.get_or_init(serve).await
    }

    /// Shuts the server down, as SIGTERM does.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

async fn open(folder: &Path, flags: &[&str]) -> (AppState, DropGuard) {
    let site = folder.join("site");
    let fixed = ["test".as_ref(), "--data".as_ref(), folder.as_os_str()];
    let site = ["--site".as_ref(), site.as_os_str()];
    let flags = flags.iter().map(std::convert::AsRef::as_ref);
    let flags = Flags::parse_from(fixed.into_iter().chain(site).chain(flags));
    let state = AppState::open(flags.settings).await.unwrap();
    let stop = CancellationToken::new();
    state.newsroom.follow(stop.clone()).await.unwrap();
    (state, stop.drop_guard())
}
