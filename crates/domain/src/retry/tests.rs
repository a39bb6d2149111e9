use std::collections::{HashSet, VecDeque};

use proptest::prelude::*;

use super::*;

fn named(name: &str) -> impl FnOnce() -> String {
    let name = name.to_owned();
    move || name
}

/// A submission of which one attempt, under the name `first`, came to `result`.
fn after(result: AttemptResult) -> (Submission, Next) {
    let mut submission = Submission::default();
    submission.start(named("first"), 1_000);
    let next = submission.finish(result, 1_000, 0.0);
    (submission, next)
}

#[test]
fn a_post_without_an_answer_is_sent_again_under_the_same_op_id() {
    for result in [AttemptResult::NoAnswer, AttemptResult::Unavailable] {
        let (mut submission, next) = after(result);
        assert_eq!(next, Next::RetryAt(1_500));
        let attempt = submission.start(named("second"), 4_000);
        assert_eq!(attempt.op_id, "first");
        assert_eq!(attempt.waited_ms, 3_000);
    }
}

#[test]
fn a_published_post_frees_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Published);
    assert_eq!(next, Next::Published);
    assert!(!submission.is_in_doubt());
    let attempt = submission.start(named("second"), 4_000);
    assert_eq!((&*attempt.op_id, attempt.waited_ms), ("second", 0));
}

#[test]
fn a_refused_post_frees_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Refused);
    assert_eq!(next, Next::Refused);
    assert_eq!(submission.start(named("second"), 4_000).op_id, "second");
}

#[test]
fn a_refusal_keeps_the_op_id_while_an_earlier_attempt_may_be_published() {
    let (mut submission, _) = after(AttemptResult::NoAnswer);
    submission.start(named("second"), 2_000);
    assert_eq!(
        submission.finish(AttemptResult::Refused, 2_000, 0.0),
        Next::Refused
    );
    assert!(submission.is_in_doubt());
    assert_eq!(submission.start(named("third"), 3_000).op_id, "first");
}

#[test]
fn a_post_of_a_session_that_ended_keeps_its_op_id() {
    let (mut submission, next) = after(AttemptResult::Unauthenticated);
    assert_eq!(next, Next::LogIn);
    assert_eq!(submission.start(named("second"), 2_000).op_id, "first");
}

#[test]
fn another_text_is_another_post() {
    let (mut submission, _) = after(AttemptResult::NoAnswer);
    assert!(submission.edit(), "the text before may be published");
    assert_eq!(submission.start(named("second"), 2_000).op_id, "second");
    let (mut submission, _) = after(AttemptResult::Unauthenticated);
    assert!(!submission.edit());
}

#[test]
fn pauses_grow_and_end_with_the_author() {
    let pauses = |jitter| {
        let mut submission = Submission::default();
        let mut pauses = Vec::new();
        loop {
            submission.start(named("first"), 0);
            match submission.finish(AttemptResult::NoAnswer, 0, jitter) {
                Next::RetryAt(at) => pauses.push(at),
                Next::AskAuthor => return (submission, pauses),
                next => panic!("{next:?}"),
            }
        }
    };
    assert_eq!(pauses(0.0).1, [500, 1_000, 2_000, 4_000, 8_000, 15_000]);
    assert_eq!(pauses(1.0).1, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    // Sent by the author, it is tried as often again, and under the same name.
    let (mut submission, _) = pauses(0.5);
    assert_eq!(submission.start(named("second"), 0).op_id, "first");
    assert!(matches!(
        submission.finish(AttemptResult::NoAnswer, 0, 0.5),
        Next::RetryAt(750)
    ));
}

#[test]
fn a_page_that_is_reloaded_goes_on_under_the_same_op_id() {
    let mut submission = Submission::default();
    submission.start(named("first"), 1_000);
    // The page is gone before an answer comes.
    let stored = serde_json::to_string(&submission).unwrap();
    let mut submission: Submission = serde_json::from_str(&stored).unwrap();
    assert!(submission.is_in_doubt());
    let attempt = submission.start(named("second"), 5_000);
    assert_eq!((&*attempt.op_id, attempt.waited_ms), ("first", 4_000));
    submission.finish(AttemptResult::Refused, 5_000, 0.0);
    assert!(submission.is_in_doubt());
}

#[test]
fn what_an_older_page_stored_is_in_doubt() {
    let stored = r#"{"sent_as":"first","sent_at":1000}"#;
    let mut submission: Submission = serde_json::from_str(stored).unwrap();
    submission.start(named("second"), 2_000);
    submission.finish(AttemptResult::Refused, 2_000, 0.0);
    assert_eq!(submission.start(named("third"), 2_000).op_id, "first");
    let stored = r#"{"sent_as":null,"sent_at":null}"#;
    let submission: Submission = serde_json::from_str(stored).unwrap();
    assert!(!submission.is_in_doubt());
}

/// How the server receives a request.
#[derive(Clone, Copy, Debug)]
enum Request {
    Lost,
    Arrives,
    /// It arrives once the author has given up on it, after some other requests.
    ArrivesLate,
}

/// One attempt on a bad network.
#[derive(Clone, Copy, Debug)]
struct Trial {
    request: Request,
    /// What the server does with a request that arrives in time.
    server: AttemptResult,
    response_lost: bool,
    /// Whether a request that is late arrives before this attempt.
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

    /// What the author gets of an attempt.
    fn attempt(&mut self, op_id: &str, trial: Trial) -> AttemptResult {
        match trial.request {
            Request::Lost => return AttemptResult::NoAnswer,
            Request::ArrivesLate => {
                self.late.push_back(op_id.to_owned());
                return AttemptResult::NoAnswer;
            }
            Request::Arrives => {}
        }
        if trial.server == AttemptResult::Published {
            self.published.insert(op_id.to_owned());
        }
        if trial.response_lost {
            AttemptResult::NoAnswer
        } else {
            trial.server
        }
    }
}

proptest! {
    /// Whatever is lost, late or refused, and however often the page is reloaded: one text is
    /// published once at most, and once exactly if the author is told so.
    #[test]
    fn one_text_is_published_once(trials in prop::collection::vec(trial(), 1..30)) {
        let mut submission = Submission::default();
        let mut server = Server::default();
        let (mut now, mut names, mut told) = (0, 0, false);
        for trial in trials {
            if trial.late_arrives {
                server.receive_late();
            }
            if trial.reload {
                let stored = serde_json::to_string(&submission).unwrap();
                submission = serde_json::from_str(&stored).unwrap();
            }
            let attempt = submission.start(|| { names += 1; format!("name-{names}") }, now);
            let result = server.attempt(&attempt.op_id, trial);
            match submission.finish(result, now, trial.jitter) {
                Next::Published => {
                    told = true;
                    break;
                }
                Next::RetryAt(at) => {
                    prop_assert!(at > now && at <= now + LONGEST_PAUSE_MS);
                    now = at;
                }
                Next::Refused | Next::LogIn | Next::AskAuthor => now += 1,
            }
        }
        while !server.late.is_empty() {
            server.receive_late();
        }
        let published = server.published.len();
        prop_assert!(published <= 1, "{:?}", server.published);
        prop_assert!(!told || published == 1);
        prop_assert!(told || published == 0 || submission.is_in_doubt(), "it could be sent again");
    }
}
