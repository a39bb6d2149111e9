//! The counts of one feed that changed in the last minute, for the connections of the feed.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use domain::{Counts, Epoch, Rev, UpdateId};

use super::Event;

/// How long a changed count is sent to new connections. A page requests all counts when it opens
/// its stream, and caches may return a response that is some seconds old.
const WINDOW: Duration = Duration::from_mins(1);

/// The number of likes of an update, and the position of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LikeCount {
    /// The update.
    pub update: UpdateId,
    /// The number of likes.
    pub likes: i64,
    /// The position of the last change.
    pub rev: Rev,
}

/// The number of readers of an entry, as pages show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderCount {
    /// The number of readers.
    pub readers: i64,
    /// The position of the last change.
    pub rev: Rev,
}

/// The counts of one feed that changed since the last time.
#[derive(Clone, Debug, Default)]
pub struct ChangedCounts {
    /// The numbers of likes.
    pub likes: Vec<LikeCount>,
    /// The number of readers.
    pub readers: Option<ReaderCount>,
}

/// The counts of one feed that changed recently.
#[derive(Debug)]
pub struct RecentCounts {
    epoch: Epoch,
    changed: BTreeMap<UpdateId, (i64, Rev)>,
    readers: Option<ReaderCount>,
    /// When each position was published, the oldest first.
    published: VecDeque<(Instant, Rev)>,
    /// The position after which all changes are in `changed` and `readers`.
    from: Rev,
    to: Rev,
    /// The event that most connections need next, and the position from which it continues.
    event: Option<(Rev, Event)>,
}

impl RecentCounts {
    /// Creates an empty list at position `at`.
    pub const fn new(epoch: Epoch, at: Rev) -> Self {
        Self {
            epoch,
            changed: BTreeMap::new(),
            readers: None,
            published: VecDeque::new(),
            from: at,
            to: at,
            event: None,
        }
    }

    /// Forgets all counts, and continues after the position `at`.
    pub fn begin(&mut self, at: Rev) {
        *self = Self::new(self.epoch, at);
    }

    /// Adds the counts that changed up to the position `to`, and forgets those that changed more
    /// than a minute before `now`.
    pub fn add(&mut self, counts: &ChangedCounts, to: Rev, now: Instant) {
        for count in &counts.likes {
            self.changed.insert(count.update, (count.likes, count.rev));
        }
        self.readers = counts.readers.or(self.readers);
        self.to = to;
        self.event = None;
        self.published.push_back((now, to));
        while let Some(&(at, rev)) = self.published.front()
            && now.duration_since(at) > WINDOW
        {
            self.published.pop_front();
            self.from = rev;
        }
        let from = self.from;
        self.changed.retain(|_, (_, rev)| *rev > from);
        self.readers = self.readers.filter(|count| count.rev > from);
    }

    /// Returns the next event for a connection that has received all counts up to `received`, and
    /// the position after it; `None` if there is none. The first event of a connection has what is
    /// known, so that its client can detect that it missed some.
    pub fn next(&mut self, received: Option<Rev>) -> Option<(Rev, Event)> {
        let is_new = match received {
            // There was never a count.
            None => self.to > 0,
            Some(received) => received < self.to,
        };
        if !is_new {
            return None;
        }
        let from = received.unwrap_or(0).max(self.from);
        if let Some((at, event)) = &self.event
            && *at == from
        {
            return Some((self.to, event.clone()));
        }
        let event = self.event_after(from);
        self.event = Some((from, event.clone()));
        Some((self.to, event))
    }

