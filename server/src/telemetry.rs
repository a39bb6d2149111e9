//! Starts the log, which is written to standard error as text or as JSON.

use std::{io::IsTerminal, panic};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{
    command_error::CommandError,
    config::{LogFormat, Settings},
};

/// Starts the log. Panics are also written to it.
///
/// # Errors
/// If the filter can't be parsed.
pub fn start(settings: &Settings) -> Result<(), CommandError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        CommandError::InvalidInput(format!("RINGSIDE_LOG is invalid: {error}."))
    })?;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        // Files and pipes get no control characters.
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Text => registry.with(lines.with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    log_panics();
    Ok(())
}

/// Writes panics to the log like any other error, instead of to standard error in another format.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let location = panic.location().map(tracing::field::display);
        tracing::error!(message, location, "a task panicked");
    }));
}
