//! Clients that speak the wire by hand, written from PROTOCOL.md and nothing else: for what a proper
//! client never does, and as proof that the document suffices.

use std::{collections::VecDeque, net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime},
    },
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Bytes, Error as WsError, Message},
};

use crate::{address::Address, wait::PATIENCE};

/// The protocol's version that these clients speak.
pub const VERSION: u32 = 1;

/// What came over the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A frame.
    Frame(Value),
    /// The server closed the line.
    Closed,
}

impl Heard {
    /// The content of the frame with this name; nothing for every other.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Frame(frame) => frame.get(name),
            Self::Closed => None,
        }
    }
}

/// An agent's line: TCP with TLS, one JSON object a line.
pub struct AgentLine {
    line: BufReader<TlsStream<TcpStream>>,
    /// Events that came in one frame with others and were not asked for yet.
    events: VecDeque<Value>,
}

impl AgentLine {
    /// Connects, and accepts exactly the certificate that the address names.
    ///
    /// # Errors
    /// When the server is not there, or has another certificate.
    pub async fn connect(address: &Address) -> Result<Self> {
        let tls = open_agent(address).await?;
        Ok(Self {
            line: BufReader::new(tls),
            events: VecDeque::new(),
        })
    }

    /// Connects and logs in; returns the welcome.
    ///
    /// # Errors
    /// When the server does not take the agent in.
    pub async fn login(address: &Address) -> Result<(Self, Value)> {
        let mut line = Self::connect(address).await?;
        line.say(&json!({"login": {"version": VERSION, "token": address.secret}}))
            .await?;
        let welcome = line.hear("welcome").await?;
        Ok((line, welcome))
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// When the line is closed.
    pub async fn say(&mut self, frame: &Value) -> Result<()> {
        self.say_raw(format!("{frame}\n").as_bytes()).await
    }

    /// Sends these bytes, whatever they are.
    ///
    /// # Errors
    /// When the line is closed.
    pub async fn say_raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.line.write_all(bytes).await?;
        Ok(self.line.flush().await?)
    }

    /// The next frame, or the end of the line.
    ///
    /// # Errors
    /// When nothing comes within [`PATIENCE`], or what comes is no JSON.
    pub async fn next(&mut self) -> Result<Heard> {
        let mut line = String::new();
        match timeout(PATIENCE, self.line.read_line(&mut line))
            .await
            .context("silence")?
        {
            // The server may close without a farewell in TLS: it is the end all the same.
            Ok(0) | Err(_) => Ok(Heard::Closed),
            Ok(_) => Ok(Heard::Frame(serde_json::from_str(&line).context(line)?)),
        }
    }

    /// The next event of the log, whichever frame brings it.
    ///
    /// # Errors
    /// As [`AgentLine::hear`].
    pub async fn event(&mut self) -> Result<Value> {
        while self.events.is_empty() {
            let frame = self.hear("events").await?;
            self.events
                .extend(frame["events"].as_array().into_iter().flatten().cloned());
        }
        self.events.pop_front().context("an event")
    }

    /// Skips frames until one with this name comes, answers pings, and returns its content.
    ///
    /// # Errors
    /// When the line is closed before, or nothing comes within [`PATIENCE`].
    pub async fn hear(&mut self, name: &str) -> Result<Value> {
        let mut before = Vec::new();
        loop {
            let heard = self.next().await?;
            if let Some(content) = heard.get(name) {
                return Ok(content.clone());
            }
            if let Some(ping) = heard.get("ping") {
                self.say(&json!({"pong": ping})).await?;
            }
            if heard == Heard::Closed {
                bail!("the line was closed before {name:?}, after {before:?}");
            }
            before.push(heard);
        }
    }
}

/// Opens an agent's line: TLS that accepts exactly the certificate which the address names.
///
/// # Errors
/// When the server is not there, or has another certificate.
pub async fn open_agent(address: &Address) -> Result<TlsStream<TcpStream>> {
    let provider = Arc::new(ring::default_provider());
    let pinned = Pinned {
        fingerprint: address.fingerprint.clone(),
        provider: provider.clone(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned))
        .with_no_client_auth();
    let tcp = TcpStream::connect(&address.place).await?;
    let name = ServerName::try_from("holdfast")?;
    let tls = TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await?;
    Ok(tls)
}

/// A visitor's line: a WebSocket, one JSON object per text message.
pub struct VisitorLine(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl VisitorLine {
    /// Connects.
    ///
    /// # Errors
    /// When the server is not there, or speaks no WebSocket.
    pub async fn connect(http: SocketAddr) -> Result<Self> {
        let (socket, _) = connect_async(format!("ws://{http}/ws")).await?;
        Ok(Self(socket))
    }

    /// Connects and says hello on the demo site; returns the welcome.
    ///
    /// # Errors
    /// When the server does not take the visitor in.
    pub async fn hello(http: SocketAddr, token: Option<&str>) -> Result<(Self, Value)> {
        let mut line = Self::connect(http).await?;
        let mut hello = json!({"hello": {"version": VERSION, "site": "demo"}});
        if let Some(token) = token {
            hello["hello"]["token"] = token.into();
        }
        line.say(&hello).await?;
        let welcome = line.hear("welcome").await?;
        Ok((line, welcome))
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// When the line is closed.
    pub async fn say(&mut self, frame: &Value) -> Result<()> {
        self.say_raw(&frame.to_string()).await
    }

    /// Sends one text message, whatever it says.
    ///
    /// # Errors
    /// When the line is closed.
    pub async fn say_raw(&mut self, text: &str) -> Result<()> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// Sends one binary message.
    ///
    /// # Errors
    /// When the line is closed.
    pub async fn say_binary(&mut self, bytes: &'static [u8]) -> Result<()> {
        Ok(self
            .0
            .send(Message::Binary(Bytes::from_static(bytes)))
            .await?)
    }

    /// The next frame, or the end of the line.
    ///
    /// # Errors
    /// When nothing comes within [`PATIENCE`], or what comes is no JSON.
    pub async fn next(&mut self) -> Result<Heard> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.context("silence")? {
                Some(Ok(Message::Text(text))) => {
                    return Ok(Heard::Frame(
                        serde_json::from_str(&text).with_context(|| text.to_string())?,
                    ));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(bytes))) => bail!("a binary message: {bytes:?}"),
                None
                | Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed | WsError::Io(_)))
                | Some(Err(WsError::Protocol(_))) => return Ok(Heard::Closed),
                Some(Err(error)) => return Err(error.into()),
            }
        }
    }

    /// Skips frames until one with this name comes, answers pings, and returns its content.
    ///
    /// # Errors
    /// When the line is closed before, or nothing comes within [`PATIENCE`].
    pub async fn hear(&mut self, name: &str) -> Result<Value> {
        let mut before = Vec::new();
        loop {
            let heard = self.next().await?;
            if let Some(content) = heard.get(name) {
                return Ok(content.clone());
            }
            if let Some(ping) = heard.get("ping") {
                self.say(&json!({"pong": ping})).await?;
            }
            if heard == Heard::Closed {
                bail!("the line was closed before {name:?}, after {before:?}");
            }
            before.push(heard);
        }
    }
}

/// Accepts the one certificate with this fingerprint.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let found: String = Sha256::digest(end_entity)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        if found == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(TlsError::General(format!("fingerprint {found}")))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
