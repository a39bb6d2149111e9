use proptest::prelude::*;

use super::*;

const HEAD: Input = Input::HeadAnswered {
    state: EntryState::Live,
    interval_ms: 5_000,
    transport: Transport::Auto,
    moved: false,
};

/// Lets `seconds` pass, answering nothing, and gathers what the connection wanted.
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
fn a_visible_page_streams_and_does_not_poll() {
    let mut page = visible();
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
    assert_eq!(page.status(), ConnectionStatus::Connecting);
    let mut now = 0;
    for _ in 0..20 {
        assert_eq!(page.on(Input::Heard, now, 0.5), []);
        assert_eq!(wait(&mut page, &mut now, 15), []);
        assert_eq!(page.status(), ConnectionStatus::Live);
    }
}

#[test]
fn a_blocked_stream_is_polled_around_within_a_second() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.9);
    assert_eq!(page.on(Input::StreamFailed, 50, 0.9), []);
    assert_eq!(
        page.status(),
        ConnectionStatus::Connecting,
        "polling isn't tried yet"
    );
    assert_eq!(
        page.on(Input::Tick, 1_000, 0.9),
        [Command::OpenStream, Command::AskHead]
    );
    page.on(HEAD, 1_080, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
}

#[test]
fn a_stream_that_says_nothing_is_given_up() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    let commands = wait(&mut page, &mut now, 9);
    assert!(commands.contains(&Command::CloseStream), "{commands:?}");
    assert!(commands.contains(&Command::AskHead), "{commands:?}");

    page.on(Input::Heard, now, 0.5);
    let commands = wait(&mut page, &mut now, 41);
    assert!(commands.contains(&Command::CloseStream), "{commands:?}");
    assert!(commands.contains(&Command::OpenStream), "{commands:?}");
}

#[test]
fn a_hidden_page_holds_no_stream_and_asks_once_a_minute() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::Heard, now, 0.5);
    assert_eq!(
        page.on(Input::Visible(false), now, 0.5),
        [Command::CloseStream]
    );
    let mut asked = 0;
    for command in (0..600).flat_map(|_| {
        let commands = wait(&mut page, &mut now, 1);
        if commands.contains(&Command::AskHead) {
            page.on(HEAD, now, 0.5);
        }
        commands
    }) {
        assert_eq!(command, Command::AskHead);
        asked += 1;
    }
    assert!(
        (9..=12).contains(&asked),
        "asked {asked} times in ten minutes"
    );
    assert_eq!(
        page.on(Input::Visible(true), now, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
}

#[test]
fn an_ended_entry_is_asked_after_slowly_and_may_reopen() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::Heard, now, 0.5);
    assert_eq!(
        page.on(Input::Bye, now, 0.5),
        [Command::CloseStream, Command::CatchUp]
    );
    assert_eq!(page.status(), ConnectionStatus::Ended);
    assert_eq!(wait(&mut page, &mut now, 61), [Command::AskHead]);
    assert_eq!(page.on(HEAD, now, 0.5), [Command::OpenStream]);
}

#[test]
fn without_a_network_little_is_asked() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::Heard, now, 0.5);
    assert_eq!(page.on(Input::Offline, now, 0.5), [Command::CloseStream]);
    let asked = wait(&mut page, &mut now, 90);
    assert_eq!(asked, [Command::AskHead; 2], "seldom, and not never");
    assert_eq!(page.status(), ConnectionStatus::Offline);
    assert_eq!(
        page.on(Input::Woke, now, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
}

#[test]
fn one_waking_told_twice_opens_one_stream() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    page.on(Input::Heard, 0, 0.5);
    page.on(Input::Visible(false), 10, 0.5);
    assert_eq!(
        page.on(Input::Visible(true), 90_000, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
    assert_eq!(page.on(Input::Woke, 90_005, 0.5), [Command::CatchUp]);
    assert_eq!(
        page.on(Input::Woke, 95_000, 0.5),
        [Command::CloseStream, Command::CatchUp, Command::OpenStream],
        "one that was asked for before the network came back may be lost"
    );
}

#[test]
fn a_page_that_polls_asks_at_once() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::AskHead]);
}

