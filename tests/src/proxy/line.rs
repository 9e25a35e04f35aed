//! One connection through the proxy.

use std::{io, sync::Arc, time::Duration};

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    time::Instant,
};

use super::{BOTH, Conditions, Fate, Flow, Scope, Shared, Way, lock};

/// One read from a socket; small enough that a delay is felt per frame.
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks on their way in one direction; beyond that the sender's own buffers fill, as on a real line.
const IN_FLIGHT_CHUNKS: usize = 256;
/// A request head that is longer is no WebSocket of ours.
const HEAD_MAX_BYTES: usize = 16 * 1024;

/// Carries one accepted connection until both ends have closed or it was reset.
pub(super) async fn carry(shared: Arc<Shared>, id: u64, mut client: TcpStream) {
    let mut first = Vec::new();
    let in_scope = match shared.scope {
        Scope::All => true,
        Scope::WebSockets => match read_head(&mut client, &mut first).await {
            Ok(()) => is_upgrade(&first),
            Err(_) => return,
        },
    };
    if in_scope {
        let line = Line {
            shared: &shared,
            in_scope,
            conditions: shared.conditions.subscribe(),
            fate: enter(&shared, id),
        };
        line.run(client, first).await;
        leave(&shared, id);
    } else {
        let calm = watch::Sender::new(Conditions::default());
        let fate = watch::Sender::new(Fate::default());
        let line = Line {
            shared: &shared,
            in_scope,
            conditions: calm.subscribe(),
            fate: fate.subscribe(),
        };
        line.run(client, first).await;
    }
}

fn enter(shared: &Shared, id: u64) -> watch::Receiver<Fate> {
    let mut fates = shared.fates();
    let mut born = Fate::default();
    let now = *shared.conditions.borrow();
    for way in BOTH {
        if now.of(way).flow == Flow::Lose {
            born.spoil(&[way]);
        }
    }
    let fate = watch::Sender::new(born);
    let receiver = fate.subscribe();
    fates.insert(id, fate);
    shared.counts.send_modify(|counts| {
        counts.accepted += 1;
        counts.open += 1;
    });
    receiver
}

fn leave(shared: &Shared, id: u64) {
    shared.fates().remove(&id);
    shared.counts.send_modify(|counts| counts.open -= 1);
}

struct Line<'a> {
    shared: &'a Shared,
    in_scope: bool,
    conditions: watch::Receiver<Conditions>,
    fate: watch::Receiver<Fate>,
}

enum Item {
    Bytes(Vec<u8>),
    Finished,
    Broken(io::Error),
}

