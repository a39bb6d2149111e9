//! The binary, run as whoever hosts it runs it: a wrong setting is one line and an exit code, a
//! server starts, serves and leaves.

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
