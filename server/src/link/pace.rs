//! How often an agent's client is sent events. Pure.

use std::time::Duration;

/// Each agent of a site reads every event, so with many of them a busy site's events are sent in fewer and larger
/// frames: one more agent makes everybody's frames come so much less often.
const PAUSE_PER_AGENT: Duration = Duration::from_micros(50);

/// Nobody waits longer than this for what is there: far below what a person notices.
const PAUSE_MAX: Duration = Duration::from_millis(25);

/// The step of the runtime's timers.
const TIMER: Duration = Duration::from_millis(1);

/// How long an agent's client waits after some events before it is sent the next.
pub(super) fn pause(agents: usize) -> Duration {
    let agents = u32::try_from(agents).unwrap_or(u32::MAX);
    let pause = PAUSE_PER_AGENT.saturating_mul(agents).min(PAUSE_MAX);
    // Below what timers can tell apart there is none.
    if pause < TIMER { Duration::ZERO } else { pause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_agents_wait_for_nothing_and_many_for_a_moment() {
        assert_eq!(pause(1), Duration::ZERO);
        assert_eq!(pause(19), Duration::ZERO);
        assert_eq!(pause(200), Duration::from_millis(10));
        assert_eq!(pause(usize::MAX), PAUSE_MAX);
    }
}
