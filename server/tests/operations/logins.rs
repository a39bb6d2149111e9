//! Logins through nginx: cookies are sent over HTTPS only, forms from other sites are refused, and
//! login attempts are counted by address.

use super::{
    client::Client,
    site::{PASSWORD, Site},
};

#[test]
fn session_cookie_is_for_https_and_this_host_only() {
    let site = Site::start();
    let browser = site.client().with("origin", "https://live.example.org");
    let login = browser.post("/login", &[("username", "ann"), ("password", PASSWORD)]);
    assert_eq!((login.status, login.header("location")), (303, "/desk"));
    let cookies = login.headers("set-cookie");
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
fn form_from_another_site_is_refused() {
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

/// Tries to log in with a wrong password. Returns whether it was verified, or refused by the rate
/// limit.
fn is_verified(client: &Client) -> bool {
    let fields = [("username", "ann"), ("password", "not the password")];
    let attempt = client.post("/login", &fields);
    match attempt.status {
        401 => true,
        // nginx has its own limit, which is higher.
        429 if attempt
            .text()
            .contains("Too many failed logins with this username") =>
        {
            false
        }
        status => panic!("{status} {}", attempt.text()),
    }
}

#[test]
fn login_attempts_are_counted_by_address_and_not_by_forged_headers() {
    let site = Site::start();
    let attempts = |address: u8| {
        let is_allowed = |number: &u8| {
            let forged = format!("192.0.2.{number}");
            let attacker = site
                .client_at(address)
                .with("x-forwarded-for", &forged)
                .with("forwarded", &format!("for={forged}"))
                .with("x-real-ip", &forged);
            is_verified(&attacker)
        };
        (1..=12).take_while(is_allowed).count()
    };
    // Another attempt is allowed every six seconds, and a slow machine may take that long.
    assert!((10..12).contains(&attempts(2)));
    // Another address can still try.
    assert!(is_verified(&site.client_at(3)));
}
