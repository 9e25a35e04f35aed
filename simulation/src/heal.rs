//! How faults end, one by one and all at once.

use holdfast_protocol::time::Millis;

use crate::ambient;
use crate::disk::Defects;
use crate::node::Storage;
use crate::world::{Happening, World};

impl World {
    pub(crate) fn heal(&mut self, node: usize) {
        self.paths[node].up_stalled = false;
        self.paths[node].down_stalled = false;
        self.release(node);
        if self.rng.chance(30) && !self.frozen[node] {
            self.nodes[node].hint(self.now);
            self.settle(node);
        }
    }

    pub(crate) fn thaw(&mut self, node: usize) {
        if std::mem::take(&mut self.frozen[node]) {
            self.release(node);
            self.nodes[node].hint(self.now);
            self.nodes[node].timeout(self.now);
            self.settle(node);
        }
    }

    pub(crate) fn come_back(&mut self, node: usize) {
        if std::mem::take(&mut self.away[node]) {
            self.nodes[node].resume(self.now);
            self.settle(node);
        }
    }

    pub(crate) fn make_room(&mut self, node: usize) {
        if self.nodes[node].storage() == Storage::Full {
            self.nodes[node].set_storage(Storage::Fine);
        }
    }

    pub(crate) fn repair(&mut self) {
        self.tell("the disk is whole".to_owned());
        self.disk.set_defects(Defects {
            lies: self.flaw.disk_lies,
            ..Defects::default()
        });
    }

    pub(crate) async fn heal_all(&mut self) {
        self.tell("everything heals".to_owned());
        self.is_storm = false;
        self.repair();
        self.disk.live_on();
        ambient::stall(Millis(0));
        self.finish_stop().await;
        self.schedule(Millis(0), Happening::Start);
        for node in 0..self.nodes.len() {
            self.make_room(node);
            self.heal(node);
            self.thaw(node);
            self.come_back(node);
        }
    }
}
