//! The faults of an unreliable network: how often and when they happen, and how often they did.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use clap::Args;
use rand::{RngExt, rngs::StdRng};

/// The maximum number of bytes that a connection forwards before its fault: about the first seconds
/// of a stream. Responses are shorter, and many of them are complete before.
const MAX_BYTES_BEFORE_FAULT: f64 = 128.0 * 1024.0;

/// The probabilities of faults.
#[derive(Clone, Copy, Debug, Args)]
pub struct Faults {
    /// The percentage of connections that are reset.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    resets: u32,
    /// The percentage of connections that stall: neither direction makes progress for a while.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    stalls: u32,
    /// The percentage of connections that are closed in the middle of a transfer.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    cuts: u32,
    /// The percentage of connections that lose their response; the request is forwarded.
    #[arg(long, default_value_t = 10, value_name = "PERCENT")]
    lost_answers: u32,
    /// The percentage of connections that get a proxy's error page (502, HTML) in place of the
    /// response; the request is forwarded.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    error_pages: u32,
    /// The percentage of connections that get a response with a truncated body; the request is
    /// forwarded.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    cut_bodies: u32,
    /// The percentage of connections that get the page of a captive portal (200, HTML) in place of
    /// the response; the request is forwarded.
    #[arg(long, default_value_t = 5, value_name = "PERCENT")]
    captive_portals: u32,
    /// The duration of a stall, in seconds.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    stall: u64,
}

/// A fault of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Both ends receive a reset (RST).
    Reset,
    /// Neither direction makes progress for a while; then the transfer continues.
    Stall,
    /// Half of the pending data is forwarded; then the connection is closed.
    Cut,
    /// The request is forwarded; its response is dropped and the connection closed.
    LostResponse,
    /// The request is forwarded; a proxy's error page is sent in place of the response.
    ErrorPage,
    /// The request is forwarded; the response is sent without the end of its body.
    CutBody,
    /// The request is forwarded; the page of a captive portal is sent in place of the response.
    CaptivePortal,
}

impl Fault {
    /// Returns whether the fault replaces the response to a forwarded request as soon as it
    /// arrives.
    pub const fn replaces_response(self) -> bool {
        match self {
            Self::LostResponse | Self::ErrorPage | Self::CutBody | Self::CaptivePortal => true,
            Self::Reset | Self::Stall | Self::Cut => false,
        }
    }
}

/// All faults, in the order of the counters in [`FaultCounts`].
const ALL_FAULTS: [Fault; 7] = [
    Fault::Reset,
    Fault::Stall,
    Fault::Cut,
    Fault::LostResponse,
    Fault::ErrorPage,
    Fault::CutBody,
    Fault::CaptivePortal,
];

/// The minimum percentage of responses planned to be lost that must have been lost; below it, the
/// test does not test what it claims. The others belong to connections that the server or the
/// client closed before.
const MIN_LOST_PERCENT: u64 = 40;

/// The fault that is planned for a connection, and when it happens.
#[derive(Clone, Copy, Debug)]
pub struct FaultPlan {
    /// The fault, or `None`.
    pub fault: Option<Fault>,
    /// The number of forwarded bytes, in both directions together, after which the fault happens.
    pub after: usize,
}

/// How often each fault was planned for a connection, and how often it was injected.
#[derive(Debug, Default)]
pub struct FaultCounts {
    planned: [AtomicU64; ALL_FAULTS.len()],
    injected: [AtomicU64; ALL_FAULTS.len()],
}

impl Faults {
    /// A network without faults.
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

    /// A network that loses or replaces almost half of the responses.
    pub const LOST_RESPONSES: Self = Self {
        lost_answers: 15,
        error_pages: 10,
        cut_bodies: 10,
        captive_portals: 10,
        ..Self::NONE
    };

