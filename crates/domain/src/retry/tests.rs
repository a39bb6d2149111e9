use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn op_id(name: &str) -> impl FnOnce() -> String {
    let name = name.to_owned();
    move || name
}

/// Returns a submission with one attempt, with the operation id `first`, that had `result`.
fn after(result: AttemptResult) -> (Submission, Next) {
    let mut submission = Submission::default();
    submission.start(op_id("first"), 1_000);
    let next = submission.finish(result, 1_000, 0.0);
    (submission, next)
}

#[test]
fn post_without_a_response_is_resent_with_the_same_op_id() {
    for result in [AttemptResult::NoResponse, AttemptResult::Unavailable] {
        let (mut submission, next) = after(result);
        assert_eq!(next, Next::RetryAt(1_500));
        let attempt = submission.start(op_id("second"), 4_000);
        assert_eq!(attempt.op_id, "first");
        assert_eq!(attempt.waited_ms, 3_000);
    }
}

#[test]
fn published_post_drops_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Published);
    assert_eq!(next, Next::Published);
    assert!(!submission.is_in_doubt());
    let attempt = submission.start(op_id("second"), 4_000);
    assert_eq!((&*attempt.op_id, attempt.waited_ms), ("second", 0));
}

#[test]
fn rejected_post_drops_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Refused);
    assert_eq!(next, Next::Refused);
    assert_eq!(submission.start(op_id("second"), 4_000).op_id, "second");
}

#[test]
fn rejection_keeps_the_op_id_while_an_earlier_attempt_may_be_published() {
    let (mut submission, _) = after(AttemptResult::NoResponse);
    submission.start(op_id("second"), 2_000);
    assert_eq!(
        submission.finish(AttemptResult::Refused, 2_000, 0.0),
        Next::Refused
    );
    assert!(submission.is_in_doubt());
    assert_eq!(submission.start(op_id("third"), 3_000).op_id, "first");
}

#[test]
fn post_in_an_ended_session_keeps_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Unauthenticated);
    assert_eq!(next, Next::LogIn);
    assert_eq!(submission.start(op_id("second"), 2_000).op_id, "first");
}

#[test]
fn changed_text_gets_a_new_op_id() {
    let (mut submission, _) = after(AttemptResult::NoResponse);
    assert!(submission.edit(), "the previous text may be published");
    assert_eq!(submission.start(op_id("second"), 2_000).op_id, "second");
    let (mut submission, _) = after(AttemptResult::Unauthenticated);
    assert!(!submission.edit());
}

