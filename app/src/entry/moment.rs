//! Moments as pages show them: the time of day, with the date unless the page implies it, and with
//! the zone where clocks show the time twice.

use domain::{Timestamp, ZoneName};
use leptos::prelude::*;
use newsroom::{
    Entry, SincePart,
    zone::{self, LocalTime},
};

/// A moment. An implied date is in attributes, for the browser to show the moment in the reader's
/// own zone (`times.rs`), and for pages that imply another day (`front/labelled_cards.rs`).
#[component]
pub fn Moment(
    /// The moment itself.
    at: Timestamp,
    /// The zone to show it in.
    zone: ZoneName,
    /// A moment on the day that the page implies.
    context: Timestamp,
    /// Whether to show the date even if it is implied.
    #[prop(optional)]
    dated: bool,
    /// Whether its tooltip shows the whole moment.
    #[prop(optional)]
    titled: bool,
) -> impl IntoView {
    let [shown, implying] = [at, context].map(move |moment| LocalTime::new(moment, &zone));
    let implied = !dated && shown.date() == implying.date();
    let date = if shown.is_of_another_year_than(&implying) {
        shown.short_date_and_year()
    } else {
        shown.short_date()
    };
    let repeated = shown.is_repeated().then(|| shown.zone());
    let html = time_of_day(
        (!implied).then_some(&date),
        &shown.clock(),
        repeated.as_deref(),
    );
    view! {
        // A fixed direction, so that the text around it does not take its direction from the time.
        <time
            datetime=zone::rfc3339(at)
            dir="ltr"
            title=titled.then(|| shown.full())
            data-from=implied.then(|| zone::rfc3339(context))
            data-day=implied.then_some(date)
            inner_html=html
        ></time>
    }
}

/// Returns whether both moments are on the same day in `zone`.
pub fn is_same_day(one: Timestamp, other: Timestamp, zone: &ZoneName) -> bool {
    LocalTime::new(one, zone).date() == LocalTime::new(other, zone).date()
}

/// Returns the HTML of a moment. Its parts need no escaping.
fn time_of_day(date: Option<&String>, clock: &str, zone: Option<&str>) -> String {
    let mut html = String::new();
    if let Some(date) = date {
        html.extend([r#"<span class="date">"#, date, "</span> "]);
    }
    html.push_str(clock);
    if let Some(zone) = zone {
        html.extend([r#" <span class="zone">"#, zone, "</span>"]);
    }
    html
}

/// Renders when an entry went live, or the period it was live: the text of [`Entry::since`], with
/// its moments as `<time>` elements.
pub fn render_since(entry: &Entry) -> String {
    let part = |part: &SincePart| match part {
        SincePart::Words(words) => (*words).to_owned(),
        SincePart::Moment(at, text) => format!(
            r#"<time datetime="{}" dir="ltr" data-full="">{text}</time>"#,
            zone::rfc3339(*at)
        ),
    };
    entry.since_parts().iter().map(part).collect()
}
