//! A short soak: one deck of faults, every kind at least once, the server killed dozens of times.

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    soak::{self, Options, faults::Fault, network::Place},
    stage::{MACHINE, RECOVERY},
};

/// For people who are not root: the soak without what only root can do.
const VARIABLE: &str = "HOLDFAST_WITHOUT_NETWORK";

#[tokio::test(flavor = "multi_thread")]
async fn a_short_soak_loses_nothing() -> Result<()> {
    let without_network = std::env::var_os(VARIABLE).is_some();
    let options = Options {
        // One deck, however long it takes.
        minutes: 0.0,
        seed: None,
        without_network,
        without_browser: false,
        keep: false,
    };
    let report = soak::run(options).await.with_context(|| {
        format!("where it is for want of root, {VARIABLE}=1 is `--without-network`")
    })?;
    println!("{report}");
    ensure!(report.is_good(), "{report}");
    let slowest = report.recoveries.percentile(99);
    ensure!(
        slowest <= RECOVERY + MACHINE,
        "recovery took {slowest:?}, {RECOVERY:?} are promised (and {MACHINE:?} allowed for a busy machine)"
    );
    ensure!(report.faults.of(Fault::ServerKilled) >= 17, "too few kills");
    let kinds = [
        Fault::ServerFrozen,
        Fault::DiskFull,
        Fault::Cable(Place::Visitors),
        Fault::Cable(Place::Agents),
        Fault::Cable(Place::Server),
        Fault::VisitorKilled(0),
        Fault::AgentKilled(0),
        Fault::ProxyKilled,
    ];
    for kind in kinds {
        let is_left_out = without_network && kind.needs_root();
        ensure!(is_left_out || report.faults.of(kind) > 0, "no {kind}");
    }
    Ok(())
}
