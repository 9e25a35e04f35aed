//! How the server lives, dies and is started again.

use holdfast_protocol::time::Millis;

use crate::disk::Death;
use crate::net::{Direction, Packet};
use crate::server::{self, Server};
use crate::world::{Happening, World};

/// Some restarts of a process or a machine take longer than a client's first patience.
const RESTART: (u64, u64) = (50, 8_000);

/// A server whose disk fails at the start is started again so soon.
const START_AGAIN: Millis = Millis(1_000);

impl World {
    /// The server's life ends here. A process is survived by its machine, which resets the connections; a machine
    /// leaves them hanging.
    pub(crate) async fn bury(&mut self, death: Death) {
        self.tell(format!("the server's life ends: {death:?}"));
        let disk = self.disk.after(death);
        if let Some(server) = self.server.take() {
            server.die().await;
        }
        self.disk = disk;
        self.repair();
        self.is_dark = death == Death::Power;
        let open = self.wires.iter().filter(|(_, wire)| wire.server_open);
        let open: Vec<usize> = open.map(|(id, _)| *id).collect();
        for id in open {
            self.wire(id).server_open = false;
            match death {
                Death::Process => self.send(id, Direction::Down, Packet::Fin),
                Death::Power => self.wire(id).forget(),
            }
        }
        crate::check::check_after_death(self);
        let span = Millis(self.rng.between(RESTART.0, RESTART.1));
        self.schedule(span, Happening::Start);
    }

    pub(crate) async fn start_server(&mut self) {
        self.is_dark = false;
        if self.server.is_some() {
            return;
        }
        match Server::start(&self.disk) {
            Ok(server) => {
                self.server = Some(server);
                self.tell("the server runs".to_owned());
            }
            // It may have died at its start, or found a disk that fails.
            Err(_) if self.disk.is_dead() => self.bury(self.death).await,
            Err(_) => self.schedule(START_AGAIN, Happening::Start),
        }
    }

    pub(crate) fn begin_stop(&mut self) {
        if let Some(server) = &self.server {
            server.begin_stop();
            let span = Millis(self.rng.between(0, server::STOP.0));
            self.schedule(span, Happening::Stopped);
        }
    }

    pub(crate) async fn finish_stop(&mut self) {
        // It may have died meanwhile, and another one may run.
        if self.server.as_ref().is_some_and(Server::is_stopping)
            && let Some(server) = self.server.take()
        {
            server.stop().await;
            self.bury(Death::Process).await;
        }
    }
}
