use proptest::prelude::*;

use super::*;

const HEAD: Input = Input::HeadReceived {
    state: EntryState::Live,
    interval_ms: 5_000,
    transport: Transport::Auto,
    is_behind: false,
};

/// Lets `seconds` pass without any result, and collects the commands.
fn wait(connection: &mut Connection, now: &mut u64, seconds: u64) -> Vec<Command> {
    let mut commands = Vec::new();
    for _ in 0..seconds {
        *now += 1_000;
        commands.extend(connection.on(Input::Tick, *now, 0.5));
    }
    commands
}

fn visible() -> Connection {
    Connection::new(Transport::Auto, true, false, 0)
}

#[test]
fn visible_page_streams_and_does_not_poll() {
    let mut page = visible();
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
    assert_eq!(page.status(), ConnectionStatus::Connecting);
    let mut now = 0;
    for _ in 0..20 {
        assert_eq!(page.on(Input::BatchReceived, now, 0.5), []);
        assert_eq!(wait(&mut page, &mut now, 15), []);
        assert_eq!(page.status(), ConnectionStatus::Live);
    }
}

#[test]
fn page_polls_within_a_second_of_a_failed_stream() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.9);
    assert_eq!(page.on(Input::StreamFailed, 50, 0.9), []);
    assert_eq!(
        page.status(),
        ConnectionStatus::Connecting,
        "polling has not been tried yet"
    );
    assert_eq!(
        page.on(Input::Tick, 1_000, 0.9),
        [Command::OpenStream, Command::FetchHead]
    );
    page.on(HEAD, 1_080, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
}

#[test]
fn silent_stream_is_closed_and_retried() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    let commands = wait(&mut page, &mut now, 9);
    assert!(commands.contains(&Command::CloseStream), "{commands:?}");
    assert!(commands.contains(&Command::FetchHead), "{commands:?}");

    page.on(Input::BatchReceived, now, 0.5);
    let commands = wait(&mut page, &mut now, 41);
    assert!(commands.contains(&Command::CloseStream), "{commands:?}");
    assert!(commands.contains(&Command::OpenStream), "{commands:?}");
}

#[test]
fn hidden_page_closes_its_stream_and_polls_once_a_minute() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(
        page.on(Input::Visible(false), now, 0.5),
        [Command::CloseStream]
    );
    let mut polls = 0;
    for command in (0..600).flat_map(|_| {
        let commands = wait(&mut page, &mut now, 1);
        if commands.contains(&Command::FetchHead) {
            page.on(HEAD, now, 0.5);
        }
        commands
    }) {
        assert_eq!(command, Command::FetchHead);
        polls += 1;
    }
    assert!((9..=12).contains(&polls), "{polls} polls in ten minutes");
    assert_eq!(
        page.on(Input::Visible(true), now, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
}

#[test]
fn page_of_an_ended_entry_polls_slowly_and_streams_when_it_reopens() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(
        page.on(Input::Bye, now, 0.5),
        [Command::CloseStream, Command::CatchUp]
    );
    assert_eq!(page.status(), ConnectionStatus::Ended);
    assert_eq!(wait(&mut page, &mut now, 61), [Command::FetchHead]);
    assert_eq!(page.on(HEAD, now, 0.5), [Command::OpenStream]);
}

#[test]
fn offline_page_polls_seldom() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(page.on(Input::Offline, now, 0.5), [Command::CloseStream]);
    let polls = wait(&mut page, &mut now, 90);
    assert_eq!(polls, [Command::FetchHead; 2], "polling goes on, seldom");
    assert_eq!(page.status(), ConnectionStatus::Offline);
    assert_eq!(
        page.on(Input::Resumed, now, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
}

#[test]
fn two_events_of_one_wake_up_open_one_stream() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    page.on(Input::BatchReceived, 0, 0.5);
    page.on(Input::Visible(false), 10, 0.5);
    assert_eq!(
        page.on(Input::Visible(true), 90_000, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
    assert_eq!(page.on(Input::Resumed, 90_005, 0.5), [Command::CatchUp]);
    assert_eq!(
        page.on(Input::Resumed, 95_000, 0.5),
        [Command::CloseStream, Command::CatchUp, Command::OpenStream],
        "a stream requested before the network came back may be lost"
    );
}

#[test]
fn polling_page_requests_head_at_once() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::FetchHead]);
}

