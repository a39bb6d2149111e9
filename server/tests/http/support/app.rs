//! A server that a test has for itself.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
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
use server::{AppState, Settings, router, serve_http};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Stream, op_id};

/// A whole server: its own database, its own folder of files, and everything running.
pub struct TestApp {
    pub newsroom: Arc<Newsroom>,
    state: AppState,
    router: Router,
    editor: OnceCell<Caller>,
    served: OnceCell<SocketAddr>,
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
    /// Everybody's password.
    pub const PASSWORD: &str = "correct horse battery";

    /// A server, the browser of somebody who isn't logged in, and that of an author.
    pub async fn start() -> (Self, TestServer, TestServer) {
        let app = Self::with(&[]).await;
        let (anonymous, author) = (app.browser(), app.log_in(Role::Author).await);
        (app, anonymous, author)
    }

    /// A server with these flags, and nobody at it yet.
    pub async fn with(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (state, stop) = open(folder.path(), flags).await;
        Self {
            newsroom: Arc::clone(&state.newsroom),
            router: router(state.clone()),
            state,
            editor: OnceCell::new(),
            served: OnceCell::new(),
            stop: CancellationToken::new(),
            folder,
            _stop: stop,
        }
    }

    /// Another server on the same database, as one would start after this one.
    pub async fn beside(&self) -> (Router, DropGuard) {
        let (state, stop) = open(self.folder.path(), &[]).await;
        (router(state), stop)
    }

    /// The folder of stylesheets and browser code, which has nothing in it.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        let file = self.folder.path().join("ringside.db");
        format!("sqlite://{}", file.display())
    }

    /// Everything the server answers, to be asked without a connection.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The token in the link that the server printed.
    pub fn setup_token(&self) -> String {
        let link = self.state.setup_url().expect("there is an owner already");
        link.split_once("?token=").unwrap().1.to_owned()
    }

    /// A browser on a real connection, without cookies.
    pub fn browser(&self) -> TestServer {
        let service = self
            .router()
            .into_make_service_with_connect_info::<SocketAddr>();
        TestServer::builder().http_transport().build(service)
    }

    /// The browser of somebody of `role`, who is named for it.
    pub async fn log_in(&self, role: Role) -> TestServer {
        self.log_in_as(role.as_str(), role).await
    }

    /// The browser of somebody named `name`.
    pub async fn log_in_as(&self, name: &str, role: Role) -> TestServer {
        self.person(name, role).await;
        let session = self.newsroom.log_in(name, Self::PASSWORD).await.unwrap();
        self.browser_with(&format!("ringside_session={}", session.token.reveal()))
    }

    /// A browser that sends these cookies.
    pub fn browser_with(&self, cookies: &str) -> TestServer {
        let mut browser = self.browser();
        browser.add_header(COOKIE, cookies);
        browser
    }

    /// A client that acts as the account `name`.
    pub async fn api_client(&self, name: &str) -> TestServer {
        self.api_client_with(&format!("Bearer {}", self.token(name).await))
    }

    /// A token that acts as the account `name`.
    pub async fn token(&self, name: &str) -> String {
        let account = Username::parse(name).unwrap();
        let purpose = TokenName::parse("").unwrap();
        let token = self.newsroom.create_token(&account, &purpose).await;
        token.unwrap().reveal().to_owned()
    }

    /// A client that shows this.
    pub fn api_client_with(&self, authorization: &str) -> TestServer {
        let mut client = self.browser();
        client.add_header(AUTHORIZATION, authorization);
        client
    }

    /// An account, whose password is [`TestApp::PASSWORD`].
    pub async fn person(&self, name: &str, role: Role) -> Caller {
        let username = Username::parse(name).unwrap();
        let password = Password::parse(Self::PASSWORD).unwrap();
        self.newsroom
            .create_account(&username, role, &password)
            .await
            .unwrap()
    }

    /// A new entry, titled as it is addressed.
    pub async fn entry(&self, slug: &str, state: EntryState) -> EntryId {
        let new = NewEntry::parse(slug, slug, "", "Europe/Paris", state, Order::Oldest).unwrap();
        self.newsroom.create_entry(None, &new).await.unwrap().id
    }

    /// An entry named `final`, which is under way.
    pub async fn live_entry(&self) -> EntryId {
        self.entry("final", EntryState::Live).await
    }

    /// Posts `text` to the entry named `slug`.
    pub async fn post(&self, slug: &str, text: &str) -> PostedUpdate {
        self.newsroom
            .post_update(
                self.editor().await,
                &Slug::parse(slug).unwrap(),
                &OpId::parse(&op_id()).unwrap(),
                &Draft::parse(text, "").unwrap(),
                Duration::ZERO,
            )
            .await
            .unwrap()
    }

    /// An editor without a browser, who posts what a test needs to be there.
    pub async fn editor(&self) -> &Caller {
        let person = || self.person("background-editor", Role::Editor);
        self.editor.get_or_init(person).await
    }

    /// An open stream.
    pub async fn stream(&self, path: &str) -> Stream {
        Stream::open(self.served().await, Version::HTTP_11, path, None).await
    }

    /// A stream that goes on after the last event it had.
    pub async fn stream_again(&self, path: &str, last_event_id: &str) -> Stream {
        let server = self.served().await;
        Stream::open(server, Version::HTTP_11, path, Some(last_event_id)).await
    }

    /// Where it is served as it is in earnest, from its sockets to its end.
    pub async fn served(&self) -> SocketAddr {
        let serve = || async {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            let address = listener.local_addr().unwrap();
            let (state, stop) = (self.state.clone(), self.stop.clone());
            tokio::spawn(async move { serve_http(listener, &state, stop.cancelled()).await });
            address
        };
        *self.served.get_or_init(serve).await
    }

    /// Has the server stop, as when it is told to.
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
