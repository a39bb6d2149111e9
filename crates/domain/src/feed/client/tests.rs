use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;
use crate::{
    Rev, UpdateId,
    feed::model_server::{Page, Server, apply},
};

/// The largest number of changes in a batch of the server.
const LIMIT: usize = 3;

/// Something that happens outside of the client.
#[derive(Clone, Debug)]
enum Step {
    /// The server posts, edits or deletes an update.
    Write(i64, Option<String>),
    /// The server begins another epoch with what is shown.
    Restore,
    /// A stream delivers the changes since some revision.
    Stream(prop::sample::Index, prop::sample::Index),
    /// A response arrives, the first or the last that is awaited.
    Respond { first: bool, lost: bool },
    /// A cache responds to a request for the page with the state at some revision.
    CachedPage(prop::sample::Index),
    /// The stream breaks, or sends something that can't be decoded.
    Break(StreamEvent),
    /// Another event of the browser.
    Browser(ClientEvent),
    /// Some time passes.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<prop::sample::Index>;
    let broken = prop::sample::select(vec![
        StreamEvent::Failed,
        StreamEvent::Batch(None),
        StreamEvent::Heartbeat(None),
        StreamEvent::Reset(None),
        StreamEvent::Bye(None),
        StreamEvent::Bye(Some(Bye { ended: false })),
    ]);
    let browser = prop::sample::select(vec![
        ClientEvent::NoStreamFree,
        ClientEvent::NewerPageRequired,
        ClientEvent::PageOutdated,
        ClientEvent::Visible(false),
        ClientEvent::Visible(true),
        ClientEvent::Resumed,
        ClientEvent::Offline,
    ]);
    prop_oneof![
        6 => (0_i64..6, prop::option::weighted(0.8, "[a-z]{1,3}")).prop_map(|(id, html)| Step::Write(id, html)),
        1 => Just(Step::Restore),
        6 => (index(), index()).prop_map(|(from, at)| Step::Stream(from, at)),
        6 => (any::<bool>(), prop::bool::weighted(0.3)).prop_map(|(first, lost)| Step::Respond { first, lost }),
        1 => index().prop_map(Step::CachedPage),
        1 => broken.prop_map(Step::Break),
        1 => browser.prop_map(Step::Browser),
        2 => (0_u64..60_000).prop_map(Step::Wait),
    ]
}

/// A page with its client, and its requests in flight.
struct Browser {
    client: Client,
    scope: PageScope,
    page: Page,
    now: u64,
    has_stream: bool,
    /// The requests in flight. There is at most one of each kind.
    requests: VecDeque<Action>,
    /// The last page that was fetched, with the revision at which it was rendered.
    fetched: Option<(Page, Rev)>,
}

impl Browser {
    fn open(scope: PageScope, server: &Server) -> Self {
        let transport = Transport::Auto;
        let mut browser = Self {
            client: Client::new(scope, server.cursor(), transport, true, false, 0),
            scope,
            page: server.page(server.rev()),
            now: 0,
            has_stream: false,
            requests: VecDeque::new(),
            fetched: None,
        };
        browser.on(ClientEvent::Tick);
        browser
    }

    fn on(&mut self, event: ClientEvent) {
        for action in self.client.on(event, self.now, 0.5) {
            match action {
                Action::OpenStream(_) => {
                    assert!(!self.has_stream, "a second stream was opened");
                    self.has_stream = true;
                }
                Action::CloseStream => self.has_stream = false,
                Action::Show { changes, .. } if self.scope != PageScope::Summary => {
                    apply(&mut self.page, changes);
                }
                Action::Show { changes, .. } => {
                    // The server renders the summary; the page can't, and fetches it.
                    self.page.extend(
                        changes
                            .iter()
                            .map(|change| (change.id(), (0, String::new()))),
                    );
                }
                Action::Replace(batches) => {
                    self.page.clear();
                    for batch in batches {
                        apply(&mut self.page, batch.changes);
                    }
                }
                Action::ShowPage { merge } => {
                    let (page, rev) = self.fetched.take().unwrap();
                    if merge {
                        self.page
                            .retain(|id, (shown, _)| *shown > rev || page.contains_key(id));
                        for (id, (new, html)) in page {
                            let shown = self.page.entry(id).or_insert((0, String::new()));
                            if shown.0 <= new {
                                *shown = (new, html);
                            }
                        }
                    } else {
                        self.page = page;
                    }
                }
                request => {
                    let kind = mem::discriminant(&request);
                    if let Some(at) = self
                        .requests
                        .iter()
                        .position(|it| mem::discriminant(it) == kind)
                    {
                        // A request for the head that was not answered in time is lost.
                        assert_eq!(request, Action::FetchHead, "two requests at once");
                        self.requests.remove(at);
                    }
                    self.requests.push_back(request);
                }
            }
        }
    }

