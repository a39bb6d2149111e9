//! Limits the streams that the pages of one browser hold.
//!
//! Over HTTP/1.1 a browser opens at most six connections to a server, for all of its pages
//! together. A stream of server-sent events occupies one while it is open: with six streams no page
//! loads and no post is sent. So the pages share a list of slots in the browser's storage, and
//! pages without a slot poll (docs/adr/0017-stream-slots.md).

/// The stream slots that the pages of a browser hold.
///
/// Does no I/O: callers pass the page's number and the time in milliseconds, from one clock for all
/// pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSlots(Vec<Slot>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Slot {
    page: u64,
    /// When the slot expires unless its page renews it.
    until: u64,
}

/// The number of pages that may hold a stream: half of the six connections.
const SLOTS: usize = 3;
/// How long a slot is valid without renewal, in milliseconds. A page that crashed or was frozen
/// blocks its slot for this time.
const LEASE_MS: u64 = 15_000;
/// A slot is renewed when it expires in less than this time, in milliseconds. This keeps writes to
/// storage rare, and a page may be busy for ten seconds before it loses its slot.
const RENEW_MS: u64 = 10_000;

impl StreamSlots {
    /// Parses the output of [`StreamSlots::to_text`], without the slots that have expired at `now`.
    /// Malformed slots are ignored.
    pub fn parse(text: &str, now: u64) -> Self {
        let slots = text.split(' ').filter_map(|slot| {
            let (page, until) = slot.split_once('-')?;
            let slot = Slot {
                page: page.parse().ok()?,
                until: until.parse().ok()?,
            };
            // The system clock may have been set back: ignore leases longer than any lease granted
            // now.
            (now < slot.until && slot.until <= now + LEASE_MS).then_some(slot)
        });
        Self(slots.collect())
    }

    /// Returns the text to store.
    pub fn to_text(&self) -> String {
        let slots = self.0.iter().map(|slot| {
            let (page, until) = (slot.page.to_string(), slot.until.to_string());
            [page.as_str(), "-", &until].concat()
        });
        slots.collect::<Vec<_>>().join(" ")
    }

    /// Claims a slot for `page`, or renews its slot.
    ///
    /// Two pages that read the list at the same time may both claim the last slot, and one
    /// overwrites the other. Each page claims its slot again at every tick, and pages beyond the
    /// limit release theirs.
    pub fn claim(&mut self, page: u64, now: u64) -> Claim {
        let until = now + LEASE_MS;
        match self.0.iter().position(|slot| slot.page == page) {
            Some(at) if at >= SLOTS => Claim::Refused,
            Some(at) if self.0[at].until >= now + RENEW_MS => Claim::Held,
            Some(at) => {
                self.0[at].until = until;
                Claim::Changed
            }
            None if self.0.len() >= SLOTS => Claim::Refused,
            None => {
                self.0.push(Slot { page, until });
                Claim::Changed
            }
        }
    }

    /// Releases the slot of `page`, if it holds one.
    pub fn release(&mut self, page: u64) {
        self.0.retain(|slot| slot.page != page);
    }
}

/// The result of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The page holds a slot; the list is unchanged.
    Held,
    /// The page holds a slot; the changed list has to be stored.
    Changed,
    /// Other pages hold all slots.
    Refused,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Claims a slot in the stored text at `now`, and returns whether the page holds one.
    fn claim(stored: &mut String, page: u64, now: u64) -> bool {
        let mut slots = StreamSlots::parse(stored, now);
        let claim = slots.claim(page, now);
        if claim == Claim::Changed {
            *stored = slots.to_text();
        }
        claim != Claim::Refused
    }

    fn release(stored: &mut String, page: u64, now: u64) {
        let mut slots = StreamSlots::parse(stored, now);
        slots.release(page);
        *stored = slots.to_text();
    }

    #[test]
    fn fourth_page_gets_a_slot_once_one_is_released() {
        let mut stored = String::new();
        for page in 1..=3 {
            assert!(claim(&mut stored, page, 0));
        }
        assert!(!claim(&mut stored, 4, 0));
        release(&mut stored, 2, 1_000);
        assert!(claim(&mut stored, 4, 1_000));
        assert!(!claim(&mut stored, 2, 1_000));
    }

    #[test]
    fn renewed_slot_is_kept_and_a_frozen_page_loses_its_slot() {
        let mut stored = String::new();
        for page in 1..=3 {
            assert!(claim(&mut stored, page, 0));
        }
        for now in (0..60_000).step_by(1_000) {
            assert!(claim(&mut stored, 1, now) && claim(&mut stored, 2, now));
            // Page 3 doesn't run.
            assert_eq!(claim(&mut stored, 4, now), now >= LEASE_MS, "at {now}");
        }
        assert!(!claim(&mut stored, 3, 60_000), "it comes back too late");
    }

    #[test]
    fn slot_is_stored_again_only_when_its_lease_is_about_to_expire() {
        let mut slots = StreamSlots::default();
        assert_eq!(slots.claim(1, 0), Claim::Changed);
        assert_eq!(slots.claim(1, 5_000), Claim::Held);
        assert_eq!(slots.claim(1, 5_001), Claim::Changed);
    }

    #[test]
    fn pages_that_overwrote_each_other_end_with_three_slots() {
        // Each of six pages read an empty list, and stored its own.
        let mut stored = String::new();
        for page in 1..=6 {
            stored.clear();
            assert!(claim(&mut stored, page, 0));
        }
        let holders = (1..=6).filter(|page| claim(&mut stored, *page, 1_000));
        assert_eq!(holders.collect::<Vec<_>>(), [1, 2, 6]);
    }

    #[test]
    fn list_with_too_many_slots_shrinks() {
        let mut stored = "1-9000 2-9000 3-9000 4-9000".to_owned();
        assert!(!claim(&mut stored, 4, 0));
        assert!(claim(&mut stored, 3, 0));
    }

    #[test]
    fn clock_that_is_set_back_blocks_no_slot() {
        let mut stored = String::new();
        for page in 1..=3 {
            assert!(claim(&mut stored, page, 3_600_000));
        }
        assert!(claim(&mut stored, 4, 0));
    }

    #[test]
    fn malformed_slots_are_ignored() {
        let mut stored = "nonsense 7 -3 7-x 1-9000".to_owned();
        for page in 2..=3 {
            assert!(claim(&mut stored, page, 0));
        }
        assert!(!claim(&mut stored, 4, 0), "page 1 holds the other");
    }

    proptest! {
        /// At most three pages hold a slot after any sequence of claims and releases.
        #[test]
        fn at_most_three_pages_hold_a_slot(steps in prop::collection::vec((1_u64..9, any::<bool>(), 0_u64..6_000), 0..80)) {
            let (mut stored, mut now) = (String::new(), 0);
            for (page, wants, pause) in steps {
                now += pause;
                if wants {
                    claim(&mut stored, page, now);
                } else {
                    release(&mut stored, page, now);
                }
                prop_assert!(StreamSlots::parse(&stored, now).0.len() <= SLOTS);
            }
        }
    }
}
