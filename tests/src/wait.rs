//! The one place where a test waits for what it can't be told of.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How long anything may take that ought to happen: far above every bound that is promised, so that
/// a busy machine fails no test, and low enough that a hang is found soon.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How often a screen is looked at. Far below the times that tests measure.
const GLANCE: Duration = Duration::from_millis(25);

/// Looks again and again until `is_wanted` holds for what `look` sees; returns it.
///
/// # Errors
/// When it does not hold within [`PATIENCE`], with what was seen last; or when looking fails.
pub async fn until<T: Debug>(
    what: &str,
    look: impl AsyncFnMut() -> Result<T>,
    is_wanted: impl FnMut(&T) -> bool,
) -> Result<T> {
    until_for(PATIENCE, what, look, is_wanted).await
}

/// As [`until`], with another patience.
///
/// # Errors
/// As [`until`].
pub async fn until_for<T: Debug>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T>,
    mut is_wanted: impl FnMut(&T) -> bool,
) -> Result<T> {
    let start = Instant::now();
    loop {
        let seen = look().await?;
        if is_wanted(&seen) {
            return Ok(seen);
        }
        if start.elapsed() > patience {
            bail!("waited {patience:?} for {what}; the last that was seen: {seen:#?}");
        }
        tokio::time::sleep(GLANCE).await;
    }
}