    fn wait(&mut self, ms: u64) {
        for _ in 0..=ms / 1_000 {
            self.now += 1_000;
            self.on(ClientEvent::Tick);
        }
    }

    /// Answers a request from the current state of the server, or loses it.
    fn respond(&mut self, request: Action, server: &Server, lost: bool) {
        match request {
            Action::FetchHead => self.on(ClientEvent::Head((!lost).then(|| server.head()))),
            Action::FetchChanges(since, _) => {
                self.on(ClientEvent::Changes(match since {
                    _ if lost => Fetched::Failed,
                    since if since.epoch != server.epoch || since.rev > server.rev() => {
                        Fetched::Reset(server.epoch)
                    }
                    since => Fetched::Received(server.batch(since.rev, server.rev(), LIMIT)),
                }));
            }
            Action::FetchPage(_) => {
                self.receive_page(server, server.rev(), lost);
            }
            other => unreachable!("{other:?} is no request"),
        }
    }

    fn receive_page(&mut self, server: &Server, at: Rev, lost: bool) {
        self.fetched = Some((server.page(at), at));
        let cursor = (!lost).then(|| Cursor::new(server.epoch, at));
        self.on(ClientEvent::Page(cursor));
    }

    fn step(&mut self, step: Step, server: &mut Server) {
        match step {
            Step::Write(id, html) => server.log.push((UpdateId(id), html)),
            Step::Restore => {
                let number: i64 = server.epoch.to_string()[1..].parse().unwrap();
                let page = server.page(server.rev());
                server.epoch = Epoch::parse(&format!("e{}", number + 1)).unwrap();
                server.log = page
                    .into_iter()
                    .map(|(id, (_, html))| (id, Some(html)))
                    .collect();
            }
            Step::Stream(from, at) if self.has_stream => {
                let at = Rev::try_from(at.index(server.log.len() + 1)).unwrap();
                let from = Rev::try_from(from.index(usize::try_from(at).unwrap() + 1)).unwrap();
                let batch = server.batch(from, at, LIMIT);
                self.on(ClientEvent::Stream(StreamEvent::Batch(Some(batch))));
            }
            Step::Respond { first, lost } => {
                let request = if first {
                    self.requests.pop_front()
                } else {
                    self.requests.pop_back()
                };
                if let Some(request) = request {
                    self.respond(request, server, lost);
                }
            }
            Step::CachedPage(at) => {
                let is_page = |request: &Action| matches!(request, Action::FetchPage(_));
                if let Some(request) = self.requests.iter().position(is_page) {
                    self.requests.remove(request);
                    let at = Rev::try_from(at.index(server.log.len() + 1)).unwrap();
                    self.receive_page(server, at, false);
                }
            }
            Step::Break(event) if self.has_stream => self.on(ClientEvent::Stream(event)),
            Step::Browser(event) => self.on(event),
            Step::Wait(ms) => self.wait(ms),
            Step::Stream(..) | Step::Break(_) => {}
        }
    }

    /// Lets time pass without further faults, and answers every request.
    fn recover(&mut self, server: &Server) {
        self.on(ClientEvent::Visible(true));
        self.on(ClientEvent::Resumed);
        for _ in 0..100 {
            while let Some(request) = self.requests.pop_front() {
                self.respond(request, server, false);
            }
            self.wait(10_000);
            if self.has_stream {
                let event = StreamEvent::Heartbeat(Some(server.head()));
                self.on(ClientEvent::Stream(event));
            }
        }
        if self.scope == PageScope::Summary {
            // Its row is shown from the data of the entry, which this model leaves out.
            self.on(ClientEvent::PageOutdated);
            while let Some(request) = self.requests.pop_front() {
                self.respond(request, server, false);
            }
        }
    }
}

