//! How often agents' clients are sent what happens.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Each agent of a site reads every event, so with many of them a busy site's events are sent in fewer and larger
/// frames: one more agent makes everybody's frames come so much less often.
const PAUSE_PER_AGENT: Duration = Duration::from_micros(50);

/// Nobody waits longer than this for what is there: far below what a person notices.
const PAUSE_MAX: Duration = Duration::from_millis(25);

/// The step of the runtime's timers.
const TIMER: Duration = Duration::from_millis(1);

/// How long an agent's client waits after some events before it is sent the next.
pub(super) fn of_events(agents: usize) -> Duration {
    let agents = u32::try_from(agents).unwrap_or(u32::MAX);
    let pause = PAUSE_PER_AGENT.saturating_mul(agents).min(PAUSE_MAX);
    // Below what timers can tell apart there is none.
    if pause < TIMER { Duration::ZERO } else { pause }
}

/// Returns at a moment, or at once where that has come: a timer is due at the end of its step, up to a millisecond later, and is
/// looked at only when the runtime has nothing else to do.
pub(super) async fn until(moment: Instant) {
    if Instant::now() < moment {
        sleep_until(moment).await;
    }
}

/// How conversations stand is told at most so often, each conversation once: a busy site's receipts change with every
/// message, and nobody sees a tenth of a second.
const STANDING_PAUSE: Duration = Duration::from_millis(100);

/// With many agents it is told more rarely, up to [`STANDING_PAUSE_MAX`]: a mark at a message may take half a second.
const STANDING_PAUSE_PER_AGENT: Duration = Duration::from_micros(2_500);
const STANDING_PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long after conversations' standings were told to so many agents of a site they are told again.
pub(super) fn of_standings(agents: usize) -> Duration {
    let agents = u32::try_from(agents).unwrap_or(u32::MAX);
    let pause = STANDING_PAUSE_PER_AGENT.saturating_mul(agents);
    pause.clamp(STANDING_PAUSE, STANDING_PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_agents_wait_for_nothing_and_many_for_a_moment() {
        assert_eq!(of_events(1), Duration::ZERO);
        assert_eq!(of_events(19), Duration::ZERO);
        assert_eq!(of_events(200), Duration::from_millis(10));
        assert_eq!(of_events(usize::MAX), PAUSE_MAX);
        assert_eq!(of_standings(0), STANDING_PAUSE);
        assert_eq!(of_standings(200), STANDING_PAUSE_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_that_has_come_is_not_waited_for() {
        // In the midst of a step of the timers.
        tokio::time::advance(TIMER / 2).await;
        let moment = Instant::now();
        until(moment).await;
        assert_eq!(Instant::now(), moment);
        until(moment + PAUSE_MAX).await;
        assert!(Instant::now() >= moment + PAUSE_MAX);
    }
}
