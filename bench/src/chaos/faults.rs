//! What goes wrong on a bad network: how often, when, and how often it did.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use clap::Args;
use rand::{RngExt, rngs::StdRng};

/// How much a connection carries at most before what is to befall it does, in bytes: a stream's first
/// seconds. Answers are shorter, and many of them escape.
const LATEST: f64 = 128.0 * 1024.0;

/// What befalls connections, and how often.
#[derive(Clone, Copy, Debug, Args)]
pub struct Faults {
    /// Of a hundred connections, how many are reset.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    resets: u32,
    /// Of a hundred connections, how many stall: neither direction moves for a while.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    stalls: u32,
    /// Of a hundred connections, how many are closed in the middle of what is being sent.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    cuts: u32,
    /// Of a hundred connections, how many lose their answer: the request goes through.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    lost_answers: u32,
    /// Of a hundred connections, how many get a proxy's error page (502, HTML) in place of the
    /// response: the request goes through.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    error_pages: u32,
    /// Of a hundred connections, how many get a response whose body is cut off: the request goes
    /// through.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    cut_bodies: u32,
    /// Of a hundred connections, how many get the page of a captive portal (200, HTML) in place of
    /// the response: the request goes through.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    captive_portals: u32,
    /// How long a stall lasts, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    stall: u64,
}

/// What befalls a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Both ends are told that it is gone (RST).
    Reset,
    /// Neither direction moves for a while; then it goes on.
    Stall,
    /// Half of what was to be passed on is, and then it is closed.
    Cut,
    /// The request goes through; its answer doesn't, and then it is closed.
    LostAnswer,
    /// The request goes through; a proxy's error page comes back in place of the response.
    ErrorPage,
    /// The request goes through; the response comes back without the end of its body.
    CutBody,
    /// The request goes through; the page of a captive portal comes back in place of the response.
    CaptivePortal,
}

impl Fault {
    /// Whether it takes the response to a request that went through, as soon as that comes back.
    pub const fn takes_response(self) -> bool {
        match self {
            Self::LostAnswer | Self::ErrorPage | Self::CutBody | Self::CaptivePortal => true,
            Self::Reset | Self::Stall | Self::Cut => false,
        }
    }
}

/// All of them, in the order of [`Injected`].
const ALL: [Fault; 7] = [
    Fault::Reset,
    Fault::Stall,
    Fault::Cut,
    Fault::LostAnswer,
    Fault::ErrorPage,
    Fault::CutBody,
    Fault::CaptivePortal,
];

/// Of a hundred responses that are meant to be lost, how many must be: else the proof does not test
/// what it says. The rest are of connections that the server or the client closed before.
const LEAST_LOST: u64 = 40;

/// What is to befall a connection, and when.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// What; `None` if it is left in peace.
    pub fault: Option<Fault>,
    /// Once it has carried so many bytes, both directions together.
    pub after: usize,
}

/// How often each fault was drawn for a connection, and how often it was injected.
#[derive(Debug, Default)]
pub struct Injected {
    drawn: [AtomicU64; ALL.len()],
    injected: [AtomicU64; ALL.len()],
}

impl Faults {
    /// A network on which nothing goes wrong.
    pub const NONE: Self = Self {
        resets: 0,
        stalls: 0,
        cuts: 0,
        lost_answers: 0,
        error_pages: 0,
        cut_bodies: 0,
        captive_portals: 0,
        stall: 0,
    };

    /// Draws what befalls the next connection.
    pub fn draw(&self, rng: &mut StdRng) -> Fate {
        let shares = [
            self.resets,
            self.stalls,
            self.cuts,
            self.lost_answers,
            self.error_pages,
            self.cut_bodies,
            self.captive_portals,
        ];
        let mut drawn = rng.random_range(0..100);
        let mut fault = None;
        for (kind, share) in ALL.into_iter().zip(shares) {
            if drawn < share {
                fault = Some(kind);
                break;
            }
            drawn -= share;
        }
        // As many early as late by order of magnitude: requests, short answers and streams all get
        // their share.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and LATEST"
        )]
        let after = LATEST.powf(rng.random::<f64>()) as usize;
        Fate { fault, after }
    }

    /// How long a stall lasts.
    pub const fn stall(&self) -> Duration {
        Duration::from_secs(self.stall)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resets,
            stalls,
            cuts,
            lost_answers,
            error_pages,
            cut_bodies,
            captive_portals,
            stall,
        } = self;
        write!(
            f,
            "Of a hundred connections {resets} are reset, {stalls} stall for {stall} s and {cuts} are cut in \
             mid-frame, if they last long enough; {lost_answers} lose their answer, {error_pages} get a \
             proxy's error page in its place, {captive_portals} the page of a captive portal, and {cut_bodies} \
             an answer that is cut off"
        )
    }
}

impl Injected {
    /// Counts a fault that a connection is to have.
    pub fn count_drawn(&self, fault: Fault) {
        count(&self.drawn, fault);
    }

    /// Counts a fault that a connection had.
    pub fn count(&self, fault: Fault) {
        count(&self.injected, fault);
    }

    /// How many responses were lost, and how many were meant to be.
    pub fn lost_responses(&self) -> (u64, u64) {
        let total = |counters: &[AtomicU64]| {
            let of_each = ALL.iter().zip(counters);
            of_each
                .filter(|(fault, _)| fault.takes_response())
                .map(|(_, counter)| counter.load(Ordering::Relaxed))
                .sum()
        };
        (total(&self.injected), total(&self.drawn))
    }

    /// Whether enough responses were lost of those that were meant to be.
    pub fn lost_enough(&self) -> bool {
        let (lost, meant) = self.lost_responses();
        lost * 100 >= meant * LEAST_LOST
    }
}

fn count(counters: &[AtomicU64], fault: Fault) {
    let place = ALL.iter().position(|kind| *kind == fault);
    if let Some(counter) = place.and_then(|place| counters.get(place)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [resets, stalls, cuts, lost, pages, bodies, portals] = self
            .injected
            .each_ref()
            .map(|counter| counter.load(Ordering::Relaxed));
        let (all_lost, meant) = self.lost_responses();
        write!(
            f,
            "{resets} resets, {stalls} stalls, {cuts} cuts in mid-frame, {lost} lost answers, {pages} error \
             pages, {bodies} cut bodies, {portals} captive portals; {all_lost} answers lost of {meant} that were \
             meant to be"
        )
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_fates() {
        let faults = Faults {
            resets: 10,
            stalls: 5,
            cuts: 10,
            lost_answers: 10,
            error_pages: 5,
            cut_bodies: 5,
            captive_portals: 5,
            stall: 30,
        };
        let draw = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let fates = (0..1_000).map(|_| faults.draw(&mut rng));
            fates
                .map(|fate| (fate.fault, fate.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let spared = draw(1).iter().filter(|(fault, _)| fault.is_none()).count();
        assert!((450..550).contains(&spared), "{spared}");
    }

    #[test]
    fn responses_that_escape_are_counted() {
        let injected = Injected::default();
        assert!(injected.lost_enough(), "nothing was meant to be lost");
        for fault in [Fault::ErrorPage, Fault::CutBody, Fault::Reset, Fault::Reset] {
            injected.count_drawn(fault);
        }
        assert!(!injected.lost_enough());
        injected.count(Fault::CutBody);
        assert_eq!(injected.lost_responses(), (1, 2));
        assert!(injected.lost_enough());
    }

    #[test]
    fn a_good_network_does_nothing() {
        let mut rng = StdRng::seed_from_u64(1);
        assert!((0..1_000).all(|_| Faults::NONE.draw(&mut rng).fault.is_none()));
    }
}