proptest! {
    /// Whatever arrives, is repeated, reordered or lost: a client never sends two requests of a
    /// kind at once, and in the end its page shows the server's state.
    #[test]
    fn clients_converge(
        scope in prop::sample::select(vec![PageScope::Everything, PageScope::Latest, PageScope::Summary]),
        before in prop::collection::vec((0_i64..6, prop::option::weighted(0.8, "[a-z]{1,3}")), 0..6),
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let mut server = Server {
            log: before.into_iter().map(|(id, html)| (UpdateId(id), html)).collect(),
            ..Server::default()
        };
        let mut browser = Browser::open(scope, &server);
        for step in steps {
            browser.step(step, &mut server);
        }
        browser.recover(&server);
        prop_assert_eq!(&browser.page, &server.page(server.rev()));
        prop_assert_eq!(browser.client.cursor(), &server.cursor());
    }
}

/// Returns a client at revision 2 of the server, with a stream.
fn streaming(scope: PageScope, server: &Server) -> Client {
    let transport = Transport::Sse;
    let mut client = Client::new(scope, server.cursor(), transport, true, false, 0);
    let opened = client.on(ClientEvent::Tick, 0, 0.0);
    assert_eq!(opened, [Action::OpenStream(Transport::Sse)]);
    client
}

fn server() -> Server {
    let mut server = Server::default();
    for id in 1..=2 {
        server.log.push((UpdateId(id), Some("text".to_owned())));
    }
    server
}

#[test]
fn batch_is_shown_and_a_gap_is_fetched() {
    let mut server = server();
    let mut client = streaming(PageScope::Everything, &server);
    server.log.push((UpdateId(3), Some("new".to_owned())));
    let batch = server.batch(2, 3, LIMIT);
    let event = ClientEvent::Stream(StreamEvent::Batch(Some(batch.clone())));
    let shown = Action::Show {
        changes: batch.changes,
        entries: Vec::new(),
        room: None,
    };
    assert_eq!(client.on(event, 1, 0.0), [shown]);
    assert_eq!(client.cursor(), &server.cursor());

    server.log.push((UpdateId(4), None));
    server.log.push((UpdateId(5), None));
    let late = ClientEvent::Stream(StreamEvent::Batch(Some(server.batch(4, 5, LIMIT))));
    let fetch = Action::FetchChanges("e1.3".parse().unwrap(), 0);
    assert_eq!(client.on(late.clone(), 2, 0.0), [fetch]);
    assert_eq!(client.on(late, 3, 0.0), [], "the request is in flight");
}

#[test]
fn change_that_is_missed_during_a_request_is_fetched_after_it() {
    let mut server = server();
    let mut client = streaming(PageScope::Everything, &server);
    let undecodable = || ClientEvent::Stream(StreamEvent::Batch(None));
    let fetched = |batch| ClientEvent::Changes(Fetched::Received(batch));
    let requests = |actions: Vec<Action>| -> Vec<Action> {
        let is_request = |action: &Action| matches!(action, Action::FetchChanges(..));
        actions.into_iter().filter(is_request).collect()
    };
    server.log.push((UpdateId(3), None));
    assert_eq!(requests(client.on(undecodable(), 1, 0.0)).len(), 1);
    // The server has already responded when the next change is made.
    let response = server.batch(2, 3, LIMIT);
    server.log.push((UpdateId(4), None));
    assert_eq!(client.on(undecodable(), 2, 0.0), []);
    let again = Action::FetchChanges("e1.3".parse().unwrap(), 0);
    assert_eq!(requests(client.on(fetched(response), 3, 0.0)), [again]);
    let rest = server.batch(3, 4, LIMIT);
    assert_eq!(requests(client.on(fetched(rest), 4, 0.0)), []);
    assert_eq!(client.cursor(), &server.cursor());
}

#[test]
fn change_that_is_missed_during_a_reset_is_fetched_after_it() {
    let mut client = streaming(PageScope::Everything, &server());
    let mut restored = Server {
        epoch: Epoch::parse("e2").unwrap(),
        ..server()
    };
    let stream = |batch| ClientEvent::Stream(StreamEvent::Batch(Some(batch)));
    client.on(stream(restored.batch(1, 2, LIMIT)), 1, 0.0);
    let everything = restored.batch(0, 2, LIMIT);
    restored.log.push((UpdateId(3), None));
    assert_eq!(client.on(stream(restored.batch(2, 3, LIMIT)), 2, 0.0), []);
    let event = ClientEvent::Changes(Fetched::Received(everything.clone()));
    assert_eq!(
        client.on(event, 3, 0.0),
        [
            Action::Replace(vec![everything]),
            Action::FetchChanges("e2.2".parse().unwrap(), 0),
        ]
    );
}