#[test]
fn the_server_can_name_the_transport() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    page.on(Input::Heard, 0, 0.5);
    let heartbeat = |transport| Input::Heartbeat {
        interval_ms: 2_000,
        transport,
        moved: false,
    };
    assert_eq!(
        page.on(heartbeat(Transport::Poll), 10, 0.5),
        [Command::CloseStream]
    );
    assert_eq!(page.on(Input::Tick, 2_100, 0.5), [Command::AskHead]);
    assert_eq!(
        page.on(HEAD, 2_200, 0.5),
        [Command::OpenStream],
        "and take it back"
    );
}

#[test]
fn only_later_heartbeats_tell_of_something_missed() {
    let mut page = visible();
    let ahead = Input::Heartbeat {
        interval_ms: 5_000,
        transport: Transport::Auto,
        moved: true,
    };
    page.on(Input::Tick, 0, 0.5);
    assert_eq!(page.on(ahead, 10, 0.5), []);
    assert_eq!(page.on(ahead, 15_000, 0.5), [Command::CatchUp]);
}

#[test]
fn an_ended_page_that_only_streams_still_asks_whether_it_reopened() {
    let mut page = Connection::new(Transport::Sse, true, true, 0);
    let mut now = 0;
    assert_eq!(wait(&mut page, &mut now, 6), [Command::AskHead]);
    assert_eq!(page.on(HEAD, now, 0.5), [Command::OpenStream]);
}

