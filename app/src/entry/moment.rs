//! Moments, as pages show them: a time of day, with the date where the place doesn't imply it, and with the
//! zone where clocks show the time twice.

use domain::{Timestamp, ZoneName};
use leptos::prelude::*;
use newsroom::{
    Entry, SincePart,
    zone::{self, LocalTime},
};

/// A moment. Where the date is implied it stands in attributes, for the browser to show in the reader's own
/// zone (`times.rs`), and for pages that imply another day (`front/live_cards.rs`).
#[component]
pub fn Moment(
    /// The moment itself.
    at: Timestamp,
    /// The zone that it is shown in.
    zone: ZoneName,
    /// A moment whose day is implied, and whose year is.
    context: Timestamp,
    /// Whether the date is shown in any case.
    #[prop(optional)]
    dated: bool,
    /// Whether the whole moment is its tooltip.
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
        // Its direction is known: a line around it takes that of what was written.
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

/// Whether clocks in `zone` show one date at both moments.
pub fn is_same_day(one: Timestamp, other: Timestamp, zone: &ZoneName) -> bool {
    LocalTime::new(one, zone).date() == LocalTime::new(other, zone).date()
}

/// What a moment shows: nothing of it has to be escaped.
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

/// Since when an entry is live, or from when to when it was: what [`Entry::since`] says, with its moments as
/// `<time>` elements.
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
