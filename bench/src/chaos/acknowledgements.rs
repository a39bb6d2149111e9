//! The acknowledgement log: the state that every page and the database must reach.

use std::collections::BTreeMap;

use domain::UpdateId;
use rand::{RngExt, rngs::StdRng};

use super::client::PageUpdates;
use crate::harness::text;

/// The acknowledged updates.
#[derive(Debug, Default)]
pub struct Acknowledgements(BTreeMap<UpdateId, Known>);

/// The acknowledged state of an update.
#[derive(Clone, Debug)]
pub struct Known {
    /// The number of its text: the last one that was acknowledged.
    pub text: usize,
    /// Whether its deletion was acknowledged.
    pub deleted: bool,
    /// Whether a request that changes it is in progress.
    is_reserved: bool,
}

impl Acknowledgements {
    /// Records a published update.
    ///
    /// # Errors
    ///
    /// If its id was acknowledged before.
    pub fn posted(&mut self, id: UpdateId, text: usize) -> Result<(), String> {
        let known = Known {
            text,
            deleted: false,
            is_reserved: false,
        };
        match self.0.insert(id, known) {
            None => Ok(()),
            Some(other) => Err(format!(
                "update {id} was acknowledged for two posts, No. {} and No. {text}",
                other.text
            )),
        }
    }

    /// Chooses an update and reserves it for an edit. Returns `None` if all are deleted or
    /// reserved.
    pub fn reserve_for_edit(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        self.reserve(rng)
    }

    /// Chooses an update and reserves it for a deletion. Returns `None` if all are deleted or
    /// reserved.
    pub fn reserve_for_deletion(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        self.reserve(rng)
    }

    /// Records the new text of a reserved update. An earlier request for it may still arrive; the
    /// server recognizes it by its operation id.
    pub fn edited(&mut self, id: UpdateId, text: usize) {
        if let Some(known) = self.0.get_mut(&id) {
            known.text = text;
            known.is_reserved = false;
        }
    }

    /// Records the deletion of a reserved update.
    pub fn deleted(&mut self, id: UpdateId) {
        if let Some(known) = self.0.get_mut(&id) {
            known.deleted = true;
            known.is_reserved = false;
        }
    }

    /// Returns all acknowledged updates, including deleted ones.
    pub const fn updates(&self) -> &BTreeMap<UpdateId, Known> {
        &self.0
    }

    /// Checks that a page shows the acknowledged state and nothing else.
    ///
    /// # Errors
    ///
    /// With the first difference.
    pub fn check(&self, page: &PageUpdates) -> Result<(), String> {
        for (id, known) in &self.0 {
            match page.get(id) {
                Some(_) if known.deleted => {
                    return Err(format!(
                        "update {id} is shown, but its deletion was acknowledged"
                    ));
                }
                None if !known.deleted => {
                    let text = known.text;
                    return Err(format!(
                        "update {id} is missing, but its text No. {text} was acknowledged"
                    ));
                }
                Some((_, card)) if !shows_only(card, known.text) => {
                    let text = known.text;
                    return Err(format!(
                        "update {id} does not show its text No. {text} but: {card}"
                    ));
                }
                _ => {}
            }
        }
        match page.keys().find(|id| !self.0.contains_key(id)) {
            Some(id) => Err(format!("update {id} is shown, but was never acknowledged")),
            None => Ok(()),
        }
    }

    fn reserve(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        let mut available: Vec<_> = self
            .0
            .iter_mut()
            .filter(|(_, known)| !known.deleted && !known.is_reserved)
            .collect();
        if available.is_empty() {
            return None;
        }
        let chosen = rng.random_range(0..available.len());
        let (id, known) = available.swap_remove(chosen);
        known.is_reserved = true;
        Some(*id)
    }
}

/// Returns whether a card shows the `number`th text and no other: each begins with its number.
fn shows_only(card: &str, number: usize) -> bool {
    let begin = text(number);
    let begin = begin.split_inclusive(": ").next().unwrap_or(&begin);
    card.contains(begin) && card.matches("No. ").count() == 1
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const FIRST: UpdateId = UpdateId(1);
    const SECOND: UpdateId = UpdateId(2);

    fn acknowledged() -> Acknowledgements {
        let mut acknowledged = Acknowledgements::default();
        acknowledged.posted(FIRST, 1).unwrap();
        acknowledged.posted(SECOND, 2).unwrap();
        acknowledged
    }

    fn page(cards: &[(UpdateId, usize)]) -> PageUpdates {
        cards
            .iter()
            .map(|(id, number)| (*id, (1, format!("<p>{}</p>", text(*number)).into())))
            .collect()
    }

    #[test]
    fn page_is_compared_with_the_acknowledged_state() {
        let mut acknowledged = acknowledged();
        assert_eq!(
            acknowledged.check(&page(&[(FIRST, 1), (SECOND, 2)])),
            Ok(())
        );
        for (wrong, start) in [
            (page(&[(FIRST, 1)]), "update 2 is missing"),
            (page(&[(FIRST, 1), (SECOND, 3)]), "update 2 does not show"),
            (page(&[(FIRST, 1), (SECOND, 22)]), "update 2 does not show"),
            (
                page(&[(FIRST, 1), (SECOND, 2), (UpdateId(3), 3)]),
                "update 3 is shown, but was never",
            ),
        ] {
            let message = acknowledged.check(&wrong).unwrap_err();
            assert!(message.starts_with(start), "{message}");
        }
        acknowledged.edited(FIRST, 7);
        acknowledged.deleted(SECOND);
        assert_eq!(acknowledged.check(&page(&[(FIRST, 7)])), Ok(()));
        assert!(
            acknowledged
                .check(&page(&[(FIRST, 7), (SECOND, 2)]))
                .is_err()
        );
    }

    #[test]
    fn reserved_update_is_not_chosen_again() {
        let mut acknowledged = acknowledged();
        let mut rng = StdRng::seed_from_u64(1);
        let one = acknowledged.reserve_for_edit(&mut rng).unwrap();
        let other = acknowledged.reserve_for_deletion(&mut rng).unwrap();
        assert_ne!(one, other);
        assert_eq!(acknowledged.reserve_for_edit(&mut rng), None);
        acknowledged.deleted(other);
        acknowledged.edited(one, 3);
        assert_eq!(acknowledged.reserve_for_deletion(&mut rng), Some(one));
    }

    #[test]
    fn update_id_is_acknowledged_only_once() {
        assert!(acknowledged().posted(FIRST, 3).is_err());
    }
}
