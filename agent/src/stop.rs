//! The signals that ask the program to end.

use std::io;

/// Returns when the program is asked to end. What is not sent yet is in the state file already.
#[cfg(unix)]
pub(crate) async fn asked() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}

/// Returns when the program is asked to end. What is not sent yet is in the state file already.
#[cfg(not(unix))]
pub(crate) async fn asked() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
