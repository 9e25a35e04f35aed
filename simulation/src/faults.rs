//! What can go wrong, how often, and how it ends.

use std::collections::BTreeMap;

use holdfast_protocol::time::Millis;

use crate::ambient;
use crate::disk::{Death, Defects};
use crate::net::{Direction, Packet, Wire};
use crate::node::Storage;
use crate::world::{Happening, World};

/// Writes and syncs until a life ends in the middle of its work: some transactions' worth.
const WRITES: (u64, u64) = (0, 40);

/// A day: no clock that is looked after jumps further.
const JUMP: i64 = 86_400_000;

/// The kinds, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A client's line stalls in both directions, then all comes at once.
    Stall,
    /// One direction of a client's line is dead.
    HalfOpen,
    /// A middlebox forgets the connections: nothing arrives and nobody is told.
    Forgotten,
    /// Connections are reset, in the middle of frames too.
    Reset,
    /// A page is loaded anew, or an agent's client is killed.
    Reload,
    /// The same in the middle of what the client has to do.
    DeathOfAClient,
    /// A laptop sleeps, a phone is locked.
    Freeze,
    /// A page is put into the back/forward cache.
    PutAside,
    /// A page is shown or hidden.
    Look,
    /// The server's own line stalls for everybody.
    ServerStall,
    /// The server is killed.
    Kill,
    /// The server's machine loses its power, and what was not synced.
    PowerCut,
    /// One of both, at a certain write or sync.
    DeathInWriting,
    /// The server is told to stop, and started again.
    Stop,
    /// The disk is full for a while.
    FullDisk,
    /// Syncs fail.
    FailingSync,
    /// Writes fail.
    FailingWrite,
    /// Reads fail.
    FailingRead,
    /// The disk does nothing for a while.
    DiskStall,
    /// The server's wall clock jumps.
    ClockJump,
    /// A tab's storage takes nothing new for a while.
    FullStorage,
}

/// How many of each kind there were.
#[derive(Clone, Debug, Default)]
pub struct Faults(pub BTreeMap<Fault, u64>);

impl Faults {
    pub(crate) fn count(&mut self, fault: Fault) {
        *self.0.entry(fault).or_default() += 1;
    }

    /// Adds another history's.
    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.0 {
            *self.0.entry(*fault).or_default() += count;
        }
    }
}

/// One fault, then the next one is arranged.
pub(crate) async fn fault(world: &mut World) {
    let node = world.rng.index(world.nodes.len());
    let fault = pick(world.rng.next() % 100, world.visitor_of[node].is_some());
    world.faults.count(fault);
    world.tell(format!("{fault:?}, node {node}"));
    match fault {
        Fault::Stall => world.stall(node, true, true),
        Fault::HalfOpen => {
            let up = world.rng.chance(50);
            world.stall(node, up, !up);
        }
        Fault::Forgotten => {
            world.forget(node);
            if world.rng.chance(30) {
                // The middlebox is out of order for a while too.
                world.stall(node, true, true);
            }
        }
        Fault::Reset => world.reset(node),
        Fault::Reload | Fault::DeathOfAClient => world.reload(node),
        Fault::Freeze => world.freeze(node),
        Fault::PutAside => world.put_aside(node),
        Fault::Look => {
            let is_looking = world.rng.chance(50);
            world.look(node, is_looking);
        }
        Fault::ServerStall => (0..world.nodes.len()).for_each(|node| world.stall(node, true, true)),
        Fault::Kill => world.bury(Death::Process).await,
        Fault::PowerCut => world.bury(Death::Power).await,
        Fault::DeathInWriting => {
            let dark = world.rng.chance(70);
            world.death = if dark { Death::Power } else { Death::Process };
            let count = world.rng.between(WRITES.0, WRITES.1);
            world.disk.die_after(count);
        }
        Fault::Stop => world.begin_stop(),
        Fault::FullDisk
        | Fault::FailingSync
        | Fault::FailingWrite
        | Fault::FailingRead
        | Fault::DiskStall => world.spoil_disk(fault),
        Fault::ClockJump => {
            let by = world.rng.between(0, 2 * JUMP.unsigned_abs());
            ambient::jump(by.cast_signed() - JUMP);
        }
        Fault::FullStorage => world.fill_storage(node),
    }
    if world.is_storm {
        let span = Millis(world.rng.between(100, 5_000));
        world.schedule(span, Happening::Fault);
    }
}