#[test]
fn server_can_change_the_transport_and_change_it_back() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    page.on(Input::BatchReceived, 0, 0.5);
    let heartbeat = |transport| Input::Heartbeat {
        interval_ms: 2_000,
        transport,
        is_behind: false,
    };
    assert_eq!(
        page.on(heartbeat(Transport::Poll), 10, 0.5),
        [Command::CloseStream]
    );
    assert_eq!(page.on(Input::Tick, 2_100, 0.5), [Command::FetchHead]);
    assert_eq!(
        page.on(HEAD, 2_200, 0.5),
        [Command::OpenStream],
        "the server withdraws its preference"
    );
}

#[test]
fn first_heartbeat_does_not_cause_a_catch_up_but_later_ones_do() {
    let mut page = visible();
    let ahead = Input::Heartbeat {
        interval_ms: 5_000,
        transport: Transport::Auto,
        is_behind: true,
    };
    page.on(Input::Tick, 0, 0.5);
    assert_eq!(page.on(ahead, 10, 0.5), []);
    assert_eq!(page.on(ahead, 15_000, 0.5), [Command::CatchUp]);
}

#[test]
fn page_with_only_streams_polls_while_its_entry_is_ended() {
    let mut page = Connection::new(Transport::Sse, true, true, 0);
    let mut now = 0;
    assert_eq!(wait(&mut page, &mut now, 6), [Command::FetchHead]);
    assert_eq!(page.on(HEAD, now, 0.5), [Command::OpenStream]);
}

#[test]
fn polls_keep_their_interval_while_streams_are_retried() {
    let mut page = visible();
    let (mut now, mut polls, mut streams) = (0, 0, 0);
    let minute = Input::HeadReceived {
        state: EntryState::Live,
        interval_ms: 60_000,
        transport: Transport::Auto,
        is_behind: false,
    };
    let mut todo = page.on(Input::Tick, now, 0.5);
    while now < 600_000 {
        for command in std::mem::take(&mut todo) {
            match command {
                // As at the stream limit: rejected at once.
                Command::OpenStream => {
                    streams += 1;
                    todo.extend(page.on(Input::StreamFailed, now, 0.5));
                }
                Command::FetchHead => {
                    polls += 1;
                    todo.extend(page.on(minute, now, 0.5));
                }
                Command::CloseStream | Command::CatchUp => {}
            }
        }
        todo.extend(wait(&mut page, &mut now, 1));
        if polls > 0 {
            assert_eq!(page.status(), ConnectionStatus::Polling);
        }
    }
    assert!((10..=12).contains(&polls), "{polls} polls in ten minutes");
    assert!((30..=50).contains(&streams), "{streams} stream attempts");
}

#[test]
fn page_returns_to_a_stream_once_one_opens() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::StreamFailed, now, 0.5);
    assert_eq!(
        wait(&mut page, &mut now, 1),
        [Command::OpenStream, Command::FetchHead]
    );
    page.on(HEAD, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    assert_eq!(wait(&mut page, &mut now, 15), [], "no more polls");
}

/// Lets `seconds` pass in which every request fails at once; returns when each was sent.
fn failing_polls(page: &mut Connection, now: &mut u64, seconds: u64, jitter: f64) -> Vec<u64> {
    let mut polls = Vec::new();
    for _ in 0..seconds {
        *now += 1_000;
        if page
            .on(Input::Tick, *now, jitter)
            .contains(&Command::FetchHead)
        {
            polls.push(*now);
            page.on(Input::FetchFailed, *now, jitter);
        }
    }
    polls
}

#[test]
fn failing_polls_back_off_with_jitter() {
    let pauses = |jitter| {
        let mut page = Connection::new(Transport::Poll, true, false, 0);
        let polls = failing_polls(&mut page, &mut 0, 300, jitter);
        let pauses = polls.windows(2).map(|two| two[1] - two[0]);
        pauses.collect::<Vec<_>>()
    };
    let (longest, middle) = (pauses(1.0), pauses(0.5));
    assert!(longest.is_sorted() && middle.is_sorted());
    assert!(longest[0] <= 6_000, "{longest:?}");
    assert!(
        (30_000..=35_000).contains(longest.last().unwrap()),
        "retries never stop: {longest:?}"
    );
    assert!(middle.last().unwrap() < longest.last().unwrap());
}

