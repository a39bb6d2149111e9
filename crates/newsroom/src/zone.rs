//! Time zones, and moments as an entry's readers see them.

use domain::{Invalid, Timestamp, ZoneName};
use jiff::{fmt::strtime, tz::TimeZone};

/// Takes in the name of a time zone, as the IANA database writes it.
///
/// # Errors
/// With a sentence for the person who typed it, if there is no such zone.
pub fn parse(name: &str) -> Result<ZoneName, Invalid> {
    let name = name.trim();
    let zone = jiff::tz::db()
        .get(name)
        .ok()
        .and_then(|zone| Some(ZoneName::known(zone.iana_name()?)));
    zone.ok_or_else(|| {
        Invalid::new(
            "time_zone",
            "There is no such time zone; write one like Europe/Paris or UTC.",
        )
    })
}

/// The names of all zones, sorted, for a form to offer.
pub fn names() -> Vec<String> {
    let mut names: Vec<_> = jiff::tz::db()
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| name == "UTC" || name.contains('/'))
        .filter(|name| !name.starts_with("Etc/") && !name.starts_with("posix"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A moment in a zone, ready to be written.
#[derive(Clone, Debug)]
pub struct LocalTime(jiff::Zoned);

impl LocalTime {
    /// The moment `at`, as clocks in `zone` show it.
    pub fn new(at: Timestamp, zone: &ZoneName) -> Self {
        // A database may be newer than this machine's zones; UTC is then the honest answer.
        let zone = jiff::tz::db().get(zone.as_str()).unwrap_or(TimeZone::UTC);
        Self(instant(at).to_zoned(zone))
    }

    /// As in `14:05`.
    pub fn clock(&self) -> String {
        strtime::format("%H:%M", &self.0).unwrap_or_default()
    }

    /// As in `14:05 CET`.
    pub fn clock_and_zone(&self) -> String {
        strtime::format("%H:%M %Z", &self.0).unwrap_or_default()
    }

    /// As in `21 November 2026`.
    pub fn date(&self) -> String {
        strtime::format("%-d %B %Y", &self.0).unwrap_or_default()
    }

    /// As in `21 Nov`.
    pub fn short_date(&self) -> String {
        strtime::format("%-d %b", &self.0).unwrap_or_default()
    }

    /// As in `21 November 2026, 14:05 CET`.
    pub fn full(&self) -> String {
        strtime::format("%-d %B %Y, %H:%M %Z", &self.0).unwrap_or_default()
    }
}

/// A moment as machines read it (RFC 3339, UTC, to the millisecond).
pub fn rfc3339(at: Timestamp) -> String {
    format!("{:.3}", instant(at))
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    // Out of range only where the database was written by hand.
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_the_entrys_zone() {
        let at = Timestamp(1_795_266_300_123_456);
        let paris = LocalTime::new(at, &parse("Europe/Paris").unwrap());
        assert_eq!(paris.full(), "21 November 2026, 14:05 CET");
        assert_eq!(paris.clock(), "14:05");
        assert_eq!(rfc3339(at), "2026-11-21T13:05:00.123Z");
    }

    #[test]
    fn only_zones_that_exist_are_taken() {
        assert_eq!(parse("europe/paris").unwrap().as_str(), "Europe/Paris");
        assert!(parse("Europe/Atlantis").is_err());
        assert!(parse("../../etc/passwd").is_err());
        assert!(names().iter().any(|name| name == "UTC"));
    }
}