fn pick(number: u64, is_visitor: bool) -> Fault {
    match number {
        0..=13 => Fault::Stall,
        14..=25 => Fault::HalfOpen,
        26..=36 => Fault::Forgotten,
        37..=46 => Fault::Reset,
        47..=52 if is_visitor => Fault::Freeze,
        53..=58 if is_visitor => Fault::PutAside,
        59..=64 if is_visitor => Fault::Look,
        65..=67 if is_visitor => Fault::FullStorage,
        47..=74 => Fault::Reload,
        75..=77 => Fault::ServerStall,
        78..=79 => Fault::Kill,
        80..=81 => Fault::PowerCut,
        82..=86 => Fault::DeathInWriting,
        87 => Fault::Stop,
        88..=89 => Fault::FullDisk,
        90..=91 => Fault::FailingSync,
        92..=93 => Fault::FailingWrite,
        94..=95 => Fault::FailingRead,
        96..=97 => Fault::DiskStall,
        _ => Fault::ClockJump,
    }
}

impl World {
    fn stall(&mut self, node: usize, up: bool, down: bool) {
        self.paths[node].up_stalled |= up;
        self.paths[node].down_stalled |= down;
        let span = Millis(self.rng.between(10, 20_000));
        self.schedule(span, Happening::Heal(node));
    }

    fn forget(&mut self, node: usize) {
        let wires = self.wires.values_mut();
        wires
            .filter(|wire| wire.node == node)
            .for_each(Wire::forget);
    }

    /// Both ends hear that the connections are gone; some packets still got through.
    fn reset(&mut self, node: usize) {
        let keep = self.rng.index(4);
        for id in self.wires_of(node) {
            self.wire(id).truncate(keep);
            self.send(id, Direction::Up, Packet::Fin);
            self.send(id, Direction::Down, Packet::Fin);
        }
    }

    fn freeze(&mut self, node: usize) {
        self.frozen[node] = true;
        let span = Millis(self.rng.between(100, 70_000));
        self.schedule(span, Happening::Thaw(node));
    }

    pub(crate) fn reload(&mut self, node: usize) {
        let lines = self.by_line.iter();
        let lines = lines.filter(|((owner, _), _)| *owner == node);
        let lines: Vec<_> = lines.map(|(key, id)| (*key, *id)).collect();
        for (key, id) in lines {
            self.by_line.remove(&key);
            self.close_client(id);
        }
        self.frozen[node] = false;
        self.away[node] = false;
        let seed = self.rng.next();
        self.nodes[node].reload(seed, self.now);
        let is_looking = self.visitor_of[node].is_none() || self.rng.chance(50);
        self.nodes[node].look(is_looking, self.now);
        self.settle(node);
    }

    fn put_aside(&mut self, node: usize) {
        self.away[node] = true;
        self.nodes[node].pause(self.now);
        self.settle(node);
        let span = Millis(self.rng.between(100, 30_000));
        self.schedule(span, Happening::Return(node));
    }

    fn look(&mut self, node: usize, is_looking: bool) {
        if !self.frozen[node] {
            self.nodes[node].look(is_looking, self.now);
            self.settle(node);
        }
    }

    fn fill_storage(&mut self, node: usize) {
        if self.nodes[node].storage() == Storage::Fine {
            self.nodes[node].set_storage(Storage::Full);
            let span = Millis(self.rng.between(100, 20_000));
            self.schedule(span, Happening::Room(node));
        }
    }

    fn spoil_disk(&mut self, fault: Fault) {
        let span = Millis(self.rng.between(10, 10_000));
        if fault == Fault::DiskStall {
            ambient::stall(span);
            return;
        }
        let few = self.rng.between(1, 6) as u32;
        let when = |kind| if fault == kind { few } else { 0 };
        self.disk.set_defects(Defects {
            is_full: fault == Fault::FullDisk,
            failing_writes: when(Fault::FailingWrite),
            failing_reads: when(Fault::FailingRead),
            failing_syncs: when(Fault::FailingSync),
            lies: self.flaw.disk_lies,
        });
        self.schedule(span, Happening::Repair);
    }
}
