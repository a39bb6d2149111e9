//! The list's DOM after random changes, compared with a model of it. Run in a browser.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use domain::{Deleted, EntryId, Timestamp, UpdateId, Upserted};
use leptos::prelude::document;
use proptest::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::*;
use crate::{entry::chunk, live::dom::by_id};

wasm_bindgen_test_configure!(run_in_browser);

/// The updates that a list should show: each with its revision, the time it was posted, its text.
type Model = BTreeMap<i64, (Rev, i64, String)>;

/// What happens to a list.
#[derive(Clone, Debug)]
enum Step {
    /// An update is posted, or edited if it exists. Hidden if it is new, unless it is late.
    Upsert { id: i64, text: String, hidden: bool },
    /// Many updates are posted at once.
    Burst(i64),
    /// An update is deleted, if it exists.
    Delete(i64),
    /// The reader reverses the order.
    Flip,
    /// The reader shows the hidden updates.
    Reveal,
    /// After a reset, everything is shown again, without these updates.
    Replace(Vec<i64>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_i64..40, "[a-z]{0,4}", any::<bool>()).prop_map(|(id, text, hidden)| Step::Upsert { id, text, hidden }),
        1 => (0_i64..60).prop_map(Step::Burst),
        4 => (0_i64..40).prop_map(Step::Delete),
        1 => Just(Step::Flip),
        1 => Just(Step::Reveal),
        1 => prop::collection::vec(0_i64..40, 0..6).prop_map(Step::Replace),
    ]
}

/// Updates are posted in another order than that of their ids.
const fn posted_at(id: i64) -> i64 {
    (id * 7) % 40
}

fn card(id: i64, rev: Rev, text: &str) -> String {
    let at = posted_at(id);
    format!(
        r#"<article class="update" id="update-{id}" data-update-id="{id}" data-rev="{rev}" data-posted-at="{at}" lang="en"><p>{text}</p></article>"#
    )
}

fn upserted(id: i64, rev: Rev, text: &str) -> Change {
    Change::Upserted(Upserted {
        id: UpdateId(id),
        rev,
        entry_id: EntryId(1),
        posted_at: Timestamp(posted_at(id)),
        html: card(id, rev, text),
    })
}

/// A list in the document, which is removed when this is dropped.
struct Mounted {
    list: FeedList,
    model: Model,
    /// The updates that are hidden.
    hidden: BTreeSet<i64>,
    rev: Rev,
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.list.element().remove();
    }
}

impl Mounted {
    fn new(order: Order) -> Self {
        let element: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        element.set_id("live-updates");
        document().body().unwrap().append_child(&element).unwrap();
        Self {
            list: FeedList::new(element, order, |_| {}),
            model: Model::new(),
            hidden: BTreeSet::new(),
            rev: 0,
        }
    }

    fn upsert(&mut self, id: i64, text: &str, hidden: bool) {
        self.rev += 1;
        let count = self.list.apply(&[upserted(id, self.rev, text)], hidden);
        let is_new = self
            .model
            .insert(id, (self.rev, posted_at(id), text.to_owned()))
            .is_none();
        assert_eq!(count, usize::from(is_new), "the number of new updates");
        // A late update below the view is shown, and one above it hidden, in any case.
        if is_new
            && by_id(&format!("update-{id}"))
                .unwrap()
                .has_attribute("hidden")
        {
            self.hidden.insert(id);
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Upsert { id, text, hidden } => self.upsert(id, &text, hidden),
            Step::Burst(count) => {
                for id in 100..100 + count {
                    self.upsert(id, "burst", false);
                }
            }
            Step::Delete(id) => {
                self.rev += 1;
                let deleted = Deleted {
                    id: UpdateId(id),
                    rev: self.rev,
                };
                self.list.apply(&[Change::Deleted(deleted)], false);
                self.model.remove(&id);
                self.hidden.remove(&id);
            }
            Step::Flip => self.list.flip(),
            Step::Reveal => {
                self.list.reveal();
                self.hidden.clear();
            }
            Step::Replace(removed) => {
                for id in removed {
                    self.model.remove(&id);
                    self.hidden.remove(&id);
                }
                let page = document().create_element("div").unwrap();
                let cards = self.model.iter();
                let cards = cards.map(|(id, (rev, _, text))| card(*id, *rev, text));
                page.set_inner_html(&cards.collect::<String>());
                self.list.replace_with(&page, false);
            }
        }
    }

