//! What commands print.

use std::{
    fmt,
    io::{self, Write},
};

/// Prints a line to standard output. Unlike `println!`, does not panic if the pipe is closed.
pub fn print_line(line: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Prints a line to standard error, after the program's name.
pub fn print_error(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "ringside: {line}");
}
