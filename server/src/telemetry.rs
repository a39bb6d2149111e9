//! The log: to standard error, as text or as JSON.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

use crate::{
    cli::CommandError,
    config::{LogFormat, Settings},
};

/// Starts the log.
///
/// # Errors
/// If the filter can't be read.
pub fn start(settings: &Settings) -> Result<(), CommandError> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| {
        CommandError::WrongSetting(format!("RINGSIDE_LOG can't be read: {error}."))
    })?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(filter);
    match settings.log_format {
        LogFormat::Text => registry.with(lines.with_target(false)).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    Ok(())
}