    /// Chooses the fault of the next connection at random.
    pub fn plan(&self, rng: &mut StdRng) -> FaultPlan {
        let shares = [
            self.resets,
            self.stalls,
            self.cuts,
            self.lost_answers,
            self.error_pages,
            self.cut_bodies,
            self.captive_portals,
        ];
        let mut number = rng.random_range(0..100);
        let mut fault = None;
        for (kind, share) in ALL_FAULTS.into_iter().zip(shares) {
            if number < share {
                fault = Some(kind);
                break;
            }
            number -= share;
        }
        // The logarithm is distributed evenly, so that requests, short responses and streams all
        // get faults.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is between 1 and MAX_BYTES_BEFORE_FAULT"
        )]
        let after = MAX_BYTES_BEFORE_FAULT.powf(rng.random::<f64>()) as usize;
        FaultPlan { fault, after }
    }

    /// Returns the duration of a stall.
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
             mid-frame, if they last long enough; {lost_answers} lose their response, {error_pages} get a \
             proxy's error page in its place, {captive_portals} the page of a captive portal, and {cut_bodies} \
             a truncated response"
        )
    }
}

impl FaultCounts {
    /// Counts a planned fault.
    pub fn count_planned(&self, fault: Fault) {
        count(&self.planned, fault);
    }

    /// Counts an injected fault.
    pub fn count(&self, fault: Fault) {
        count(&self.injected, fault);
    }

    /// Returns how many responses were lost, and how many were planned to be.
    pub fn lost_responses(&self) -> (u64, u64) {
        let total = |counters: &[AtomicU64]| {
            let of_each = ALL_FAULTS.iter().zip(counters);
            of_each
                .filter(|(fault, _)| fault.replaces_response())
                .map(|(_, counter)| counter.load(Ordering::Relaxed))
                .sum()
        };
        (total(&self.injected), total(&self.planned))
    }

    /// Returns whether enough of the responses that were planned to be lost were lost.
    pub fn has_lost_enough(&self) -> bool {
        let (lost, planned) = self.lost_responses();
        lost * 100 >= planned * MIN_LOST_PERCENT
    }
}

fn count(counters: &[AtomicU64], fault: Fault) {
    let index = ALL_FAULTS.iter().position(|kind| *kind == fault);
    if let Some(counter) = index.and_then(|index| counters.get(index)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for FaultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [resets, stalls, cuts, lost, pages, bodies, portals] = self
            .injected
            .each_ref()
            .map(|counter| counter.load(Ordering::Relaxed));
        let (all_lost, planned) = self.lost_responses();
        write!(
            f,
            "{resets} resets, {stalls} stalls, {cuts} cuts in mid-frame, {lost} dropped responses, {pages} error \
             pages, {bodies} truncated bodies, {portals} captive portals; {all_lost} responses lost of {planned} \
             planned"
        )
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn same_seed_plans_the_same_faults() {
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
        let plan_all = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let plans = (0..1_000).map(|_| faults.plan(&mut rng));
            plans
                .map(|plan| (plan.fault, plan.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(plan_all(1), plan_all(1));
        assert_ne!(plan_all(1), plan_all(2));
        let unaffected = plan_all(1)
            .iter()
            .filter(|(fault, _)| fault.is_none())
            .count();
        assert!((450..550).contains(&unaffected), "{unaffected}");
    }

    #[test]
    fn lost_responses_are_compared_with_planned_ones() {
        let counts = FaultCounts::default();
        assert!(
            counts.has_lost_enough(),
            "no response was planned to be lost"
        );
        for fault in [Fault::ErrorPage, Fault::CutBody, Fault::Reset, Fault::Reset] {
            counts.count_planned(fault);
        }
        assert!(!counts.has_lost_enough());
        counts.count(Fault::CutBody);
        assert_eq!(counts.lost_responses(), (1, 2));
        assert!(counts.has_lost_enough());
    }

    #[test]
    fn network_without_faults_plans_none() {
        let mut rng = StdRng::seed_from_u64(1);
        assert!((0..1_000).all(|_| Faults::NONE.plan(&mut rng).fault.is_none()));
    }
}