#[test]
fn pauses_grow_until_the_author_has_to_retry() {
    let pauses = |jitter| {
        let mut submission = Submission::default();
        let mut pauses = Vec::new();
        loop {
            submission.start(op_id("first"), 0);
            match submission.finish(AttemptResult::NoResponse, 0, jitter) {
                Next::RetryAt(at) => pauses.push(at),
                Next::WaitForAuthor => return (submission, pauses),
                next => panic!("{next:?}"),
            }
        }
    };
    assert_eq!(pauses(0.0).1, [500, 1_000, 2_000, 4_000, 8_000, 15_000]);
    assert_eq!(pauses(1.0).1, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    // When the author sends it, the same number of retries follows, with the same id.
    let (mut submission, _) = pauses(0.5);
    assert_eq!(submission.start(op_id("second"), 0).op_id, "first");
    assert!(matches!(
        submission.finish(AttemptResult::NoResponse, 0, 0.5),
        Next::RetryAt(750)
    ));
}

#[test]
fn reloaded_page_continues_with_the_same_op_id() {
    let mut submission = Submission::default();
    submission.start(op_id("first"), 1_000);
    // The page is closed before a response arrives.
    let stored = serde_json::to_string(&submission).unwrap();
    let mut submission: Submission = serde_json::from_str(&stored).unwrap();
    assert!(submission.is_in_doubt());
    let attempt = submission.start(op_id("second"), 5_000);
    assert_eq!((&*attempt.op_id, attempt.waited_ms), ("first", 4_000));
    submission.finish(AttemptResult::Refused, 5_000, 0.0);
    assert!(submission.is_in_doubt());
}

#[test]
fn submission_stored_by_an_older_version_is_in_doubt() {
    let stored = r#"{"sent_as":"first","sent_at":1000}"#;
    let mut submission: Submission = serde_json::from_str(stored).unwrap();
    submission.start(op_id("second"), 2_000);
    submission.finish(AttemptResult::Refused, 2_000, 0.0);
    assert_eq!(submission.start(op_id("third"), 2_000).op_id, "first");
    let stored = r#"{"sent_as":null,"sent_at":null}"#;
    let submission: Submission = serde_json::from_str(stored).unwrap();
    assert!(!submission.is_in_doubt());
}

/// What happens to a request on its way to the server.
#[derive(Clone, Copy, Debug)]
enum Request {
    Lost,
    Arrives,
    /// It arrives after the client's timeout, and after some other requests.
    ArrivesLate,
}

/// One attempt on a bad network.
#[derive(Clone, Copy, Debug)]
struct Trial {
    request: Request,
    /// The server's response to a request that arrives in time.
    server: AttemptResult,
    response_lost: bool,
    /// Whether a late request arrives before this attempt.
    late_arrives: bool,
    /// Whether the page is reloaded before this attempt.
    reload: bool,
    jitter: f64,
}

fn trial() -> impl Strategy<Value = Trial> {
    let request = prop_oneof![
        Just(Request::Lost),
        Just(Request::Arrives),
        Just(Request::Arrives),
        Just(Request::ArrivesLate),
    ];
    let server = prop_oneof![
        Just(AttemptResult::Published),
        Just(AttemptResult::Refused),
        Just(AttemptResult::Unauthenticated),
        Just(AttemptResult::Unavailable),
    ];
    let chance = (any::<bool>(), any::<bool>(), any::<bool>(), 0.0..1.0);
    (request, server, chance).prop_map(
        |(request, server, (response_lost, late_arrives, reload, jitter))| Trial {
            request,
            server,
            response_lost,
            late_arrives,
            reload,
            jitter,
        },
    )
}

/// A server that publishes each operation id once.
#[derive(Default)]
struct Server {
    published: HashSet<String>,
    late: VecDeque<String>,
}

impl Server {
    fn receive_late(&mut self) {
        self.published.extend(self.late.pop_front());
    }

    /// Returns the result of an attempt as the author's page sees it.
    fn attempt(&mut self, op_id: &str, trial: Trial) -> AttemptResult {
        match trial.request {
            Request::Lost => return AttemptResult::NoResponse,
            Request::ArrivesLate => {
                self.late.push_back(op_id.to_owned());
                return AttemptResult::NoResponse;
            }
            Request::Arrives => {}
        }
        if trial.server == AttemptResult::Published {
            self.published.insert(op_id.to_owned());
        }
        if trial.response_lost {
            AttemptResult::NoResponse
        } else {
            trial.server
        }
    }
}

proptest! {
    /// One text is published at most once, and exactly once if the author receives a confirmation,
    /// whichever messages are lost, late or rejected, and however often the page is reloaded.
    #[test]
    fn one_text_is_published_once(trials in prop::collection::vec(trial(), 1..30)) {
        let mut submission = Submission::default();
        let mut server = Server::default();
        let (mut now, mut ids, mut confirmed) = (0, 0, false);
        for trial in trials {
            if trial.late_arrives {
                server.receive_late();
            }
            if trial.reload {
                let stored = serde_json::to_string(&submission).unwrap();
                submission = serde_json::from_str(&stored).unwrap();
            }
            let attempt = submission.start(|| { ids += 1; format!("id-{ids}") }, now);
            let result = server.attempt(&attempt.op_id, trial);
            match submission.finish(result, now, trial.jitter) {
                Next::Published => {
                    confirmed = true;
                    break;
                }
                Next::RetryAt(at) => {
                    prop_assert!(at > now && at <= now + LONGEST_PAUSE_MS);
                    now = at;
                }
                Next::Refused | Next::LogIn | Next::WaitForAuthor => now += 1,
            }
        }
        while !server.late.is_empty() {
            server.receive_late();
        }
        let published = server.published.len();
        prop_assert!(published <= 1, "{:?}", server.published);
        prop_assert!(!confirmed || published == 1);
        prop_assert!(confirmed || published == 0 || submission.is_in_doubt(), "the post would be resent with a new op_id");
    }
}
