//! The log of what was acknowledged: what every page and the database must come to.

use std::collections::BTreeMap;

use domain::UpdateId;
use rand::{RngExt, rngs::StdRng};

use super::client::Shown;
use crate::harness::text;

/// What is known of every update that was acknowledged.
#[derive(Debug, Default)]
pub struct Acknowledgements(BTreeMap<UpdateId, Known>);

/// What is known of an update.
#[derive(Clone, Debug)]
pub struct Known {
    /// Which text it has: the last that was acknowledged.
    pub text: usize,
    /// Whether its deletion was acknowledged.
    pub deleted: bool,
    /// Whether somebody is changing it.
    busy: bool,
}

impl Acknowledgements {
    /// An update was posted.
    pub fn posted(&mut self, id: UpdateId, text: usize) -> Result<(), String> {
        let known = Known {
            text,
            deleted: false,
            busy: false,
        };
        match self.0.insert(id, known) {
            None => Ok(()),
            Some(other) => Err(format!(
                "update {id} was acknowledged for two posts, No. {} and No. {text}",
                other.text
            )),
        }
    }

    /// Sets an update aside to be edited; `None` if there is none that can be.
    pub fn take_to_edit(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        self.take(rng)
    }

    /// Sets an update aside to be deleted; `None` if there is none.
    pub fn take_to_delete(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        self.take(rng)
    }

    /// An update that was set aside has another text now. An earlier request for it may still arrive;
    /// by its operation id the server knows it.
    pub fn edited(&mut self, id: UpdateId, text: usize) {
        if let Some(known) = self.0.get_mut(&id) {
            known.text = text;
            known.busy = false;
        }
    }

    /// An update that was set aside is gone.
    pub fn deleted(&mut self, id: UpdateId) {
        if let Some(known) = self.0.get_mut(&id) {
            known.deleted = true;
            known.busy = false;
        }
    }

    /// Everything that was acknowledged, deletions too.
    pub const fn updates(&self) -> &BTreeMap<UpdateId, Known> {
        &self.0
    }

    /// Whether a page that shows `shown` shows what was acknowledged, and nothing else.
    ///
    /// # Errors
    /// With the first difference.
    pub fn check(&self, shown: &Shown) -> Result<(), String> {
        for (id, known) in &self.0 {
            match shown.get(id) {
                Some(_) if known.deleted => {
                    return Err(format!(
                        "update {id} is there, whose deletion was acknowledged"
                    ));
                }
                None if !known.deleted => {
                    let text = known.text;
                    return Err(format!(
                        "update {id} is gone, whose text No. {text} was acknowledged"
                    ));
                }
                Some((_, card)) if !shows(card, known.text) => {
                    let text = known.text;
                    return Err(format!(
                        "update {id} does not show its text No. {text}, but: {card}"
                    ));
                }
                _ => {}
            }
        }
        match shown.keys().find(|id| !self.0.contains_key(id)) {
            Some(id) => Err(format!(
                "update {id} is there, which nobody had acknowledged"
            )),
            None => Ok(()),
        }
    }

    fn take(&mut self, rng: &mut StdRng) -> Option<UpdateId> {
        let mut there: Vec<_> = self
            .0
            .iter_mut()
            .filter(|(_, known)| !known.deleted && !known.busy)
            .collect();
        if there.is_empty() {
            return None;
        }
        let chosen = rng.random_range(0..there.len());
        let (id, known) = there.swap_remove(chosen);
        known.busy = true;
        Some(*id)
    }
}

/// Whether a card shows the `number`th text and no other: each begins with its number.
fn shows(card: &str, number: usize) -> bool {
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

    fn page(cards: &[(UpdateId, usize)]) -> Shown {
        cards
            .iter()
            .map(|(id, number)| (*id, (1, format!("<p>{}</p>", text(*number)).into())))
            .collect()
    }

    #[test]
    fn a_page_is_held_against_what_was_acknowledged() {
        let mut acknowledged = acknowledged();
        assert_eq!(
            acknowledged.check(&page(&[(FIRST, 1), (SECOND, 2)])),
            Ok(())
        );
        for (wrong, complaint) in [
            (page(&[(FIRST, 1)]), "update 2 is gone"),
            (page(&[(FIRST, 1), (SECOND, 3)]), "update 2 does not show"),
            (page(&[(FIRST, 1), (SECOND, 22)]), "update 2 does not show"),
            (
                page(&[(FIRST, 1), (SECOND, 2), (UpdateId(3), 3)]),
                "update 3 is there, which nobody",
            ),
        ] {
            let said = acknowledged.check(&wrong).unwrap_err();
            assert!(said.starts_with(complaint), "{said}");
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
    fn nobody_changes_what_somebody_is_changing() {
        let mut acknowledged = acknowledged();
        let mut rng = StdRng::seed_from_u64(1);
        let one = acknowledged.take_to_edit(&mut rng).unwrap();
        let other = acknowledged.take_to_delete(&mut rng).unwrap();
        assert_ne!(one, other);
        assert_eq!(acknowledged.take_to_edit(&mut rng), None);
        acknowledged.deleted(other);
        acknowledged.edited(one, 3);
        assert_eq!(acknowledged.take_to_delete(&mut rng), Some(one));
    }

    #[test]
    fn a_number_is_given_once() {
        assert!(acknowledged().posted(FIRST, 3).is_err());
    }
}
