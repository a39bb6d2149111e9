//! Logins through nginx: cookies for https alone, forms from our own pages alone, and tries counted by
//! who tries.

use super::{
    reader::Reader,
    site::{PASSWORD, Site},
};

#[test]
fn a_login_is_for_https_and_this_host_alone() {
    let site = Site::start();
    let browser = site.reader().with("origin", "https://live.example.org");
    let entered = browser.post("/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!((entered.status, entered.header("location")), (303, "/desk"));
    let cookies = entered.headers("set-cookie");
    let session = cookies
        .iter()
        .find(|cookie| cookie.starts_with("__Host-ringside="))
        .unwrap_or_else(|| panic!("{cookies:?}"));
    for attribute in ["; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"] {
        assert!(session.contains(attribute), "{session}");
    }
    let owner = browser.with("cookie", session.split(';').next().unwrap());
    assert_eq!(owner.get("/desk").status, 200);
    let posted = owner.post(
        "/entries/final/compose",
        &[("op_id", "operation-a"), ("source", "A goal")],
    );
    assert_eq!(posted.status, 303, "{}", posted.text());
}

#[test]
fn another_sites_form_is_refused() {
    let site = Site::start();
    for origin in [
        "https://evil.example",
        "null",
        "https://live.example.org:444",
    ] {
        let forged = site.owner().with("origin", origin);
        assert_eq!(forged.post("/logout", &[]).status, 403, "{origin}");
    }
}

/// Whether a wrong password was looked at, or it was one too many.
fn is_looked_at(reader: &Reader) -> bool {
    let fields = [("username", "ann"), ("password", "not the password")];
    let tried = reader.post("/login", &fields);
    match tried.status {
        401 => true,
        // nginx has a limit of its own, which is higher.
        429 if tried
            .text()
            .contains("Too many failed logins with this username") =>
        {
            false
        }
        status => panic!("{status} {}", tried.text()),
    }
}

#[test]
fn tries_are_counted_by_who_tries_and_not_by_what_they_say_of_themselves() {
    let site = Site::start();
    let tries = |address: u8| {
        let looked_at = |number: &u8| {
            let claimed = format!("192.0.2.{number}");
            let guesser = site
                .reader_at(address)
                .with("x-forwarded-for", &claimed)
                .with("forwarded", &format!("for={claimed}"))
                .with("x-real-ip", &claimed);
            is_looked_at(&guesser)
        };
        (1..=12).take_while(looked_at).count()
    };
    // A try is given back every six seconds, and a slow machine may take that long.
    assert!((10..12).contains(&tries(2)));
    // Somebody else.
    assert!(is_looked_at(&site.reader_at(3)));
}
