//! Tests of the binary, run as an operator runs it: each invalid setting is reported in one line
//! with an exit code, and a server starts, serves and shuts down.

#[cfg(test)]
mod cli {
    mod accounts;
    mod commands;
    mod databases;
    mod full_disk;
    mod help;
    mod repair;
    mod serving;
    mod settings;
    pub mod support;
    mod tokens;
}