#[test]
fn request_without_a_result_does_not_stop_polling() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    let mut now = 0;
    assert_eq!(page.on(Input::Tick, now, 0.5), [Command::FetchHead]);
    page.on(HEAD, now, 0.5);
    let polls = wait(&mut page, &mut now, 60);
    assert!(polls.len() >= 2, "{polls:?}");
    assert_eq!(page.status(), ConnectionStatus::Reconnecting);
}

#[test]
fn polling_backs_off_while_only_head_requests_succeed() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    let is_behind = Input::HeadReceived {
        state: EntryState::Live,
        interval_ms: 1_000,
        transport: Transport::Auto,
        is_behind: true,
    };
    let mut polls = 0;
    for now in (0..120_000).step_by(1_000) {
        if page.on(Input::Tick, now, 0.5).contains(&Command::FetchHead) {
            polls += 1;
            assert_eq!(page.on(is_behind, now, 0.5), [Command::CatchUp]);
            page.on(Input::FetchFailed, now, 0.5);
        }
        assert_ne!(page.status(), ConnectionStatus::Polling);
    }
    assert!(polls < 15, "{polls} polls in two minutes");
    page.on(Input::CaughtUp, 120_000, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
}

#[test]
fn pages_of_an_ended_entry_poll_at_different_times() {
    let polls_at = |jitter| {
        let mut page = visible();
        page.on(Input::Tick, 0, jitter);
        page.on(Input::BatchReceived, 0, jitter);
        page.on(Input::Bye, 0, jitter);
        page.on(Input::CaughtUp, 0, jitter);
        (0..70).find(|second| page.on(Input::Tick, second * 1_000, jitter) == [Command::FetchHead])
    };
    assert_ne!(polls_at(0.0), polls_at(0.9));
}

/// Simulates a buffering proxy for `seconds`: streams deliver their initial events and nothing
/// after, and polls succeed. Returns the times of the polls and of the streams' openings.
fn buffered(page: &mut Connection, now: &mut u64, seconds: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut polls, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..seconds {
        for command in page.on(Input::Tick, *now, 0.5) {
            match command {
                Command::OpenStream => {
                    streams.push(*now);
                    page.on(Input::BatchReceived, *now, 0.5);
                }
                Command::FetchHead => {
                    polls.push(*now);
                    page.on(HEAD, *now, 0.5);
                }
                Command::CloseStream | Command::CatchUp => {}
            }
        }
        *now += 1_000;
    }
    (polls, streams)
}

#[test]
fn page_polls_beside_the_third_stream_that_delivers_only_initial_events() {
    let mut page = visible();
    let mut now = 0;
    let (polls, streams) = buffered(&mut page, &mut now, 600);
    let third = streams[2];
    assert!(third < 70_000, "{streams:?}");
    let late: Vec<_> = polls.into_iter().filter(|at| *at >= third).collect();
    let longest = late.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!(longest <= 6_000, "{longest} ms without a poll");
    assert!(late[0] <= third + 6_000 && now <= late.last().unwrap() + 6_000);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    assert!(streams.len() <= 25, "opened {} times", streams.len());
}

#[test]
fn suspected_stream_is_trusted_again_after_a_later_event() {
    let mut page = visible();
    let mut now = 0;
    let (_, streams) = buffered(&mut page, &mut now, 70);
    assert_eq!(streams.len(), 3);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    assert_eq!(wait(&mut page, &mut now, 15), [], "no more polls");
}

#[test]
fn stream_lost_after_later_events_is_not_suspected() {
    let mut page = visible();
    let mut now = 0;
    for _ in 0..5 {
        assert!(wait(&mut page, &mut now, 3).contains(&Command::OpenStream));
        page.on(Input::BatchReceived, now, 0.5);
        assert_eq!(page.status(), ConnectionStatus::Live);
        wait(&mut page, &mut now, 15);
        page.on(Input::BatchReceived, now, 0.5);
        wait(&mut page, &mut now, 30);
        assert_eq!(page.status(), ConnectionStatus::Live);
        page.on(Input::StreamFailed, now, 0.5);
    }
}

