//! The `ringside serve` command.

use std::{
    future::Future,
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::{
    AppState, command_error::CommandError, config::Settings, output::print_line,
    serving::serve_http, telemetry,
};

/// The length of the listen queue. After a restart all clients connect at once, and a client whose
/// SYN is dropped retries only after one second, then after three.
const BACKLOG: i32 = 4_096;

/// Runs the server until SIGINT or SIGTERM.
///
/// # Errors
/// If a setting is invalid, the address can't be bound, or the database can't be opened.
pub async fn serve(mut settings: Settings) -> Result<(), CommandError> {
    telemetry::start(&settings)?;
    let stop = stop_signal()?;
    // Bound before the database is opened, so that a second server doesn't touch the database of
    // the one that has the address.
    let listener = listen(settings.addr)?;
    // For port 0, the system chooses a port.
    settings.addr = listener.local_addr().unwrap_or(settings.addr);
    let state = AppState::open(settings).await?;
    for path in state.settings.readable_by_others() {
        tracing::warn!(
            path = %path.display(),
            "other users of this machine can read this path, which contains password hashes, drafts and \
             deleted texts. Run \"chmod go-rwx\" on it"
        );
    }
    let stop_following = CancellationToken::new();
    state.newsroom.follow(stop_following.clone()).await?;

    print_line(format_args!(
        "Ringside is running at {}",
        state.settings.public_url()
    ));
    if let Some(url) = state.setup_url() {
        print_line(format_args!(
            "No owner account exists yet. Open this link to create it:\n\n    {url}\n"
        ));
    }
    let stop = async {
        stop.await;
        tracing::info!("stopping");
    };
    serve_http(listener, &state, stop)
        .await
        .map_err(|error| CommandError::Failed(format!("The server failed: {error}.")))?;
    stop_following.cancel();
    state.newsroom.close().await;
    Ok(())
}

fn listen(addr: SocketAddr) -> Result<TcpListener, CommandError> {
    let listener = bind(addr);
    listener.map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program is using it".to_owned(),
            io::ErrorKind::PermissionDenied => "this user is not allowed to use it".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        CommandError::InvalidInput(format!(
            "Can't listen on {addr}: {reason}. Set RINGSIDE_ADDR to another address."
        ))
    })
}

fn bind(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // Allows a restarted server to bind the address at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Returns a future that completes when the process receives a signal to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    use tokio::signal::unix::{SignalKind, signal};

    let failed =
        |error: io::Error| CommandError::Failed(format!("Signals can't be received: {error}."));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Returns a future that completes when the process receives a signal to stop.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
