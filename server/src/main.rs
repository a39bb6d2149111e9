//! The `ringside` binary: reads its settings and runs a command.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run(std::env::args_os())
}
