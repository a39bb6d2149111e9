//! Time zones, and times displayed in them.

use std::sync::LazyLock;

use domain::{Invalid, Timestamp, ZoneName};
use jiff::{
    fmt::strtime,
    tz::{AmbiguousOffset, TimeZone},
};

/// Parses the name of a time zone in the IANA database, in upper or lower case, with spaces or
/// underscores.
///
/// # Errors
/// Returns a message for the person who entered it, if there is no such zone.
pub fn parse(name: &str) -> Result<ZoneName, Invalid> {
    let name = name.trim().replace(' ', "_");
    let zone = jiff::tz::db()
        .get(&name)
        .ok()
        .and_then(|zone| Some(ZoneName::new_unchecked(zone.iana_name()?)));
    zone.ok_or_else(|| {
        Invalid::new(
            "time_zone",
            "There is no such time zone. Enter one such as Europe/Paris or UTC.",
        )
    })
}

/// Returns the names of all zones to offer in a form, sorted. They are read once: the database may
/// be a folder with hundreds of files.
pub fn names() -> &'static [String] {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let mut names: Vec<_> = jiff::tz::db()
            .available()
            .map(|name| name.as_str().to_owned())
            .filter(|name| name == "UTC" || name.contains('/'))
            .filter(|name| !name.starts_with("Etc/") && !name.starts_with("posix"))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    });
    &NAMES
}

/// A time in a zone, ready to be formatted.
#[derive(Clone, Debug)]
pub struct LocalTime(jiff::Zoned);

impl LocalTime {
    /// Converts `at` to local time in `zone`.
    pub fn new(at: Timestamp, zone: &ZoneName) -> Self {
        // The database may contain zones that this machine doesn't know. UTC is then correct at
        // least.
        let zone = jiff::tz::db().get(zone.as_str()).unwrap_or(TimeZone::UTC);
        Self(instant(at).to_zoned(zone))
    }

    /// Formats as `14:05`.
    pub fn clock(&self) -> String {
        strtime::format("%H:%M", &self.0).unwrap_or_default()
    }

    /// Formats as `14:05 CET`.
    pub fn clock_and_zone(&self) -> String {
        strtime::format("%H:%M %Z", &self.0).unwrap_or_default()
    }

    /// Returns the abbreviation of the zone at this time, such as `CET`.
    pub fn zone(&self) -> String {
        strtime::format("%Z", &self.0).unwrap_or_default()
    }

    /// Returns whether this local time occurs twice, because the clocks are put back.
    pub fn is_repeated(&self) -> bool {
        let zone = self.0.time_zone();
        let clocks = zone.to_ambiguous_timestamp(self.0.datetime());
        matches!(clocks.offset(), AmbiguousOffset::Fold { .. })
    }

    /// Returns whether it is in another year than `other`, each in its own zone.
    pub fn is_of_another_year_than(&self, other: &Self) -> bool {
        self.0.year() != other.0.year()
    }

    /// Formats as `21 November 2026`.
    pub fn date(&self) -> String {
        strtime::format("%-d %B %Y", &self.0).unwrap_or_default()
    }

    /// Formats as `21 Nov`.
    pub fn short_date(&self) -> String {
        strtime::format("%-d %b", &self.0).unwrap_or_default()
    }

    /// Formats as `21 Nov 2026`.
    pub fn short_date_and_year(&self) -> String {
        strtime::format("%-d %b %Y", &self.0).unwrap_or_default()
    }

    /// Formats as `21 November 2026, 14:05 CET`.
    pub fn full(&self) -> String {
        strtime::format("%-d %B %Y, %H:%M %Z", &self.0).unwrap_or_default()
    }
}

/// Formats a time for machines (RFC 3339, UTC, with milliseconds).
pub fn rfc3339(at: Timestamp) -> String {
    format!("{:.3}", instant(at))
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    // Out of range only in a manually edited database.
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_shown_in_the_entrys_zone() {
        let at = Timestamp(1_795_266_300_123_456);
        let paris = LocalTime::new(at, &parse("Europe/Paris").unwrap());
        assert_eq!(paris.full(), "21 November 2026, 14:05 CET");
        assert_eq!(paris.clock(), "14:05");
        assert_eq!(rfc3339(at), "2026-11-21T13:05:00.123Z");
    }

    #[test]
    fn repeated_hour_is_recognized() {
        let paris = parse("Europe/Paris").unwrap();
        let utc = parse("UTC").unwrap();
        // On 25 October 2026, 3:00 CEST becomes 2:00 CET at 01:00 UTC.
        let change = 1_792_890_000_000_000;
        for (minutes, clock, zone, repeated) in [
            (-61, "01:59", "CEST", false),
            (-60, "02:00", "CEST", true),
            (-30, "02:30", "CEST", true),
            (0, "02:00", "CET", true),
            (59, "02:59", "CET", true),
            (60, "03:00", "CET", false),
        ] {
            let at = Timestamp(change + minutes * 60_000_000);
            let shown = LocalTime::new(at, &paris);
            assert_eq!((&*shown.clock(), &*shown.zone()), (clock, zone));
            assert_eq!(shown.is_repeated(), repeated, "{clock} {zone}");
            assert!(!LocalTime::new(at, &utc).is_repeated(), "{clock} {zone}");
        }
    }

    #[test]
    fn only_existing_zones_are_accepted() {
        for name in ["europe/paris", "EUROPE/PARIS", " Europe/Paris "] {
            assert_eq!(parse(name).unwrap().as_str(), "Europe/Paris");
        }
        let new_york = parse("america/new york").unwrap();
        assert_eq!(new_york.as_str(), "America/New_York");
        assert!(parse("Europe/Atlantis").is_err());
        assert!(parse("../../etc/passwd").is_err());
        for name in names() {
            assert_eq!(parse(&name.to_lowercase()).unwrap().as_str(), name);
        }
        assert!(names().len() > 300 && names().contains(&"UTC".to_owned()));
    }
}
