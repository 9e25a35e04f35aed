//! How long it takes until all is well again after a heal.
//!
//! A **heal** is the moment from which nothing is in the way any more: the server has said that it is ready, the
//! killed process was started, the link is up, the disk has room, the frozen server was told to go on. Where faults
//! overlap it is the heal of the last one.
//!
//! At the heal everybody writes a **mark**: each tab of each visitor one, each agent one to each visitor. The
//! **recovery** of the heal is the time until the last of these marks stands on the last screen that must show it: a
//! visitor's marks on all of that visitor's tabs and all agents' screens, an agent's mark on both tabs of the visitor
//! and on all agents' screens. Since nobody's lines overtake each other, everything that these writers wrote
//! during the fault is there too by then. One heal gives one figure, that of its slowest mark.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::board::Sight;
use super::cast::Cast;

/// What has not recovered by then counts as unrecovered: ten times the promise.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One heal and what came of it.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// Of which faults.
    pub from: String,
    /// How long it took; nothing where some mark is missing.
    pub took: Option<Duration>,
    /// The slowest mark, or the missing ones.
    pub slowest: String,
}

/// All recoveries of a run.
#[derive(Clone, Debug, Default)]
pub struct Recoveries(pub Vec<Recovery>);

impl Recoveries {
    /// The time within which so many percent of the heals had recovered. An unrecovered one took forever.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut took: Vec<Duration> = self.0.iter().map(Recovery::span).collect();
        took.sort();
        let rank = (took.len() * percent).div_ceil(100);
        took.get(rank.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    /// The slowest of all.
    #[must_use]
    pub fn slowest(&self) -> Option<&Recovery> {
        self.0.iter().max_by_key(|recovery| recovery.span())
    }

    /// How many never came to be.
    #[must_use]
    pub fn unrecovered(&self) -> usize {
        self.0.iter().filter(|one| one.took.is_none()).count()
    }
}

impl Recovery {
    fn span(&self) -> Duration {
        self.took.unwrap_or(Duration::MAX)
    }
}

/// Lets everybody write their marks and waits for them. `heal` is when the way became free.
///
/// # Errors
/// When a program has ended by itself.
pub async fn measure(cast: &mut Cast, name: &str, from: String, heal: Instant) -> Result<Recovery> {
    cast.board.expect(sights(cast, name));
    for visitor in &cast.visitors {
        for (number, tab) in visitor.tab_names().iter().enumerate() {
            visitor.write(number, visitor_mark(tab, name)).await?;
        }
        for agent in &cast.agents {
            let text = agent_mark(&agent.name, &visitor.name, name);
            agent.write(&visitor.name, text).await?;
        }
    }
    let board = cast.board.clone();
    let complete = tokio::select! {
        complete = board.complete(PATIENCE) => complete,
        Some(ended) = cast.crew.join_next() => {
            ended??;
            anyhow::bail!("a program ended by itself");
        }
    };
    Ok(match complete {
        Ok((last, sight)) => Recovery {
            from,
            took: Some(last.saturating_duration_since(heal)),
            slowest: format!("{:?} on {}", sight.text, sight.screen),
        },
        Err(missing) => Recovery {
            from,
            took: None,
            slowest: format!("missing: {missing:?}"),
        },
    })
}

fn sights(cast: &Cast, name: &str) -> Vec<Sight> {
    let mut sights = Vec::new();
    for visitor in &cast.visitors {
        let tabs = visitor.tab_names();
        let mut texts: Vec<String> = tabs.iter().map(|tab| visitor_mark(tab, name)).collect();
        for agent in &cast.agents {
            texts.push(agent_mark(&agent.name, &visitor.name, name));
        }
        for screen in cast.screens_for(visitor) {
            sights.extend(texts.iter().map(|text| Sight {
                screen: screen.clone(),
                text: text.clone(),
            }));
        }
    }
    sights
}

fn visitor_mark(tab: &str, name: &str) -> String {
    format!("{tab} mark {name}")
}

fn agent_mark(agent: &str, visitor: &str, name: &str) -> String {
    format!("{agent} for {visitor} mark {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recoveries(millis: impl IntoIterator<Item = Option<u64>>) -> Recoveries {
        let one = |took: Option<u64>| Recovery {
            from: String::new(),
            took: took.map(Duration::from_millis),
            slowest: String::new(),
        };
        Recoveries(millis.into_iter().map(one).collect())
    }

    #[test]
    fn a_percentile_is_one_of_the_figures() {
        let hundred = recoveries((1..=100).rev().map(Some));
        assert_eq!(hundred.percentile(99), Duration::from_millis(99));
        let ten = recoveries((1..=10).map(Some));
        assert_eq!(ten.percentile(99), Duration::from_millis(10));
        assert_eq!(recoveries([]).percentile(99), Duration::ZERO);
    }

    #[test]
    fn what_never_recovers_is_the_slowest() {
        let some = recoveries([Some(5), None, Some(7)]);
        assert_eq!(some.percentile(99), Duration::MAX);
        assert_eq!(some.unrecovered(), 1);
        assert!(some.slowest().is_some_and(|one| one.took.is_none()));
    }
}