#[test]
fn polls_keep_to_the_interval_however_often_a_stream_is_tried_beside_them() {
    let mut page = visible();
    let (mut now, mut polls, mut streams) = (0, 0, 0);
    let minute = Input::HeadAnswered {
        state: EntryState::Live,
        interval_ms: 60_000,
        transport: Transport::Auto,
        moved: false,
    };
    let mut todo = page.on(Input::Tick, now, 0.5);
    while now < 600_000 {
        for command in std::mem::take(&mut todo) {
            match command {
                // A cap: refused at once.
                Command::OpenStream => {
                    streams += 1;
                    todo.extend(page.on(Input::StreamFailed, now, 0.5));
                }
                Command::AskHead => {
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
    assert!((30..=50).contains(&streams), "{streams} streams were tried");
}

#[test]
fn where_a_stream_can_be_had_again_it_is_taken() {
    let mut page = visible();
    let mut now = 0;
    page.on(Input::Tick, now, 0.5);
    page.on(Input::StreamFailed, now, 0.5);
    assert_eq!(
        wait(&mut page, &mut now, 1),
        [Command::OpenStream, Command::AskHead]
    );
    page.on(HEAD, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    page.on(Input::Heard, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    assert_eq!(wait(&mut page, &mut now, 15), [], "and polls are over");
}

/// Lets `seconds` pass in which every question fails at once; answers when each was asked.
fn asked_in_vain(page: &mut Connection, now: &mut u64, seconds: u64, jitter: f64) -> Vec<u64> {
    let mut asked = Vec::new();
    for _ in 0..seconds {
        *now += 1_000;
        if page
            .on(Input::Tick, *now, jitter)
            .contains(&Command::AskHead)
        {
            asked.push(*now);
            page.on(Input::FetchFailed, *now, jitter);
        }
    }
    asked
}

#[test]
fn polls_that_fail_back_off_and_by_chance() {
    let pauses = |jitter| {
        let mut page = Connection::new(Transport::Poll, true, false, 0);
        let asked = asked_in_vain(&mut page, &mut 0, 300, jitter);
        let pauses = asked.windows(2).map(|two| two[1] - two[0]);
        pauses.collect::<Vec<_>>()
    };
    let (longest, middle) = (pauses(1.0), pauses(0.5));
    assert!(longest.is_sorted() && middle.is_sorted());
    assert!(longest[0] <= 6_000, "{longest:?}");
    assert!(
        (30_000..=35_000).contains(longest.last().unwrap()),
        "it never gives up: {longest:?}"
    );
    assert!(middle.last().unwrap() < longest.last().unwrap());
}

#[test]
fn a_hung_question_does_not_stop_the_polls() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    let mut now = 0;
    assert_eq!(page.on(Input::Tick, now, 0.5), [Command::AskHead]);
    page.on(HEAD, now, 0.5);
    let asked = wait(&mut page, &mut now, 60);
    assert!(asked.len() >= 2, "{asked:?}");
    assert_eq!(page.status(), ConnectionStatus::Reconnecting);
}

#[test]
fn while_only_heads_are_answered_polling_does_not_work_and_backs_off() {
    let mut page = Connection::new(Transport::Poll, true, false, 0);
    let moved = Input::HeadAnswered {
        state: EntryState::Live,
        interval_ms: 1_000,
        transport: Transport::Auto,
        moved: true,
    };
    let mut asked = 0;
    for now in (0..120_000).step_by(1_000) {
        if page.on(Input::Tick, now, 0.5).contains(&Command::AskHead) {
            asked += 1;
            assert_eq!(page.on(moved, now, 0.5), [Command::CatchUp]);
            page.on(Input::FetchFailed, now, 0.5);
        }
        assert_ne!(page.status(), ConnectionStatus::Polling);
    }
    assert!(asked < 15, "asked {asked} times in two minutes");
    page.on(Input::CaughtUp, 120_000, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
}

#[test]
fn pages_of_an_entry_that_ended_do_not_ask_as_one() {
    let asks_at = |jitter| {
        let mut page = visible();
        page.on(Input::Tick, 0, jitter);
        page.on(Input::Heard, 0, jitter);
        page.on(Input::Bye, 0, jitter);
        page.on(Input::CaughtUp, 0, jitter);
        (0..70).find(|second| page.on(Input::Tick, second * 1_000, jitter) == [Command::AskHead])
    };
    assert_ne!(asks_at(0.0), asks_at(0.9));
}

/// Opens streams whose first words come and nothing after, for `seconds`; answers every poll. Returns when
/// each poll was made, and when each stream opened.
fn held_back(page: &mut Connection, now: &mut u64, seconds: u64) -> (Vec<u64>, Vec<u64>) {
    let (mut polls, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..seconds {
        for command in page.on(Input::Tick, *now, 0.5) {
            match command {
                Command::OpenStream => {
                    streams.push(*now);
                    page.on(Input::Heard, *now, 0.5);
                }
                Command::AskHead => {
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
fn from_the_third_stream_on_that_says_nothing_after_its_first_words_updates_come_by_polls() {
    let mut page = visible();
    let mut now = 0;
    let (polls, streams) = held_back(&mut page, &mut now, 600);
    let third = streams[2];
    assert!(third < 70_000, "{streams:?}");
    let late: Vec<_> = polls.into_iter().filter(|at| *at >= third).collect();
    let longest = late.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!(longest <= 6_000, "{longest} ms without a question");
    assert!(late[0] <= third + 6_000 && now <= late.last().unwrap() + 6_000);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    assert!(streams.len() <= 25, "opened {} times", streams.len());
}

#[test]
fn a_stream_that_says_more_than_its_first_words_is_trusted_again() {
    let mut page = visible();
    let mut now = 0;
    let (_, streams) = held_back(&mut page, &mut now, 70);
    assert_eq!(streams.len(), 3);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    page.on(Input::Heard, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    assert_eq!(wait(&mut page, &mut now, 15), [], "and polls are over");
}

#[test]
fn a_stream_that_was_lost_once_it_had_said_more_is_no_reason_for_suspicion() {
    let mut page = visible();
    let mut now = 0;
    for _ in 0..5 {
        assert!(wait(&mut page, &mut now, 3).contains(&Command::OpenStream));
        page.on(Input::Heard, now, 0.5);
        assert_eq!(page.status(), ConnectionStatus::Live);
        wait(&mut page, &mut now, 15);
        page.on(Input::Heard, now, 0.5);
        wait(&mut page, &mut now, 30);
        assert_eq!(page.status(), ConnectionStatus::Live);
        page.on(Input::StreamFailed, now, 0.5);
    }
}

#[test]
fn a_page_that_may_hold_no_stream_polls_and_streams_once_it_may() {
    let mut page = visible();
    let mut now = 0;
    assert_eq!(page.on(Input::Tick, now, 0.5), [Command::OpenStream]);
    assert_eq!(page.on(Input::NoStreamFree, now, 0.5), []);
    assert_eq!(wait(&mut page, &mut now, 1), [Command::AskHead]);
    page.on(HEAD, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Polling);
    // It goes on asking for a stream, and polls no oftener for it.
    let mut polls = 0;
    for _ in 0..60 {
        for command in wait(&mut page, &mut now, 1) {
            match command {
                Command::OpenStream => assert_eq!(page.on(Input::NoStreamFree, now, 0.5), []),
                Command::AskHead => {
                    polls += 1;
                    page.on(HEAD, now, 0.5);
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert!((11..=14).contains(&polls), "{polls} polls in a minute");
    assert!(wait(&mut page, &mut now, 2).contains(&Command::OpenStream));
    page.on(Input::Heard, now, 0.5);
    assert_eq!(page.status(), ConnectionStatus::Live);
    let mut commands = page.on(Input::NoStreamFree, now, 0.5);
    commands.extend(wait(&mut page, &mut now, 1));
    assert!(
        commands.contains(&Command::AskHead),
        "a stream that has to be given up is polled around: {commands:?}"
    );
}

fn inputs() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Tick),
        Just(Input::Heard),
        Just(Input::StreamFailed),
        Just(Input::NoStreamFree),
        Just(Input::Bye),
        Just(HEAD),
        Just(Input::FetchFailed),
        Just(Input::CaughtUp),
        any::<bool>().prop_map(Input::Visible),
        Just(Input::Woke),
        Just(Input::Offline),
    ]
}

proptest! {
    /// Whatever happened, a page that is in view and has a network is in touch within a minute:
    /// it never gives up.
    #[test]
    fn it_never_gives_up(steps in prop::collection::vec((inputs(), 0_u64..20_000, 0.0..1.0), 0..60)) {
        let mut page = visible();
        let mut now = 0;
        for (input, pause, jitter) in steps {
            now += pause;
            page.on(input, now, jitter);
        }
        let mut commands = page.on(Input::Woke, now, 0.5);
        commands.extend(page.on(Input::Visible(true), now, 0.5));
        commands.extend(wait(&mut page, &mut now, 70));
        prop_assert!(
            commands.iter().any(|c| matches!(c, Command::OpenStream | Command::AskHead)),
            "{:?} stayed silent", page
        );
    }

    /// Streams are opened and closed by turns: none is left behind.
    #[test]
    fn no_stream_is_opened_twice(steps in prop::collection::vec((inputs(), 0_u64..50_000, 0.0..1.0), 0..80)) {
        let mut page = visible();
        let (mut now, mut open) = (0, false);
        for (input, pause, jitter) in steps {
            now += pause;
            // A browser reports only on a stream that it has.
            if matches!(input, Input::Heard | Input::StreamFailed | Input::NoStreamFree | Input::Bye) && !open {
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
                    Command::AskHead | Command::CatchUp => {}
                }
            }
        }
    }
}

#[test]
fn a_transport_that_is_asked_for_is_taken_and_no_other() {
    for (transport, websocket) in [(Transport::Sse, false), (Transport::WebSocket, true)] {
        let mut page = Connection::new(transport, true, false, 0);
        assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
        assert_eq!(page.wants_websocket(), websocket);
        page.on(Input::StreamFailed, 50, 0.5);
        let mut now = 50;
        let commands = wait(&mut page, &mut now, 10);
        assert!(!commands.contains(&Command::AskHead), "{commands:?}");
    }
}

#[test]
fn a_transport_that_the_server_names_is_not_the_only_one() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    let named = Input::Heartbeat {
        interval_ms: 2_000,
        transport: Transport::WebSocket,
        moved: false,
    };
    page.on(named, 10, 0.5);
    assert!(page.wants_websocket());
    page.on(Input::StreamFailed, 20, 0.5);
    let mut now = 20;
    let commands = wait(&mut page, &mut now, 5);
    assert!(commands.contains(&Command::AskHead), "{commands:?}");
    page.on(HEAD, now, 0.5);
    assert!(!page.wants_websocket(), "it is named no more");
}
