//! A bench of which a row goes missing, or that breaks off, is noticed at once and not when figures are wanted.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// What others read the results by.
const NAMES: [&str; 62] = [
    "agents_200",
    "agents_200_cpu",
    "agents_200_lag",
    "agents_200_p99",
    "big_log_resume",
    "big_log_start",
    "binary_mb",
    "claim_oldest_with_queue",
    "claim_with_queue",
    "close_with_queue",
    "cost_with_beats",
    "cost_with_idle",
    "cpu_s_per_100k",
    "cpu_s_per_100k_100",
    "disk_sync_ms",
    "disk_syncs",
    "echo_kib",
    "hello_with_queue",
    "history_with_queue",
    "idle_cpu_18k",
    "idle_kib_19k",
    "idle_kib_9k",
    "kernel_kib",
    "listing_with_queue",
    "login_with_queue",
    "max_100",
    "max_1000",
    "max_vs_store",
    "memory_under_load",
    "note_with_queue",
    "open_kib",
    "opening_with_queue",
    "rate_with_queue",
    "reconnect_10k",
    "reconnect_10k_backlog",
    "reconnect_cpu",
    "reconnect_cpu_backlog",
    "reconnect_overflows",
    "reconnect_retries",
    "rest_mib",
    "rtt_p50",
    "rtt_p99",
    "rtt_with_queue",
    "socket_max_100",
    "socket_max_1000",
    "socket_rtt_p50",
    "start_ms",
    "transfer_with_queue",
    "visitor_history_with_queue",
    "widget_brotli_kb",
    "widget_key",
    "widget_key_frames",
    "widget_key_paint",
    "widget_mib",
    "widget_page_mib",
    "widget_ready",
    "widget_scroll",
    "widget_scroll_all",
    "widget_scroll_down",
    "widget_scroll_elements",
    "worst_visitor",
    "worst_visitor_100",
];

/// The rows of the peers, each with the word by which the bench tells that the machine has it not.
const PEERS: [(&str, [&str; 5]); 2] = [
    (
        "no Mosquitto",
        [
            "peer_mosquitto_cpu_s_per_100k",
            "peer_mosquitto_max_100",
            "peer_mosquitto_max_1000",
            "peer_mosquitto_rtt_p50",
            "peer_mosquitto_rtt_p99",
        ],
    ),
    (
        "no Socket.IO",
        [
            "peer_socketio_cpu_s_per_100k",
            "peer_socketio_max_100",
            "peer_socketio_max_1000",
            "peer_socketio_rtt_p50",
            "peer_socketio_rtt_p99",
        ],
    ),
];

#[derive(Debug, Deserialize)]
struct Row {
    value: f64,
    unit: String,
    baseline: f64,
    ratio: f64,
}

#[test]
fn a_hundredth_of_the_load_yields_every_row() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let json = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_holdfast-bench"))
        .args(["run", "--tiny", "--json"])
        .arg(&json)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{said}");
    let table = String::from_utf8(output.stdout)?;
    let rows: BTreeMap<String, Row> = serde_json::from_slice(&fs::read(&json)?)?;
    let is_here = |(missing, _): &(&str, [&str; 5])| !said.contains(missing);
    let peers = PEERS.into_iter().filter(is_here);
    for name in NAMES.into_iter().chain(peers.flat_map(|(_, names)| names)) {
        let row = rows.get(name).with_context(|| format!("no row {name}"))?;
        let numbers = [row.value, row.baseline, row.ratio];
        ensure!(numbers.iter().all(|it| it.is_finite()), "{name}: {row:?}");
        ensure!(row.unit.len() < 10, "{name}: {row:?}");
        ensure!(
            table.contains(&format!("`{name}`")),
            "{name} is not in the table"
        );
    }
    Ok(())
}

#[test]
fn a_group_that_does_not_exist_is_refused_with_the_names_of_those_that_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let json = folder.path().join("bench.json");
    let output = Command::new(env!("CARGO_BIN_EXE_holdfast-bench"))
        .args(["run", "--tiny", "--only", "traffic", "--json"])
        .arg(&json)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(!output.status.success() && !json.exists(), "{said}");
    for group in ["'traffic'", "idle", "pace", "storm", "widget"] {
        ensure!(said.contains(group), "no {group} in {said}");
    }
    Ok(())
}