#[test]
fn page_without_a_stream_slot_polls_until_it_gets_one() {
    let mut page = visible();
    let mut now = 0;
    assert_eq!(page.on(Input::Tick, now, 0.5), [Command::OpenStream]);
    assert_eq!(page.on(Input::NoStreamFree, now, 0.5), []);
    assert_eq!(wait(&mut page, &mut now, 1), [Command::FetchHead]);
    page.on(HEAD, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    // It keeps retrying the stream, and polls no more often for that.
    let mut polls = 0;
    for _ in 0..60 {
        for command in wait(&mut page, &mut now, 1) {
            match command {
                Command::OpenStream => assert_eq!(page.on(Input::NoStreamFree, now, 0.5), []),
                Command::FetchHead => {
                    polls += 1;
                    page.on(HEAD, now, 0.5);
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((11..=14).contains(&polls), "{polls} polls in a minute");
    assert!(wait(&mut page, &mut now, 2).contains(&Command::OpenStream));
    page.on(Input::BatchReceived, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    let mut commands = page.on(Input::NoStreamFree, now, 0.5);
    commands.extend(wait(&mut page, &mut now, 1));
    assert!(
        commands.contains(&Command::FetchHead),
        "the page polls after giving up its stream: {commands:?}"
    );
}

fn inputs() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Tick),
        Just(Input::BatchReceived),
        Just(Input::StreamFailed),
        Just(Input::NoStreamFree),
        Just(Input::Bye),
        Just(HEAD),
        Just(Input::FetchFailed),
        Just(Input::CaughtUp),
        any::<bool>().prop_map(Input::Visible),
        Just(Input::Resumed),
        Just(Input::Offline),
    ]
}

proptest! {
    /// After any sequence of events, a visible page with a network tries to connect within 70 s.
    #[test]
    fn visible_page_always_reconnects_within_a_minute(steps in prop::collection::vec((inputs(), 0_u64..20_000, 0.0..1.0), 0..60)) {
        let mut page = visible();
        let mut now = 0;
        for (input, pause, jitter) in steps {
            now += pause;
            page.on(input, now, jitter);
        }
        let mut commands = page.on(Input::Resumed, now, 0.5);
        commands.extend(page.on(Input::Visible(true), now, 0.5));
        commands.extend(wait(&mut page, &mut now, 70));
        prop_assert!(
            commands.iter().any(|c| matches!(c, Command::OpenStream | Command::FetchHead)),
            "{:?} did not try to connect", page
        );
    }

    /// A page never has two streams open.
    #[test]
    fn stream_is_closed_before_another_is_opened(steps in prop::collection::vec((inputs(), 0_u64..50_000, 0.0..1.0), 0..80)) {
        let mut page = visible();
        let (mut now, mut open) = (0, false);
        for (input, pause, jitter) in steps {
            now += pause;
            // A browser reports events only of a stream that is open.
            if matches!(input, Input::BatchReceived | Input::StreamFailed | Input::NoStreamFree | Input::Bye) && !open {
                continue;
            }
            open &= !matches!(input, Input::StreamFailed | Input::NoStreamFree);
            for command in page.on(input, now, jitter) {
                match command {
                    Command::OpenStream => {
                        prop_assert!(!open);
                        open = true;
                    }
                    Command::CloseStream => open = false,
                    Command::FetchHead | Command::CatchUp => {}
                }
            }
        }
    }
}

#[test]
fn explicitly_requested_transport_is_the_only_one_used() {
    for transport in [Transport::Sse, Transport::WebSocket] {
        let mut page = Connection::new(transport, true, false, 0);
        assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
        assert_eq!(page.stream_transport(), transport);
        page.on(Input::StreamFailed, 50, 0.5);
        let mut now = 50;
        let commands = wait(&mut page, &mut now, 10);
        assert!(!commands.contains(&Command::FetchHead), "{commands:?}");
    }
}

#[test]
fn page_polls_if_the_transport_preferred_by_the_server_fails() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    let heartbeat = Input::Heartbeat {
        interval_ms: 2_000,
        transport: Transport::WebSocket,
        is_behind: false,
    };
    page.on(heartbeat, 10, 0.5);
    assert_eq!(page.stream_transport(), Transport::WebSocket);
    page.on(Input::StreamFailed, 20, 0.5);
    let mut now = 20;
    let commands = wait(&mut page, &mut now, 5);
    assert!(commands.contains(&Command::FetchHead), "{commands:?}");
    page.on(HEAD, now, 0.5);
    let transport = page.stream_transport();
    assert_eq!(
        transport,
        Transport::Sse,
        "the server withdrew its preference"
    );
}