    /// Asserts that the DOM shows the model, in the list's order, in chunks.
    fn check(&self) {
        let list = self.list.element();
        let mut expected: Vec<_> = self.model.iter().collect();
        expected.sort_by_key(|(id, (_, at, _))| (*at, **id));
        if self.list.order() == Order::Latest {
            expected.reverse();
        }
        let shown: Vec<_> = all(list, ".update").collect();
        let ids: Vec<_> = shown
            .iter()
            .map(|node| number(node, "data-update-id"))
            .collect();
        let expected_ids: Vec<_> = expected.iter().map(|(id, _)| **id).collect();
        assert_eq!(ids, expected_ids);
        for (node, (id, (rev, _, text))) in shown.iter().zip(&expected) {
            assert_eq!(node.text_content().as_deref(), Some(text.as_str()));
            assert_eq!(number(node, "data-rev"), *rev);
            assert_eq!(
                node.has_attribute("hidden"),
                self.hidden.contains(id),
                "{id}"
            );
        }
        assert_eq!(
            list.get_attribute("aria-busy").as_deref() == Some("true"),
            ids.is_empty()
        );
        let chunks: Vec<_> = all(list, ".chunk").collect();
        let in_chunks: u32 = chunks.iter().map(Element::child_element_count).sum();
        assert_eq!(
            usize::try_from(in_chunks).unwrap(),
            ids.len(),
            "updates outside of chunks"
        );
        for chunk in chunks {
            assert!(chunk.child_element_count() > 0, "an empty chunk");
            let is_full = chunk.class_name() == chunk::FULL_CLASS;
            assert!(is_full || chunk.class_name() == chunk::OPEN_CLASS);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[wasm_bindgen_test]
    fn list_shows_the_model_after_any_changes(
        steps in prop::collection::vec(step(), 0..60),
        latest in any::<bool>(),
    ) {
        let mut mounted = Mounted::new(if latest { Order::Latest } else { Order::Oldest });
        for step in steps {
            mounted.step(step);
            if mounted.list.element().has_attribute("aria-busy") {
                mounted.check();
            }
        }
    }

    /// Selection, focus and playback are in the nodes, so an update must keep its own.
    #[wasm_bindgen_test]
    fn updates_keep_their_nodes(steps in prop::collection::vec(step(), 0..40)) {
        let mut mounted = Mounted::new(Order::Oldest);
        mounted.upsert(500, "kept", false);
        let node = by_id("update-500").unwrap();
        for step in steps {
            mounted.step(step);
            assert!(by_id("update-500").is_some_and(|it| it == node));
        }
    }
}

#[wasm_bindgen_test]
fn older_state_of_an_update_changes_nothing() {
    let mounted = Mounted::new(Order::Oldest);
    mounted.list.apply(&[upserted(1, 5, "new")], false);
    mounted.list.apply(&[upserted(1, 4, "old")], false);
    assert_eq!(
        by_id("update-1").unwrap().text_content().as_deref(),
        Some("new")
    );
}

#[wasm_bindgen_test]
fn newest_chunk_is_closed_when_it_is_full() {
    let mounted = Mounted::new(Order::Oldest);
    let full = i64::try_from(chunk::FULL).unwrap();
    for id in 0..=full {
        let html = card(id, id, "").replace(
            &format!(r#"data-posted-at="{}""#, posted_at(id)),
            &format!(r#"data-posted-at="{id}""#),
        );
        let shown = Upserted {
            id: UpdateId(id),
            rev: id,
            entry_id: EntryId(1),
            posted_at: Timestamp(id),
            html,
        };
        mounted.list.apply(&[Change::Upserted(shown)], false);
    }
    let classes: Vec<_> = all(mounted.list.element(), ".chunk")
        .map(|it| it.class_name())
        .collect();
    assert_eq!(classes, [chunk::FULL_CLASS, chunk::OPEN_CLASS]);
}

/// A list of tall updates, numbered from 0 and posted at 10 times their numbers, in a page scrolled
/// so that the top of the `at`th card from the top is the top of the view.
struct Tall {
    list: FeedList,
    reported: Rc<Cell<usize>>,
}

impl Tall {
    /// The number of cards. Together they are much taller than the view.
    const CARDS: i64 = 60;

    fn new(order: Order, at: usize) -> Self {
        let element: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        element.set_id("live-updates");
        document().body().unwrap().append_child(&element).unwrap();
        let reported = Rc::new(Cell::new(0));
        let report = Rc::clone(&reported);
        let list = FeedList::new(element, order, move |count| report.set(count));
        let tall = Self { list, reported };
        let all_cards: Vec<_> = (0..Self::CARDS)
            .map(|id| Self::posted(id, id * 10))
            .collect();
        tall.list.apply(&all_cards, false);
        tall.list.pending_below.clear();
        all(tall.list.element(), ".update")
            .nth(at)
            .unwrap()
            .scroll_into_view();
        tall
    }

    fn posted(id: i64, at: i64) -> Change {
        let html = format!(
            r#"<article class="update" id="update-{id}" data-update-id="{id}" data-rev="{id}" data-posted-at="{at}" tabindex="-1"><svg width="1" height="300"></svg></article>"#
        );
        Change::Upserted(Upserted {
            id: UpdateId(id),
            rev: id,
            entry_id: EntryId(1),
            posted_at: Timestamp(at),
            html,
        })
    }

    /// Publishes the update `id`, written just after the update `after`. Returns whether it is
    /// hidden.
    fn publish_late(&self, id: i64, after: i64, hidden: bool) -> bool {
        let before = self.first_in_view();
        self.list.apply(&[Self::posted(id, after * 10 + 5)], hidden);
        let node = by_id(&format!("update-{id}")).unwrap();
        let is_hidden = node.has_attribute("hidden");
        assert_eq!(self.first_in_view(), before, "nothing moves for the reader");
        is_hidden
    }

    /// Returns the id of the first card whose top is in the view, and its place.
    fn first_in_view(&self) -> (String, i64) {
        let mut cards = all(self.list.element(), ".update");
        let top = |card: &Element| card.get_bounding_client_rect().top();
        let card = cards.find(|card| !card.has_attribute("hidden") && top(card) > -1.0);
        #[expect(clippy::cast_possible_truncation, reason = "a place in the window")]
        card.map(|card| (card.id(), top(&card).round() as i64))
            .unwrap()
    }
}

impl Drop for Tall {
    fn drop(&mut self) {
        self.list.element().remove();
    }
}

/// Asserts that the update `id` has the focus, and that its top is in the view.
fn assert_reader_is_at(id: i64) {
    let focused = document().active_element().unwrap();
    assert_eq!(focused.id(), format!("update-{id}"));
    let top = focused.get_bounding_client_rect().top();
    assert!((0.0..view_height()).contains(&top), "{top}");
}

#[wasm_bindgen_test]
fn late_update_above_the_reader_is_hidden_and_the_button_goes_to_it() {
    // The reader is in the middle. In latest-first order the update 50 is above them, in
    // oldest-first order the update 10.
    for (order, after, hidden) in [(Order::Latest, 50, true), (Order::Oldest, 10, false)] {
        let tall = Tall::new(order, 30);
        assert!(tall.publish_late(100, after, hidden));
        assert_eq!(tall.list.pending(), 1);
        tall.list.go_to_pending();
        assert_eq!(tall.list.pending(), 0);
        assert_reader_is_at(100);
    }
}

#[wasm_bindgen_test]
fn late_update_below_the_reader_is_shown_and_counted_and_the_button_goes_to_it() {
    for (order, after, hidden) in [
        (Order::Latest, 10, true),
        // The reader is at the top, where new updates appear at once.
        (Order::Latest, 10, false),
        (Order::Oldest, 50, false),
    ] {
        let tall = Tall::new(order, if hidden { 30 } else { 0 });
        assert!(!tall.publish_late(100, after, hidden));
        assert_eq!(tall.list.pending(), 1);
        tall.list.go_to_pending();
        assert_eq!(tall.list.pending(), 0);
        assert_reader_is_at(100);
    }
}

#[wasm_bindgen_test]
fn button_goes_to_several_late_updates_from_the_top_down() {
    let tall = Tall::new(Order::Latest, 30);
    for (id, after, hidden) in [
        (100, 10, false),
        (101, 50, true),
        (102, 5, false),
        (103, 40, true),
    ] {
        assert_eq!(tall.publish_late(id, after, true), hidden, "{id}");
    }
    // An ordinary one, too.
    tall.list.apply(&[Tall::posted(104, 10_000)], true);
    assert_eq!(tall.list.pending(), 5);
    for (id, left) in [(104, 4), (101, 3), (103, 2), (100, 1), (102, 0)] {
        tall.list.go_to_pending();
        assert_reader_is_at(id);
        assert_eq!(tall.list.pending(), left, "after {id}");
        assert!(!tall.list.has_hidden());
    }
    tall.list.go_to_pending();
    assert_reader_is_at(102);
}

#[wasm_bindgen_test]
fn deleted_or_flipped_late_updates_are_not_counted() {
    let tall = Tall::new(Order::Latest, 30);
    assert!(!tall.publish_late(100, 10, true));
    assert!(tall.publish_late(101, 50, true));
    for id in [100, 101] {
        let deleted = Deleted {
            id: UpdateId(id),
            rev: 200,
        };
        tall.list.apply(&[Change::Deleted(deleted)], true);
    }
    assert_eq!(tall.list.pending(), 0);
    assert!(!tall.publish_late(102, 10, true));
    assert!(tall.publish_late(103, 50, true));
    tall.list.reveal();
    tall.list.flip();
    assert_eq!((tall.list.pending(), tall.list.has_hidden()), (0, false));
}

#[wasm_bindgen_test]
async fn late_update_that_the_reader_scrolls_to_is_no_longer_counted() {
    let tall = Tall::new(Order::Latest, 0);
    assert!(!tall.publish_late(100, 40, false));
    assert!(!tall.publish_late(101, 10, false));
    by_id("update-100").unwrap().scroll_into_view();
    for _ in 0..100 {
        gloo_timers::future::TimeoutFuture::new(20).await;
        if tall.reported.get() == 1 {
            break;
        }
    }
    // The one further down has not been in view.
    assert_eq!((tall.reported.get(), tall.list.pending()), (1, 1));
}
