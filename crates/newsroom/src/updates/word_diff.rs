//! The differences between two texts of an update, word by word.

use std::time::Duration;

use domain::{DiffKind, DiffPart};
use similar::{ChangeTag, TextDiff};

/// How long a comparison may take until it becomes coarser. Texts that people edited are compared
/// in about a millisecond; two unrelated ones of the maximum length could take seconds.
const TIME_LIMIT: Duration = Duration::from_millis(100);
/// The maximum number of parts. More than that is not readable, and each part is an element of a
/// page.
const MAX_PARTS: usize = 2_000;

/// Returns the words that differ between two texts; the lines, if there are too many words that
/// differ.
pub fn word_diff(old: &str, new: &str) -> Vec<DiffPart> {
    let words = || {
        parts(
            &TextDiff::configure()
                .timeout(TIME_LIMIT)
                .diff_unicode_words(old, new),
        )
    };
    let lines = || {
        parts(
            &TextDiff::configure()
                .timeout(TIME_LIMIT)
                .diff_lines(old, new),
        )
    };
    let is_short = |parts: &Vec<DiffPart>| parts.len() <= MAX_PARTS;
    let parts = Some(words())
        .filter(is_short)
        .or_else(|| Some(lines()).filter(is_short));
    parts.unwrap_or_else(|| {
        let mut whole = Parts::default();
        whole.removed.push_str(old);
        whole.added.push_str(new);
        whole.finish()
    })
}

fn parts(diff: &TextDiff<'_, '_, str>) -> Vec<DiffPart> {
    let mut parts = Parts::default();
    for change in diff.iter_all_changes() {
        match change.tag() {
            ChangeTag::Equal => parts.keep(change.value()),
            ChangeTag::Delete => parts.change(change.value(), ""),
            ChangeTag::Insert => parts.change("", change.value()),
        }
    }
    parts.finish()
}

/// Joins adjacent changes to one part each. The blanks between two words that changed are part of
/// the change, so that a new sentence is not interleaved with the old one.
#[derive(Default)]
struct Parts {
    finished: Vec<DiffPart>,
    same: String,
    removed: String,
    added: String,
    /// Blanks that are the same, after a change.
    blanks: String,
}

impl Parts {
    fn keep(&mut self, text: &str) {
        let is_blank = !text.is_empty() && text.chars().all(|c| c == ' ');
        let follows_change = !self.removed.is_empty() || !self.added.is_empty();
        if is_blank && follows_change {
            self.blanks.push_str(text);
            return;
        }
        self.finish_change();
        self.same.push_str(text);
    }

    fn change(&mut self, removed: &str, added: &str) {
        self.finish_same();
        let blanks = std::mem::take(&mut self.blanks);
        for (text, more) in [(&mut self.removed, removed), (&mut self.added, added)] {
            text.push_str(&blanks);
            text.push_str(more);
        }
    }

    fn finish_same(&mut self) {
        self.push(DiffKind::Same, |parts| &mut parts.same);
    }

    fn finish_change(&mut self) {
        self.push(DiffKind::Removed, |parts| &mut parts.removed);
        self.push(DiffKind::Added, |parts| &mut parts.added);
        let blanks = std::mem::take(&mut self.blanks);
        self.same.push_str(&blanks);
    }

    fn push(&mut self, kind: DiffKind, text: impl FnOnce(&mut Self) -> &mut String) {
        let text = std::mem::take(text(self));
        if !text.is_empty() {
            self.finished.push(DiffPart { kind, text });
        }
    }

    fn finish(mut self) -> Vec<DiffPart> {
        self.finish_change();
        self.finish_same();
        self.finished
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write, time::Instant};

    use proptest::prelude::*;

    use super::*;

    /// Returns the diff with removed parts in `[-…-]` and added ones in `{+…+}`.
    fn shown(old: &str, new: &str) -> String {
        let parts = word_diff(old, new).into_iter().map(|part| match part.kind {
            DiffKind::Same => part.text,
            DiffKind::Removed => format!("[-{}-]", part.text),
            DiffKind::Added => format!("{{+{}+}}", part.text),
        });
        parts.collect()
    }

    /// Returns the text that consists of the parts that are the same or of this kind.
    fn side(parts: &[DiffPart], kind: DiffKind) -> String {
        let parts = parts
            .iter()
            .filter(|part| part.kind == DiffKind::Same || part.kind == kind);
        parts.map(|part| part.text.as_str()).collect()
    }

    fn check(old: &str, new: &str) {
        let parts = word_diff(old, new);
        assert!(
            side(&parts, DiffKind::Removed) == old,
            "the old text is not in the diff"
        );
        assert!(
            side(&parts, DiffKind::Added) == new,
            "the new text is not in the diff"
        );
        assert!(parts.len() <= MAX_PARTS, "{} parts", parts.len());
        assert!(parts.iter().all(|part| !part.text.is_empty()));
    }

    #[test]
    fn diff_names_the_words_that_differ() {
        for (old, new, diff) in [
            ("", "", ""),
            ("same", "same", "same"),
            ("", "new", "{+new+}"),
            ("It is 2-0 now", "It is 2-1 now", "It is 2-[-0-]{+1+} now"),
            ("One goal", "One goal, late", "One goal{+, late+}"),
            (
                "a red card here",
                "two goals here",
                "[-a red card-]{+two goals+} here",
            ),
            ("ゴールです", "ゴールだ", "ゴール[-です-]{+だ+}"),
        ] {
            assert_eq!(shown(old, new), diff, "{old:?} to {new:?}");
        }
    }

    #[test]
    fn comparison_of_the_longest_texts_is_bounded() {
        let text = |seed: u64, alphabet: u64| {
            let mut state = seed;
            let mut text = String::new();
            while text.len() < 200_000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                write!(text, "w{} ", (state >> 33) % alphabet).unwrap();
            }
            text
        };
        for alphabet in [2, 1_000, u64::MAX] {
            let (old, new) = (text(1, alphabet), text(2, alphabet));
            let started = Instant::now();
            check(&old, &new);
            // Two comparisons of 0.1 s each, on a busy machine in a debug build.
            assert!(started.elapsed() < Duration::from_secs(5), "{alphabet}");
        }
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_from_the_diff(old in "[ab é\n.日]{0,60}", new in "[ab é\n.日]{0,60}") {
            check(&old, &new);
        }
    }
}
