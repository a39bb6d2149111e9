//! `ringside serve`.

use std::{
    future::{self, Future},
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Socket, Type};
use tokio_util::sync::CancellationToken;

use crate::{
    AppState,
    cli::{CommandError, say},
    config::Settings,
    serving::serve_http,
    telemetry,
};

/// How many may wait to be let in: everybody comes at once after a restart, and who finds no place tries
/// again only after a second, and then after three.
const BACKLOG: i32 = 4_096;

/// Serves until it is told to stop by SIGINT or SIGTERM.
///
/// # Errors
/// With one sentence for whoever runs the server.
pub async fn serve(mut settings: Settings) -> Result<(), CommandError> {
    telemetry::start(&settings)?;
    let stop = stop_signal()?;
    // First of all: who can't have the address must not touch the database of who has it.
    let listener = listen(settings.addr)?;
    // Asked for port 0, the system picks one.
    settings.addr = listener.local_addr().unwrap_or(settings.addr);
    let state = AppState::open(settings).await?;
    for path in state.settings.readable_by_others() {
        tracing::warn!(
            path = %path.display(),
            "other users of this machine may read this; it holds password hashes, drafts and deleted \
             texts. \"chmod go-rwx\" it"
        );
    }
    let following = CancellationToken::new();
    state.newsroom.follow(following.clone()).await?;

    say(format_args!(
        "Ringside serves {}",
        state.settings.public_url()
    ));
    if let Some(url) = state.setup_url() {
        say(format_args!(
            "Nobody owns it yet. Open this link once to create the owner:\n\n    {url}\n"
        ));
    }
    let stop = async {
        stop.await;
        tracing::info!("stopping");
    };
    serve_http(listener, &state, stop)
        .await
        .map_err(|error| CommandError::Failed(format!("The server ended by itself: {error}.")))?;
    following.cancel();
    state.newsroom.close().await;
    Ok(())
}

fn listen(addr: SocketAddr) -> Result<TcpListener, CommandError> {
    let listener = open(addr);
    listener.map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::AddrInUse => "another program has it".to_owned(),
            io::ErrorKind::PermissionDenied => "this user may not have it".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
            _ => error.to_string(),
        };
        CommandError::WrongSetting(format!(
            "The address {addr} can't be served: {reason}. Set RINGSIDE_ADDR to another."
        ))
    })
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // A server that was stopped may have the address again at once.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Ends when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    use tokio::signal::unix::{SignalKind, signal};

    let failed =
        |error: io::Error| CommandError::Failed(format!("Signals can't be heard: {error}."));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        future::poll_fn(|context| {
            let told =
                terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready();
            if told {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    })
}

/// Ends when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    })
}
