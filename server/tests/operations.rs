//! Tests of Ringside as it runs in production: behind nginx with `docs/operations/nginx.conf`.

#[cfg(test)]
mod operations {
    mod caching;
    mod client;
    mod logins;
    mod nginx;
    mod outages;
    #[path = "../cli/support.rs"]
    #[expect(dead_code, reason = "the command-line tests use the other helpers")]
    mod ringside;
    mod site;
    mod streams;
    mod tls;
}
