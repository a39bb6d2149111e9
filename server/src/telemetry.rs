//! The log: to standard error, as text or as JSON.

use std::{io::IsTerminal, panic};

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{
    cli::CommandError,
    config::{LogFormat, Settings},
};

/// Starts the log. Panics are written to it, too.
///
/// # Errors
/// If the filter can't be read.
pub fn start(settings: &Settings) -> Result<(), CommandError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        CommandError::WrongSetting(format!("RINGSIDE_LOG can't be read: {error}."))
    })?;
    let lines = fmt::layer()
        .with_writer(std::io::stderr)
        // No control characters in files and pipes.
        .with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Text => registry.with(lines.with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    log_panics();
    Ok(())
}

/// Has panics written to the log, as any other failure, and not as lines of their own beside it.
fn log_panics() {
    panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(tracing::field::display);
        tracing::error!(message, place, "a panic");
    }));
}
