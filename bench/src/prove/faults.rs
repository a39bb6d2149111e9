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
}

/// All of them, in the order of [`Injected`].
const ALL: [Fault; 4] = [Fault::Reset, Fault::Stall, Fault::Cut, Fault::LostAnswer];

/// What is to befall a connection, and when.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// What; `None` if it is left in peace.
    pub fault: Option<Fault>,
    /// Once it has carried so many bytes, both directions together.
    pub after: usize,
}

/// How often each fault was injected.
#[derive(Debug, Default)]
pub struct Injected([AtomicU64; ALL.len()]);

impl Faults {
    /// A network on which nothing goes wrong.
    pub const NONE: Self = Self {
        resets: 0,
        stalls: 0,
        cuts: 0,
        lost_answers: 0,
        stall: 0,
    };

    /// Draws what befalls the next connection.
    pub fn draw(&self, dice: &mut StdRng) -> Fate {
        let shares = [self.resets, self.stalls, self.cuts, self.lost_answers];
        let mut drawn = dice.random_range(0..100);
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
        let after = LATEST.powf(dice.random::<f64>()) as usize;
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
            stall,
        } = self;
        write!(
            f,
            "Of a hundred connections {resets} are reset, {stalls} stall for {stall} s, {cuts} are cut in \
             mid-frame and {lost_answers} lose their answer, if they last long enough"
        )
    }
}

impl Injected {
    /// Counts one.
    pub fn count(&self, fault: Fault) {
        let place = ALL.iter().position(|kind| *kind == fault);
        if let Some(counter) = place.and_then(|place| self.0.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [resets, stalls, cuts, lost] = &self.0;
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        write!(
            f,
            "{} resets, {} stalls, {} cuts in mid-frame, {} lost answers",
            count(resets),
            count(stalls),
            count(cuts),
            count(lost)
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
            stall: 30,
        };
        let draw = |seed| {
            let mut dice = StdRng::seed_from_u64(seed);
            let fates = (0..1_000).map(|_| faults.draw(&mut dice));
            fates
                .map(|fate| (fate.fault, fate.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let spared = draw(1).iter().filter(|(fault, _)| fault.is_none()).count();
        assert!((600..700).contains(&spared), "{spared}");
    }

    #[test]
    fn a_good_network_does_nothing() {
        let mut dice = StdRng::seed_from_u64(1);
        assert!((0..1_000).all(|_| Faults::NONE.draw(&mut dice).fault.is_none()));
    }
}
