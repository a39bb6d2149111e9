//! Times of updates: in the entry's zone, as the server writes them, or in the reader's own.

use std::cell::RefCell;

use js_sys::{Array, Date, Intl, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Element;

/// Where a time keeps what the server wrote into it, while something else is shown.
const WRITTEN: &str = "data-written";
/// Where it keeps the tooltip that the server wrote.
const WRITTEN_TITLE: &str = "data-title";

/// The minute, in the milliseconds that JavaScript's clock counts.
const MINUTE: f64 = 60_000.0;

/// The name of the reader's own zone, as in `Europe/Paris`.
pub fn own_zone() -> Option<String> {
    let format = Intl::DateTimeFormat::new(&Array::new(), &Object::new());
    Reflect::get(&format.resolved_options(), &"timeZone".into())
        .ok()?
        .as_string()
}

/// Shows every time within `root` in the reader's own zone, or as the server wrote it. What an author wrote
/// is left alone.
pub fn show(root: &Element, own: bool) {
    let Ok(times) = root.query_selector_all("time[datetime]:not(.prose time)") else {
        return;
    };
    for at in 0..times.length() {
        if let Some(time) = times.item(at).map(JsCast::unchecked_into::<Element>)
            && time.has_attribute(WRITTEN) != own
        {
            if own {
                show_own(&time);
            } else {
                restore(&time);
            }
        }
    }
}

/// Shows one time in the reader's own zone; its tooltip, too, which it has itself or what it stands in.
fn show_own(time: &Element) {
    let Some(local) = Local::of(time, "datetime") else {
        return;
    };
    let html = if time.has_attribute("data-full") {
        local.full()
    } else {
        local.clock_and_date(time)
    };
    keep(time, WRITTEN, &time.inner_html());
    time.set_inner_html(&html);
    if let Some(titled) = titled(time) {
        let title = titled.get_attribute("title").unwrap_or_default();
        keep(time, WRITTEN_TITLE, &title);
        keep(&titled, "title", &local.full());
    }
}

fn restore(time: &Element) {
    time.set_inner_html(&time.get_attribute(WRITTEN).unwrap_or_default());
    if let Some(titled) = titled(time) {
        let title = time.get_attribute(WRITTEN_TITLE).unwrap_or_default();
        keep(&titled, "title", &title);
    }
    for name in [WRITTEN, WRITTEN_TITLE] {
        // A plain name is always taken.
        let _ = time.remove_attribute(name);
    }
}

/// What has the tooltip of a time.
fn titled(time: &Element) -> Option<Element> {
    time.closest("[title]").ok()?
}

fn keep(element: &Element, name: &str, value: &str) {
    // A plain name is always taken.
    let _ = element.set_attribute(name, value);
}

/// A moment as clocks in the reader's zone show it.
struct Local {
    moment: Date,
    /// As in `Mon Nov 23 2026 18:30:00 GMT-0500 (Eastern Standard Time)`; ECMAScript says how it begins.
    text: String,
}

impl Local {
    /// The moment in an attribute of `time`.
    fn of(time: &Element, name: &str) -> Option<Self> {
        let moment = Date::new(&JsValue::from_str(&time.get_attribute(name)?));
        let text = String::from(moment.to_string());
        // What is no moment is said in fewer words.
        (text.len() > 24).then_some(Self { moment, text })
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// As in `18:30`.
    fn clock(&self) -> &str {
        self.part(16, 21)
    }

    /// As in `23 Nov`, which is how the server writes it.
    fn date(&self) -> String {
        [self.day(), " ", self.part(4, 7)].concat()
    }

    fn day(&self) -> &str {
        self.part(8, 10).trim_start_matches('0')
    }

    /// What stands in a time: the clock, with the date unless it is the one that goes without saying both in
    /// the entry's zone and here, and with the zone where clocks show this time twice.
    fn clock_and_date(&self, time: &Element) -> String {
        let date = self.date();
        let implied = time.get_attribute("data-day").as_ref() == Some(&date)
            && Self::of(time, "data-from").is_some_and(|from| from.date() == date);
        let mut html = String::new();
        if !implied {
            html += r#"<span class="date">"#;
            html += &date;
            // The server's date has a year if it goes without saying no more than the day.
            let written = time.query_selector(".date").ok().flatten();
            if written.is_some_and(|it| it.text_content().is_some_and(|it| it.len() > 6)) {
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

    /// As in `23 November 2026, 18:30 EST`.
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

    /// Whether clocks show this time once before they are put back, and once after.
    fn is_repeated(&self) -> bool {
        let offset = |minutes: f64| {
            let at = self.moment.get_time() + minutes * MINUTE;
            Date::new(&at.into()).get_timezone_offset()
        };
        let shift = offset(360.0) - offset(-360.0);
        shift > 0.0 && offset(shift) > offset(-shift)
    }

    /// The zone's abbreviation, as in `EST`. It is remembered for its offset: there may be thousands of
    /// times, and the browser takes long to name one.
    fn zone(&self) -> String {
        thread_local! {
            static NAMES: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
        }
        // As in `GMT-0500`.
        let offset = self.part(25, 33);
        NAMES.with_borrow_mut(|names| {
            if let Some((_, name)) = names.iter().find(|(of, _)| of == offset) {
                return name.clone();
            }
            let name = zone_name(&self.moment);
            names.push((offset.to_owned(), name.clone()));
            name
        })
    }
}

/// What the reader's zone is called at a moment, in short. Each English has names for the zones of its own
/// countries, and for others an offset, as in `GMT-5`.
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

/// The time now, as in `14:05`.
pub fn clock_now() -> String {
    let now = Date::new_0();
    String::from(now.to_string())
        .get(16..21)
        .unwrap_or_default()
        .to_owned()
}
