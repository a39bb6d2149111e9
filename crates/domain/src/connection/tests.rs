use proptest::prelude::*;

use super::*;

const HEAD: Input = Input::HeadAnswered {
    state: EntryState::Live,
    interval_ms: 5_000,
    road: Road::Auto,
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
    Connection::new(Road::Auto, true, false, 0)
}

#[test]
fn a_visible_page_streams_and_does_not_poll() {
    let mut page = visible();
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
    assert_eq!(page.chip(), Chip::Connecting);
    let mut now = 0;
    for _ in 0..20 {
        assert_eq!(page.on(Input::Heard, now, 0.5), []);
        assert_eq!(wait(&mut page, &mut now, 15), []);
        assert_eq!(page.chip(), Chip::Live);
    }
}

#[test]
fn a_blocked_stream_is_polled_around_within_a_second() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.9);
    assert_eq!(page.on(Input::StreamFailed, 50, 0.9), []);
    assert_eq!(page.chip(), Chip::Reconnecting);
    assert_eq!(
        page.on(Input::Tick, 1_000, 0.9),
        [Command::OpenStream, Command::AskHead]
    );
    page.on(HEAD, 1_080, 0.5);
    assert_eq!(page.chip(), Chip::Polling);
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
    assert_eq!(page.chip(), Chip::Ended);
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
    assert_eq!(page.chip(), Chip::Offline);
    assert_eq!(
        page.on(Input::Woke, now, 0.5),
        [Command::CatchUp, Command::OpenStream]
    );
}

#[test]
fn a_page_that_polls_asks_at_once() {
    let mut page = Connection::new(Road::Poll, true, false, 0);
    assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::AskHead]);
}

#[test]
fn the_server_can_name_the_road() {
    let mut page = visible();
    page.on(Input::Tick, 0, 0.5);
    page.on(Input::Heard, 0, 0.5);
    let heartbeat = |road| Input::Heartbeat {
        interval_ms: 2_000,
        road,
        moved: false,
    };
    assert_eq!(
        page.on(heartbeat(Road::Poll), 10, 0.5),
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
        road: Road::Auto,
        moved: true,
    };
    page.on(Input::Tick, 0, 0.5);
    assert_eq!(page.on(ahead, 10, 0.5), []);
    assert_eq!(page.on(ahead, 15_000, 0.5), [Command::CatchUp]);
}

#[test]
fn an_ended_page_that_only_streams_still_asks_whether_it_reopened() {
    let mut page = Connection::new(Road::Sse, true, true, 0);
    let mut now = 0;
    assert_eq!(wait(&mut page, &mut now, 6), [Command::AskHead]);
    assert_eq!(page.on(HEAD, now, 0.5), [Command::OpenStream]);
}

fn inputs() -> impl Strategy<Value = Input> {
    prop_oneof![
        Just(Input::Tick),
        Just(Input::Heard),
        Just(Input::StreamFailed),
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
        for (input, pause, dice) in steps {
            now += pause;
            page.on(input, now, dice);
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
        for (input, pause, dice) in steps {
            now += pause;
            // A browser reports only on a stream that it has.
            if matches!(input, Input::Heard | Input::StreamFailed | Input::Bye) && !open {
                continue;
            }
            open &= input != Input::StreamFailed;
            for command in page.on(input, now, dice) {
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
fn a_road_that_is_asked_for_is_taken_and_no_other() {
    for (road, websocket) in [(Road::Sse, false), (Road::WebSocket, true)] {
        let mut page = Connection::new(road, true, false, 0);
        assert_eq!(page.on(Input::Tick, 0, 0.5), [Command::OpenStream]);
        assert_eq!(page.wants_websocket(), websocket);
        page.on(Input::StreamFailed, 50, 0.5);
        let mut now = 50;
        let commands = wait(&mut page, &mut now, 10);
        assert!(!commands.contains(&Command::AskHead), "{commands:?}");
    }
}
