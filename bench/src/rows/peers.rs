//! Holdfast beside other servers that do the same work without a disk.

use anyhow::Result;

use super::Size;
use super::sides::{Flow, Side, rounds};
use super::traffic::PERIOD;
use crate::fleet::Phase;
use crate::peers::{Kind, Peer};
use crate::report::Report;

/// The names of a peer's rows, and what it is.
struct Names {
    rtt_p50: &'static str,
    rtt_p99: &'static str,
    max_100: &'static str,
    max_1000: &'static str,
    cpu_s_per_100k: &'static str,
    against: &'static str,
}

const MOSQUITTO: Names = Names {
    rtt_p50: "peer_mosquitto_rtt_p50",
    rtt_p99: "peer_mosquitto_rtt_p99",
    max_100: "peer_mosquitto_max_100",
    max_1000: "peer_mosquitto_max_1000",
    cpu_s_per_100k: "peer_mosquitto_cpu_s_per_100k",
    against: "Mosquitto, QoS 1, in memory",
};

const SOCKET_IO: Names = Names {
    rtt_p50: "peer_socketio_rtt_p50",
    rtt_p99: "peer_socketio_rtt_p99",
    max_100: "peer_socketio_max_100",
    max_1000: "peer_socketio_max_1000",
    cpu_s_per_100k: "peer_socketio_cpu_s_per_100k",
    against: "Socket.IO, acknowledged, in memory",
};

/// How soon, how many, and what each costs, of all in turn. Says which peers this machine has not.
pub(super) async fn measure(size: Size, report: &mut Report) -> Result<()> {
    let size = size.in_brief();
    let mut peers = Vec::new();
    for kind in Kind::ALL {
        match kind.find() {
            Ok(peer) => peers.push(peer),
            Err(advice) => eprintln!("  {advice}"),
        }
    }
    if peers.is_empty() {
        return Ok(());
    }
    // The pace comes first: what the busy rounds have written is on its way to the disk for a while.
    let mut sides = start(&peers, size.people(1_000)).await?;
    rounds(&mut sides, size, Phase::Paced(PERIOD)).await?;
    let (p50, p99) = (|flow: &Flow| flow.p50, |flow: &Flow| flow.p99);
    add(report, &peers, &sides, "ms", |names| names.rtt_p50, p50);
    add(report, &peers, &sides, "ms", |names| names.rtt_p99, p99);
    rounds(&mut sides, size, Phase::Busy).await?;
    let rate = |flow: &Flow| flow.messages_per_s;
    let cpu = |flow: &Flow| flow.cpu_s_per_100k;
    let name = |names: &Names| names.max_1000;
    add(report, &peers, &sides, "msg/s", name, rate);
    let name = |names: &Names| names.cpu_s_per_100k;
    add(report, &peers, &sides, "CPU s", name, cpu);
    drop(sides);

    let mut sides = start(&peers, size.people(100)).await?;
    rounds(&mut sides, size, Phase::Busy).await?;
    add(report, &peers, &sides, "msg/s", |names| names.max_100, rate);
    Ok(())
}

/// Holdfast, then the peers.
async fn start(peers: &[Peer], visitors: usize) -> Result<Vec<Side>> {
    let mut sides = vec![Side::holdfast(visitors).await?];
    for peer in peers {
        sides.push(Side::peer(peer, visitors).await?);
    }
    Ok(sides)
}

/// A row for each peer, with Holdfast's value of the same rounds.
fn add(
    report: &mut Report,
    peers: &[Peer],
    sides: &[Side],
    unit: &'static str,
    name: impl Fn(&Names) -> &'static str,
    value: impl Fn(&Flow) -> f64,
) {
    let Some((ours, theirs)) = sides.split_first() else {
        return;
    };
    for (peer, side) in peers.iter().zip(theirs) {
        let names = match peer.kind {
            Kind::Mosquitto => &MOSQUITTO,
            Kind::SocketIo => &SOCKET_IO,
        };
        let (ours, theirs) = (ours.middle(&value), side.middle(&value));
        report.add(name(names), ours, unit, theirs, names.against);
    }
}
