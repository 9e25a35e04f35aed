//! The server's ends of the wires: real transports that hand what is said to the simulated network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdfast::link::{Gone, Incoming, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, Semaphore, mpsc};

use crate::net::Packet;

/// Packets that a wire takes before it makes the server wait, as a peer's receive window does.
const WINDOW: usize = 16;

/// What the kernel holds of an agent's connection between the server and the wire.
const KERNEL_BYTES: usize = 4 * 1024;

/// One read of what the server has written.
const READ_BYTES: usize = 1024;

/// What all connections have said and the network has not taken yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    inner: Arc<SaidInner>,
}

#[derive(Debug, Default)]
struct SaidInner {
    packets: Mutex<VecDeque<(usize, Packet)>>,
    notify: Notify,
}

impl Said {
    pub(crate) fn take(&self) -> VecDeque<(usize, Packet)> {
        std::mem::take(&mut *self.lock())
    }

    /// Returns when something was said.
    pub(crate) async fn something(&self) {
        self.inner.notify.notified().await;
    }

    fn push(&self, wire: usize, packet: Packet) {
        self.lock().push_back((wire, packet));
        self.inner.notify.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(usize, Packet)>> {
        self.inner
            .packets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The network's hold on the server's end of a wire. When it is dropped the server hears that the wire is closed.
#[derive(Debug)]
pub(crate) struct End {
    to_server: mpsc::UnboundedSender<Packet>,
    window: Arc<Semaphore>,
}

impl End {
    pub(crate) fn arrive(&self, packet: Packet) {
        // A server that has closed does not listen any more.
        let _ = self.to_server.send(packet);
    }

    /// The client has taken a packet in.
    pub(crate) fn taken(&self) {
        self.window.add_permits(1);
    }
}

/// A visitor's connection: texts, as a WebSocket carries them.
#[derive(Debug)]
pub(crate) struct Texts {
    wire: usize,
    said: Said,
    from_client: mpsc::UnboundedReceiver<Packet>,
    window: Arc<Semaphore>,
}

/// Both ends of a visitor's connection.
pub(crate) fn texts(wire: usize, said: Said) -> (Texts, End) {
    let (to_server, from_client) = mpsc::unbounded_channel();
    let window = Arc::new(Semaphore::new(WINDOW));
    let end = End {
        to_server,
        window: Arc::clone(&window),
    };
    let texts = Texts {
        wire,
        said,
        from_client,
        window,
    };
    (texts, end)
}

impl Texts {
    async fn say(&self, packet: Packet) -> Result<(), Gone> {
        let permit = self.window.acquire().await.map_err(|_| Gone)?;
        permit.forget();
        self.said.push(self.wire, packet);
        Ok(())
    }
}

impl Transport for Texts {
    async fn recv(&mut self) -> Incoming {
        match self.from_client.recv().await {
            Some(Packet::Text(text)) => Incoming::Text(text),
            Some(Packet::Pong) => Incoming::Alive,
            Some(_) | None => Incoming::Closed,
        }
    }

    async fn send(&mut self, frame: String) -> Result<(), Gone> {
        self.say(Packet::Text(frame)).await
    }

    async fn ping(&mut self) -> Result<(), Gone> {
        self.say(Packet::Ping).await
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        Ok(())
    }

    async fn close(&mut self) {
        self.said.push(self.wire, Packet::Fin);
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        self.said.push(self.wire, Packet::Fin);
    }
}

/// The server's end of an agent's connection: a stream of bytes for the real framing, and what moves them.
pub(crate) fn bytes(
    wire: usize,
    said: Said,
) -> (DuplexStream, End, impl Future<Output = ()> + Send) {
    let (to_server, from_client) = mpsc::unbounded_channel();
    let window = Arc::new(Semaphore::new(WINDOW));
    let end = End {
        to_server,
        window: Arc::clone(&window),
    };
    let (near, far) = tokio::io::duplex(KERNEL_BYTES);
    (near, end, carry(wire, said, from_client, window, far))
}

/// Moves bytes between an agent's connection and the network until both sides have closed.
async fn carry(
    wire: usize,
    said: Said,
    mut from_client: mpsc::UnboundedReceiver<Packet>,
    window: Arc<Semaphore>,
    far: DuplexStream,
) {
    let (mut read, mut write) = tokio::io::split(far);
    let down = async {
        let mut buffer = [0; READ_BYTES];
        while let Ok(count @ 1..) = read.read(&mut buffer).await {
            let Ok(permit) = window.acquire().await else {
                return;
            };
            permit.forget();
            said.push(wire, Packet::Bytes(buffer[..count].to_vec()));
        }
        said.push(wire, Packet::Fin);
    };
    let up = async {
        while let Some(packet) = from_client.recv().await {
            if let Packet::Bytes(bytes) = packet
                && write.write_all(&bytes).await.is_err()
            {
                return;
            }
        }
        // The client has closed; a server that still writes finds nobody.
        let _ = write.shutdown().await;
    };
    tokio::join!(biased; down, up);
}
