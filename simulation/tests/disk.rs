//! The real store on a disk that fails.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the impossible should stop"
)]

use std::path::Path;

use holdfast::store::Store;
use holdfast_simulation::disk::{Death, Defects, Disk, mount};

fn open(folder: &str) -> Store {
    Store::open(Path::new(folder), 7).unwrap()
}

fn sites(store: &Store) -> Vec<String> {
    let sites = store.reader().unwrap().sites().unwrap();
    sites.into_iter().map(|site| site.name).collect()
}

/// Linux takes what it failed to write for written. A process that dies then leaves a journal that looks whole to
/// the next one, and is not on the disk.
#[test]
fn what_a_new_process_has_read_outlives_the_power_whatever_the_one_before_it_could_not_sync() {
    for seed in 0..32 {
        let disk = Disk::new(seed);
        let mounted = mount("/first", &disk);
        let mut store = open("/first");
        store.add_site("one").unwrap();
        disk.set_defects(Defects {
            failing_syncs: 1,
            ..Defects::default()
        });
        assert!(store.add_site("two").is_err());
        let disk = disk.after(Death::Process);
        drop((store, mounted));

        let mounted = mount("/second", &disk);
        let mut store = open("/second");

        store.settle().unwrap();
        let mut read = sites(&store);
        store.add_site("three").unwrap();
        read.push("three".to_owned());
        read.sort();
        let disk = disk.after(Death::Power);
        drop((store, mounted));

        let _mounted = mount("/third", &disk);
        assert_eq!(sites(&open("/third")), read, "seed {seed}");
    }
}

#[test]
fn a_failed_commit_leaves_nothing_and_the_next_one_succeeds() {
    let disk = Disk::new(1);
    let _mounted = mount("/failing", &disk);
    let mut store = open("/failing");
    for (defects, name) in [
        (
            Defects {
                failing_syncs: 1,
                ..Defects::default()
            },
            "a sync",
        ),
        (
            Defects {
                failing_writes: 1,
                ..Defects::default()
            },
            "a write",
        ),
        (
            Defects {
                is_full: true,
                ..Defects::default()
            },
            "a full disk",
        ),
    ] {
        disk.set_defects(defects);
        assert!(store.add_site(name).is_err(), "{name}");
        disk.set_defects(Defects::default());
        assert!(!sites(&store).contains(&name.to_owned()), "{name}");
        store.add_site(name).unwrap();
        assert!(sites(&store).contains(&name.to_owned()), "{name}");
    }
}
