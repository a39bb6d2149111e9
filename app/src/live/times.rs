//! Times in the page: in the entry's zone, as the server renders them, or in the reader's own.

use std::cell::RefCell;

use js_sys::{Array, Date, Intl, JSON, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::dom::{all, remove, set, text};

/// The attribute that keeps the server's HTML of a time while another is shown.
const ORIGINAL: &str = "data-written";
/// The attribute that keeps the server's tooltip.
const ORIGINAL_TITLE: &str = "data-title";

/// A minute, in milliseconds.
const MINUTE: f64 = 60_000.0;

/// Returns the name of the reader's own zone, such as `Europe/Paris`.
pub fn own_zone() -> Option<String> {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()?
        .as_string()
}

/// Shows every time within `root` in the reader's own zone, or as the server rendered it. Does not
/// change times inside an author's text.
pub fn show(root: &Element, own: bool) {
    for time in all(root, "time[datetime]:not(.prose time)") {
        if time.has_attribute(ORIGINAL) != own {
            if own {
                show_own(&time);
            } else {
                restore(&time);
            }
        }
    }
}

/// Shows one time, and its tooltip, in the reader's own zone.
fn show_own(time: &Element) {
    let Some(local) = LocalTime::of(time, "datetime") else {
        return;
    };
    let html = if time.has_attribute("data-full") {
        local.full()
    } else {
        local.clock_and_date(time)
    };
    set(time, ORIGINAL, &time.inner_html());
    time.set_inner_html(&html);
    if let Some(titled) = titled(time) {
        let title = text(&titled, "title");
        set(time, ORIGINAL_TITLE, &title);
        set(&titled, "title", &local.full());
    }
}

fn restore(time: &Element) {
    time.set_inner_html(&text(time, ORIGINAL));
    if let Some(titled) = titled(time) {
        let title = text(time, ORIGINAL_TITLE);
        set(&titled, "title", &title);
    }
    for name in [ORIGINAL, ORIGINAL_TITLE] {
        remove(time, name);
    }
}

/// Returns the element that has the tooltip of a time: the time itself, or an element around it.
fn titled(time: &Element) -> Option<Element> {
    time.closest("[title]").ok()?
}

/// A moment in the reader's own zone.
struct LocalTime {
    moment: Date,
    /// For example, `Mon Nov 23 2026 18:30:00 GMT-0500 (Eastern Standard Time)`. The format up to
    /// the offset is specified by ECMAScript (21.4.4.41.4).
    text: String,
}

impl LocalTime {
    /// Parses the moment in an attribute of `time`.
    fn of(time: &Element, name: &str) -> Option<Self> {
        let moment = Date::new(&JsValue::from_str(&time.get_attribute(name)?));
        let text = String::from(moment.to_string());
        // The text of an invalid date is shorter.
        (text.len() > 24).then_some(Self { moment, text })
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Returns, for example, `18:30`.
    fn clock(&self) -> &str {
        self.part(16, 21)
    }

    /// Returns, for example, `23 Nov`, in the server's format.
    fn date(&self) -> String {
        [self.day(), " ", self.part(4, 7)].concat()
    }

    fn day(&self) -> &str {
        self.part(8, 10).trim_start_matches('0')
    }

    /// Returns the HTML of a time: the clock; the date, unless the page implies it both in the
    /// entry's zone and in this one; and the zone, where clocks show this time twice.
    fn clock_and_date(&self, time: &Element) -> String {
        let date = self.date();
        let implied = time.get_attribute("data-day").as_ref() == Some(&date)
            && Self::of(time, "data-from").is_some_and(|from| from.date() == date);
        let mut html = String::new();
        if !implied {
            html += r#"<span class="date">"#;
            html += &date;
            // The server's date has a year if the page does not imply the year either.
            let original = time.query_selector(".date").ok().flatten();
            if original.is_some_and(|it| it.text_content().is_some_and(|it| it.len() > 6)) {
                html += self.part(10, 15);
            }
            html += "</span> ";
        }
        html += self.clock();
        if self.is_repeated() {
            html += r#" <span class="zone">"#;
            html += &self.zone();
            html += "</span>";
        }
        html
    }

    /// Returns, for example, `23 November 2026, 18:30 EST`.
    fn full(&self) -> String {
        const MONTHS: &str =
            "January February March April May June July August September October November December";
        let short = self.part(4, 7);
        let month = MONTHS.split(' ').find(|month| month.starts_with(short));
        let (month, year) = (month.unwrap_or(short), self.part(10, 15));
        [
            self.day(),
            " ",
            month,
            year,
            ", ",
            self.clock(),
            " ",
            &self.zone(),
        ]
        .concat()
    }

    /// Returns whether clocks show this time twice, because they are put back after it.
    fn is_repeated(&self) -> bool {
        let offset = |minutes: f64| {
            let at = self.moment.get_time() + minutes * MINUTE;
            Date::new(&at.into()).get_timezone_offset()
        };
        let shift = offset(360.0) - offset(-360.0);
        shift > 0.0 && offset(shift) > offset(-shift)
    }

    /// Returns the zone's abbreviation, such as `EST`. Cached by offset: there may be thousands of
    /// times, and looking up each name is slow.
    fn zone(&self) -> String {
        thread_local! {
            static NAMES: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
        }
        // For example, `GMT-0500`.
        let offset = self.part(25, 33);
        NAMES.with_borrow_mut(|names| {
            if let Some((_, name)) = names.iter().find(|(key, _)| key == offset) {
                return name.clone();
            }
            let name = zone_name(&self.moment);
            names.push((offset.to_owned(), name.clone()));
            name
        })
    }
}

/// Returns the short name of the reader's zone at a moment. Each English locale has names for the
/// zones of its own countries, and only an offset, such as `GMT-5`, for the others.
fn zone_name(at: &Date) -> String {
    let options = JSON::parse(r#"{"timeZoneName":"short"}"#).unwrap_or_default();
    let mut name = String::new();
    for english in ["en-GB", "en-US", "en-AU"] {
        let text = String::from(at.to_locale_date_string(english, &options));
        text.rsplit(' ')
            .next()
            .unwrap_or_default()
            .clone_into(&mut name);
        if name.len() < 4 || !name.starts_with("GMT") {
            break;
        }
    }
    name
}

/// Returns the current time by the reader's clock, for example `14:05`.
pub fn clock_now() -> String {
    let now = Date::new_0();
    String::from(now.to_string())
        .get(16..21)
        .unwrap_or_default()
        .to_owned()
}