impl Line<'_> {
    async fn run(&self, mut client: TcpStream, first: Vec<u8>) {
        let mut doom = self.fate.clone();
        let mut server = tokio::select! {
            server = self.dial() => match server {
                Ok(server) => server,
                Err(_) => return reset(&client),
            },
            () = async { drop(doom.wait_for(|fate| fate.reset).await) } => return reset(&client),
        };
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let end = {
            let (client_read, client_write) = client.split();
            let (server_read, server_write) = server.split();
            let up = self.pump(Way::Up, first, client_read, server_write);
            let down = self.pump(Way::Down, Vec::new(), server_read, client_write);
            tokio::select! {
                end = async { tokio::try_join!(up, down) } => end.map(|_| ()),
                () = async { drop(doom.wait_for(|fate| fate.reset).await) } => {
                    Err(io::ErrorKind::ConnectionReset.into())
                }
            }
        };
        if end.is_err() {
            reset(&client);
            reset(&server);
        }
    }

    /// The server hears of a connection only when the way up is open.
    async fn dial(&self) -> io::Result<TcpStream> {
        if self.fate.borrow().has_spoiled(Way::Up) {
            return std::future::pending().await;
        }
        self.wait_open(Way::Up).await;
        let delay = self.conditions.borrow().of(Way::Up).delay;
        // sleep: a line's delay is what this proxy makes.
        tokio::time::sleep(delay).await;
        TcpStream::connect(self.shared.upstream).await
    }

    async fn pump(
        &self,
        way: Way,
        first: Vec<u8>,
        from: ReadHalf<'_>,
        to: WriteHalf<'_>,
    ) -> io::Result<()> {
        let (send, receive) = mpsc::channel(IN_FLIGHT_CHUNKS);
        let mut fate = self.fate.clone();
        tokio::select! {
            end = async {
                tokio::try_join!(
                    self.take_in(way, first, from, send),
                    self.give_out(way, receive, to),
                )
            } => end.map(|_| ()),
            () = async { drop(fate.wait_for(|fate| fate.has_spoiled(way)).await) } => {
                std::future::pending().await
            }
        }
    }

    async fn take_in(
        &self,
        way: Way,
        mut first: Vec<u8>,
        mut from: ReadHalf<'_>,
        send: mpsc::Sender<(Instant, Item)>,
    ) -> io::Result<()> {
        let mut buffer = vec![0; CHUNK_BYTES];
        loop {
            let item = if first.is_empty() {
                match from.read(&mut buffer).await {
                    Ok(0) => Item::Finished,
                    Ok(n) => Item::Bytes(buffer[..n].to_vec()),
                    Err(error) => Item::Broken(error),
                }
            } else {
                Item::Bytes(std::mem::take(&mut first))
            };
            let is_last = !matches!(item, Item::Bytes(_));
            if let Item::Bytes(bytes) = &item {
                self.count(way, bytes.len());
            }
            let due = Instant::now() + self.conditions.borrow().of(way).delay;
            if send.send((due, item)).await.is_err() || is_last {
                return Ok(());
            }
        }
    }

    async fn give_out(
        &self,
        way: Way,
        mut receive: mpsc::Receiver<(Instant, Item)>,
        mut to: WriteHalf<'_>,
    ) -> io::Result<()> {
        while let Some((due, item)) = receive.recv().await {
            tokio::time::sleep_until(due).await;
            self.wait_open(way).await;
            match item {
                Item::Bytes(bytes) => {
                    if way == Way::Up && self.is_withheld(&bytes) {
                        return Err(io::ErrorKind::ConnectionReset.into());
                    }
                    let (allowed, is_cut) = self.spend(way, bytes.len());
                    to.write_all(&bytes[..allowed]).await?;
                    if is_cut {
                        return Err(io::ErrorKind::ConnectionReset.into());
                    }
                }
                Item::Finished => return to.shutdown().await,
                Item::Broken(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Browsers send a request in one piece, and the next one when they have the answer.
    fn is_withheld(&self, bytes: &[u8]) -> bool {
        let withheld = lock(&self.shared.withheld);
        let request = bytes.split(|byte| *byte == b'\r').next();
        let request = String::from_utf8_lossy(request.unwrap_or_default());
        withheld
            .as_ref()
            .is_some_and(|part| request.starts_with("GET ") && request.contains(part))
    }

    fn count(&self, way: Way, bytes: usize) {
        if self.in_scope {
            self.shared.counts.send_modify(|counts| match way {
                Way::Up => counts.up += bytes,
                Way::Down => counts.down += bytes,
            });
        }
    }

    /// How many of `bytes` may pass before the cut that was asked for, and whether it is here.
    fn spend(&self, way: Way, bytes: usize) -> (usize, bool) {
        let mut budget = lock(&self.shared.budget);
        let Some((cut, left)) = *budget else {
            return (bytes, false);
        };
        if !self.in_scope || cut != way {
            return (bytes, false);
        }
        let is_cut = bytes >= left;
        *budget = (!is_cut).then(|| (cut, left - bytes));
        (bytes.min(left), is_cut)
    }

    async fn wait_open(&self, way: Way) {
        let mut conditions = self.conditions.clone();
        let open = conditions.wait_for(|now| now.of(way).flow == Flow::Pass);
        if open.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn reset(stream: &TcpStream) {
    // A close with a zero linger is sent as a reset.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

async fn read_head(client: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<()> {
    while head.len() < HEAD_MAX_BYTES && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if client.read_buf(head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn is_upgrade(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.contains("\r\nupgrade: websocket\r\n")
}
