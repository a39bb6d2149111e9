use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

/// Returns a submission with one attempt, which had `result`.
fn after(result: AttemptResult) -> (Submission, Next) {
    let mut submission = Submission::default();
    submission.start();
    let next = submission.finish(result, 1_000, 0.0);
    (submission, next)
}

fn reloaded(submission: &Submission) -> Submission {
    serde_json::from_str(&serde_json::to_string(submission).unwrap()).unwrap()
}

#[test]
fn request_without_a_response_is_retried_and_in_doubt() {
    for result in [AttemptResult::NoResponse, AttemptResult::Unavailable] {
        let (submission, next) = after(result);
        assert_eq!(next, Next::RetryAt(1_500));
        assert!(submission.is_in_doubt());
    }
}

#[test]
fn refused_request_waits_for_its_author() {
    let (mut submission, next) = after(AttemptResult::Refused);
    assert_eq!(next, Next::Refused);
    assert!(submission.is_refused() && !submission.is_in_doubt());
    assert!(reloaded(&submission).is_refused());
    submission.retry_now();
    assert!(!submission.is_refused());
}

#[test]
fn refused_request_is_in_doubt_while_an_earlier_attempt_has_no_response() {
    let (mut submission, _) = after(AttemptResult::NoResponse);
    submission.start();
    submission.finish(AttemptResult::Refused, 2_000, 0.0);
    assert!(submission.is_refused() && submission.is_in_doubt());
}

#[test]
fn request_in_an_ended_session_is_sent_after_the_login() {
    let (submission, next) = after(AttemptResult::Unauthenticated);
    assert_eq!(next, Next::LogIn);
    assert!(!submission.is_in_doubt());
    assert_eq!(next_due([("1", &submission)], 1_000), Due::Now(0));
}

#[test]
fn pauses_grow_to_half_a_minute_and_never_end() {
    let pauses = |jitter| {
        let mut submission = Submission::default();
        let pauses = (0..8).map(|_| {
            submission.start();
            match submission.finish(AttemptResult::NoResponse, 0, jitter) {
                Next::RetryAt(at) => at,
                next => panic!("{next:?}"),
            }
        });
        pauses.collect::<Vec<_>>()
    };
    assert_eq!(
        pauses(0.0)[..7],
        [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]
    );
    assert_eq!(
        pauses(1.0)[..7],
        [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
    );
    assert_eq!(pauses(0.0)[7], 15_000);
}

#[test]
fn retry_by_the_author_is_due_at_once_and_starts_with_short_pauses() {
    let (mut submission, _) = after(AttemptResult::NoResponse);
    for _ in 0..100 {
        submission.start();
        submission.finish(AttemptResult::NoResponse, 0, 0.0);
    }
    submission.retry_now();
    assert_eq!(next_due([("1", &submission)], 0), Due::Now(0));
    submission.start();
    let next = submission.finish(AttemptResult::NoResponse, 0, 0.0);
    assert_eq!(next, Next::RetryAt(500));
}

#[test]
fn reloaded_page_retries_at_once_and_knows_that_the_outcome_is_open() {
    let mut submission = Submission::default();
    submission.start();
    // The page is closed before a response arrives.
    let mut submission = reloaded(&submission);
    assert!(submission.is_in_doubt());
    assert_eq!(next_due([("1", &submission)], 0), Due::Now(0));
    submission.start();
    submission.finish(AttemptResult::Refused, 5_000, 0.0);
    assert!(submission.is_in_doubt());
}

#[test]
fn requests_to_one_live_blog_are_sent_in_order() {
    let fresh = Submission::default();
    let (waiting, _) = after(AttemptResult::NoResponse);
    let (refused, _) = after(AttemptResult::Refused);
    assert_eq!(next_due([], 0), Due::Nothing);
    assert_eq!(next_due([("1", &refused)], 0), Due::Nothing);
    assert_eq!(next_due([("1", &refused), ("1", &fresh)], 0), Due::Now(1));
    // The first waits until 1,500.
    let queue = [("1", &waiting), ("1", &fresh)];
    assert_eq!(next_due(queue, 1_499), Due::At(1_500));
    assert_eq!(next_due(queue, 1_500), Due::Now(0));
    // Another live blog's requests don't wait for it.
    let queue = [("1", &waiting), ("1", &fresh), ("2", &fresh)];
    assert_eq!(next_due(queue, 1_000), Due::Now(2));
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
        Just(AttemptResult::Done),
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

/// A server that carries out each operation id once.
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
        if trial.server == AttemptResult::Done {
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
    /// Each request is carried out at most once, in the author's order, and exactly once if the
    /// author receives a confirmation, whichever messages are lost, late or rejected, and however
    /// often the page is reloaded. A request that was not carried out, and is not in doubt, never
    /// is later.
    #[test]
    fn requests_are_carried_out_once(trials in prop::collection::vec(trial(), 1..60)) {
        let mut queue: VecDeque<(String, Submission)> =
            (0..3).map(|n| (format!("id-{n}"), Submission::default())).collect();
        let mut server = Server::default();
        let mut now = 0;
        for trial in trials {
            if trial.late_arrives {
                server.receive_late();
            }
            if trial.reload {
                for (_, submission) in &mut queue {
                    *submission = reloaded(submission);
                }
            }
            let due = next_due(queue.iter().map(|(_, it)| ("1", it)), now);
            let Due::Now(at) = due else {
                match due {
                    Due::At(at) => now = at,
                    _ => queue.iter_mut().for_each(|(_, it)| it.retry_now()),
                }
                continue;
            };
            let before = queue.iter().take(at);
            prop_assert!(before.clone().all(|(_, it)| it.is_refused()), "out of order");
            let (op_id, submission) = &mut queue[at];
            submission.start();
            let result = server.attempt(op_id, trial);
            match submission.finish(result, now, trial.jitter) {
                Next::Done => {
                    prop_assert!(server.published.contains(op_id));
                    queue.remove(at);
                }
                Next::RetryAt(at) => prop_assert!(at > now && at <= now + LONGEST_PAUSE_MS),
                Next::Refused | Next::LogIn => now += 1,
            }
        }
        while !server.late.is_empty() {
            server.receive_late();
        }
        for (op_id, submission) in &queue {
            let is_published = server.published.contains(op_id);
            prop_assert!(!is_published || submission.is_in_doubt(), "{op_id}");
        }
    }
}