    fn event_after(&self, from: Rev) -> Event {
        let newer = self.changed.iter().filter(|(_, (_, rev))| *rev > from);
        Event::counts(&Counts {
            epoch: self.epoch,
            from,
            to: self.to,
            likes: newer.map(|(id, (likes, _))| (*id, *likes)).collect(),
            readers: self
                .readers
                .filter(|count| count.rev > from)
                .map(|count| count.readers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(update: i64, likes: i64, rev: Rev) -> LikeCount {
        LikeCount {
            update: UpdateId(update),
            likes,
            rev,
        }
    }

    fn likes(likes: &[LikeCount]) -> ChangedCounts {
        ChangedCounts {
            likes: likes.to_vec(),
            readers: None,
        }
    }

    fn recent(at: Rev) -> RecentCounts {
        RecentCounts::new(Epoch::parse("k3").unwrap(), at)
    }

    fn next(counts: &mut RecentCounts, received: Option<Rev>) -> Option<(Rev, String)> {
        let (rev, event) = counts.next(received)?;
        Some((rev, String::from_utf8(event.json().to_vec()).unwrap()))
    }

    fn json(from: Rev, to: Rev, likes: &str) -> (Rev, String) {
        let json = format!(r#"{{"epoch":"k3","from":{from},"to":{to},"likes":{{{likes}}}}}"#);
        (to, json)
    }

    #[test]
    fn connection_receives_each_changed_count_once() {
        let mut counts = recent(5);
        let now = Instant::now();
        assert_eq!(next(&mut counts, None), Some(json(5, 5, "")));
        assert_eq!(next(&mut counts, Some(5)), None);
        counts.add(&likes(&[count(41, 1, 6), count(42, 2, 8)]), 8, now);
        let both = json(5, 8, r#""41":1,"42":2"#);
        assert_eq!(next(&mut counts, Some(5)), Some(both.clone()));
        assert_eq!(next(&mut counts, None), Some(both));
        counts.add(&likes(&[count(41, 0, 9)]), 9, now);
        assert_eq!(next(&mut counts, Some(8)), Some(json(8, 9, r#""41":0"#)));
        // Who missed an event receives what it had, too.
        let missed = json(5, 9, r#""41":0,"42":2"#);
        assert_eq!(next(&mut counts, Some(5)), Some(missed));
        assert_eq!(next(&mut counts, Some(9)), None);
    }

    #[test]
    fn number_of_readers_is_sent_when_it_changes() {
        let mut counts = recent(5);
        let readers = |readers, rev| ChangedCounts {
            likes: Vec::new(),
            readers: Some(ReaderCount { readers, rev }),
        };
        let now = Instant::now();
        counts.add(&readers(20, 6), 6, now);
        let event = r#"{"epoch":"k3","from":5,"to":6,"likes":{},"readers":20}"#;
        assert_eq!(next(&mut counts, Some(5)), Some((6, event.to_owned())));
        counts.add(&likes(&[count(41, 1, 7)]), 7, now);
        assert_eq!(next(&mut counts, Some(6)), Some(json(6, 7, r#""41":1"#)));
        let both = r#"{"epoch":"k3","from":5,"to":7,"likes":{"41":1},"readers":20}"#;
        assert_eq!(next(&mut counts, None), Some((7, both.to_owned())));
        // After a minute, clients know it.
        counts.add(&likes(&[]), 8, now + Duration::from_secs(61));
        counts.add(&likes(&[]), 9, now + Duration::from_secs(122));
        assert_eq!(counts.readers, None);
    }

    #[test]
    fn nothing_is_sent_before_the_first_like() {
        assert_eq!(next(&mut recent(0), None), None);
    }

    #[test]
    fn counts_are_forgotten_after_a_minute() {
        let mut counts = recent(0);
        let start = Instant::now();
        for second in 0..200 {
            let at = start + Duration::from_secs(second);
            let rev = i64::try_from(second).unwrap() + 1;
            counts.add(&likes(&[count(rev, 1, rev)]), rev, at);
            assert!(counts.changed.len() <= 61 && counts.published.len() <= 61);
        }
        let (_, event) = next(&mut counts, None).unwrap();
        assert!(event.starts_with(r#"{"epoch":"k3","from":139,"to":200,"likes":{"140":1,"#));
        // A connection that was slower than that detects it by `from`.
        assert_eq!(next(&mut counts, Some(20)).unwrap().1, event);
    }
}
