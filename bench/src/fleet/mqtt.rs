//! A line to an MQTT broker: version 3.1.1, QoS 1 in both directions. What one moment brings is answered in one packet.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::BytesMut;
use rumqttc::{Connect, ConnectReturnCode, Packet, PubAck, Publish, QoS, Subscribe, mqttbytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::line::{Line, Role};
use super::{AGENTS, connect};

/// Far more than a message and its topic.
const MAX_PACKET: usize = 4096;

/// What is read at once where more waits, as an agent's line has it.
const READ_BUFFER: usize = 4096;

pub(super) struct Mqtt {
    stream: TcpStream,
    role: Role,
    read: BytesMut,
    /// Packets that are to be sent.
    up: BytesMut,
    /// The number of the packet that was published last.
    pkid: u16,
}

impl Line for Mqtt {
    async fn open(server: SocketAddr, role: Role) -> Result<Self> {
        let mut line = Self {
            stream: connect(server, role.number()).await?,
            role,
            read: BytesMut::with_capacity(READ_BUFFER),
            up: BytesMut::new(),
            pkid: 0,
        };
        let (name, inbox) = match role {
            Role::Visitor(number) => (format!("visitor-{number}"), visitors_inbox(number)),
            Role::Agent(number) => (format!("agent-{number}"), agents_inbox(number)),
        };
        let mut hello = Connect::new(name);
        // Both ends live as long as the measurement.
        hello.keep_alive = 0;
        line.write(&Packet::Connect(hello))?;
        let answer = line.packet().await?;
        let is_taken =
            matches!(&answer, Packet::ConnAck(it) if it.code == ConnectReturnCode::Success);
        ensure!(is_taken, "the broker said {answer:?} to a connect");
        let mut subscribe = Subscribe::new(inbox, QoS::AtLeastOnce);
        subscribe.pkid = line.next_pkid();
        line.write(&Packet::Subscribe(subscribe))?;
        let answer = line.packet().await?;
        let is_taken = matches!(answer, Packet::SubAck(_));
        ensure!(is_taken, "the broker said {answer:?} to a subscription");
        Ok(line)
    }

    async fn send(&mut self, text: Utf8Bytes) -> Result<()> {
        let topic = match self.role {
            Role::Visitor(number) => agents_inbox(number % AGENTS),
            Role::Agent(_) => visitors_inbox(text.get(..8).context("no number")?.parse()?),
        };
        let mut publish = Publish::from_bytes(topic, QoS::AtLeastOnce, text.into());
        publish.pkid = self.next_pkid();
        self.write(&Packet::Publish(publish))
    }

    async fn next(&mut self) -> Result<Utf8Bytes> {
        loop {
            let packet = self.packet().await?;
            if let Packet::Publish(publish) = packet {
                self.write(&Packet::PubAck(PubAck::new(publish.pkid)))?;
                return Ok(Utf8Bytes::try_from(publish.payload)?);
            }
            let is_ours = matches!(packet, Packet::PubAck(_));
            ensure!(is_ours, "the broker sent {packet:?}");
        }
    }
}

impl Mqtt {
    /// The next packet. What waits to be sent goes out once there is nothing more to be read at once.
    async fn packet(&mut self) -> Result<Packet> {
        loop {
            match Packet::read(&mut self.read, MAX_PACKET) {
                Ok(packet) => return Ok(packet),
                Err(mqttbytes::Error::InsufficientBytes(_)) => {}
                Err(error) => return Err(error).context("the broker sent no MQTT"),
            }
            self.stream.write_all_buf(&mut self.up).await?;
            if self.stream.read_buf(&mut self.read).await? == 0 {
                bail!("the broker closed a line");
            }
        }
    }

    fn write(&mut self, packet: &Packet) -> Result<()> {
        packet.write(&mut self.up, MAX_PACKET)?;
        Ok(())
    }

    /// Never 0, and far more than can be under way.
    fn next_pkid(&mut self) -> u16 {
        self.pkid = self.pkid.checked_add(1).unwrap_or(1);
        self.pkid
    }
}

fn visitors_inbox(number: usize) -> String {
    format!("visitors/{number}")
}

fn agents_inbox(number: usize) -> String {
    format!("agents/{number}")
}
