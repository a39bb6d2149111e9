//! Ringside as it runs in production: behind nginx with `docs/operations/nginx.conf`, that very file.

#[cfg(test)]
mod operations {
    mod caching;
    mod logins;
    mod nginx;
    mod outages;
    mod reader;
    #[path = "../cli/support.rs"]
    #[expect(dead_code, reason = "the tests of the command line use the rest")]
    mod ringside;
    mod site;
    mod streams;
    mod tls;
}