#[test]
fn response_that_does_not_continue_at_the_cursor_counts_as_failed() {
    let mut server = server();
    let mut client = streaming(PageScope::Everything, &server);
    client.on(ClientEvent::Stream(StreamEvent::Batch(None)), 1, 0.0);
    server.log.push((UpdateId(3), None));
    server.log.push((UpdateId(4), None));
    for wrong in [
        server.batch(3, 4, LIMIT),
        Batch {
            more: true,
            ..server.batch(2, 2, LIMIT)
        },
    ] {
        let actions = client.on(ClientEvent::Changes(Fetched::Received(wrong)), 2, 0.0);
        let is_fetch = |action: &Action| matches!(action, Action::FetchChanges(..));
        assert!(!actions.iter().any(is_fetch), "{actions:?}");
        client.on(ClientEvent::Stream(StreamEvent::Batch(None)), 3, 0.0);
    }
}

#[test]
fn reset_replaces_everything_once_it_has_arrived() {
    let mut client = streaming(PageScope::Everything, &server());
    let restored = Server {
        epoch: Epoch::parse("e2").unwrap(),
        log: (1..=5)
            .map(|id| (UpdateId(id), Some("new".to_owned())))
            .collect(),
    };
    let reset = Reset::new(restored.epoch, restored.rev());
    let event = ClientEvent::Stream(StreamEvent::Reset(Some(reset)));
    let fetch = Action::FetchChanges("e2.0".parse().unwrap(), 250);
    assert_eq!(client.on(event, 1, 0.25), [Action::CloseStream, fetch]);

    let first = restored.batch(0, 5, LIMIT);
    let more = client.on(
        ClientEvent::Changes(Fetched::Received(first.clone())),
        2,
        0.0,
    );
    let next = Action::FetchChanges("e2.3".parse().unwrap(), 0);
    assert_eq!(more, [next], "nothing is shown yet");
    assert_eq!(client.cursor(), &server().cursor());

    let last = restored.batch(3, 5, LIMIT);
    let actions = client.on(
        ClientEvent::Changes(Fetched::Received(last.clone())),
        3,
        0.0,
    );
    assert_eq!(actions[0], Action::Replace(vec![first, last]));
    assert_eq!(client.cursor(), &restored.cursor());
}

#[test]
fn page_of_many_entries_recovers_by_fetching_the_page() {
    for (scope, merge) in [(PageScope::Latest, true), (PageScope::Summary, false)] {
        let mut client = streaming(scope, &server());
        let fetch = |delay| vec![Action::FetchPage(delay)];
        assert_eq!(client.on(ClientEvent::PageOutdated, 1, 0.5), fetch(500));
        assert_eq!(
            client.on(ClientEvent::PageOutdated, 1, 0.5),
            [],
            "{scope:?}"
        );
        assert_eq!(client.on(ClientEvent::Page(None), 2, 0.0), fetch(10_000));
        let old = ClientEvent::Page(Some("e1.1".parse().unwrap()));
        assert_eq!(client.on(old, 3, 0.0), fetch(2_000), "from a cache");

        let current = ClientEvent::Page(Some("e1.4".parse().unwrap()));
        let cursor = if merge { "e1.2" } else { "e1.4" };
        let catch_up = Action::FetchChanges(cursor.parse().unwrap(), 0);
        let actions = client.on(current, 4, 0.0);
        assert_eq!(actions, [Action::ShowPage { merge }, catch_up], "{scope:?}");
    }
}

#[test]
fn page_of_another_epoch_replaces_what_is_shown() {
    let mut client = streaming(PageScope::Latest, &server());
    client.on(ClientEvent::PageOutdated, 1, 0.0);
    let page = ClientEvent::Page(Some("e2.1".parse().unwrap()));
    let actions = client.on(page, 2, 0.0);
    assert_eq!(actions[0], Action::ShowPage { merge: false });
    assert_eq!(client.cursor().to_string(), "e2.1");
}

#[test]
fn page_is_at_least_as_new_as_a_change_that_an_older_page_would_undo() {
    let mut server = server();
    let mut client = streaming(PageScope::Latest, &server);
    client.on(ClientEvent::PageOutdated, 1, 0.0);
    server.log.push((UpdateId(1), None));
    let deletion = StreamEvent::Batch(Some(server.batch(2, 3, LIMIT)));
    client.on(ClientEvent::Stream(deletion), 2, 0.0);
    client.on(ClientEvent::NewerPageRequired, 3, 0.0);
    let older = ClientEvent::Page(Some("e1.2".parse().unwrap()));
    assert_eq!(client.on(older, 4, 0.0), [Action::FetchPage(2_000)]);
}
