//! A server that says what the test tells it to, over real TLS, and the client's program.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use holdfast_agent::address::{Address, Fingerprint};
use holdfast_agent::json::Line;
use holdfast_protocol::event::{AgentEvent, Author, Body};
use holdfast_protocol::frame::{AgentDown, AgentUp, AgentWelcome, Heartbeat, Login};
use holdfast_protocol::id::{AgentId, ConversationId, Epoch, EventId};
use holdfast_protocol::limits;
use holdfast_protocol::time::Millis;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

/// A test that waits longer than this for anything has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const EPOCH: Epoch = Epoch(77);
pub(crate) const ME: AgentId = AgentId(1);

pub(crate) struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    fingerprint: Fingerprint,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            fingerprint: Fingerprint::of(made.cert.der()),
        }
    }

    pub(crate) fn address_text(&self) -> String {
        let port = self.listener.local_addr().unwrap().port();
        format!(
            "holdfast://s3cret@127.0.0.1:{port}/#sha256={}",
            self.fingerprint
        )
    }

    pub(crate) fn address(&self) -> Address {
        self.address_text().parse().unwrap()
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The next line that comes, or why its handshake failed.
    pub(crate) async fn try_accept(&self) -> std::io::Result<Peer> {
        patient(async {
            let (tcp, _) = self.listener.accept().await?;
            let (reader, writer) = tokio::io::split(self.acceptor.accept(tcp).await?);
            Ok(Peer {
                lines: BufReader::new(reader).lines(),
                writer,
            })
        })
        .await
    }

    pub(crate) async fn accept(&self) -> Peer {
        self.try_accept().await.unwrap()
    }

    /// Accepts a line, reads its login and answers it.
    pub(crate) async fn welcome(&self, after: u64, snapshot: bool) -> (Peer, Login) {
        let mut peer = self.accept().await;
        let AgentUp::Login(login) = peer.read().await else {
            panic!("the first frame is no login");
        };
        peer.write(&AgentDown::Welcome(AgentWelcome {
            version: limits::VERSION,
            epoch: EPOCH,
            agent: ME,
            name: "Ana".into(),
            site: "demo".into(),
            after,
            last: after,
            snapshot,
            heartbeat: Heartbeat::default(),
            colleagues: vec![],
        }))
        .await;
        (peer, login)
    }
}

/// One line, seen from the server.
pub(crate) struct Peer {
    lines: Lines<BufReader<ReadHalf<TlsStream<TcpStream>>>>,
    writer: WriteHalf<TlsStream<TcpStream>>,
}

impl Peer {
    pub(crate) async fn read(&mut self) -> AgentUp {
        let line = patient(self.lines.next_line()).await.unwrap();
        serde_json::from_str(&line.expect("the client closed the line")).unwrap()
    }

    pub(crate) async fn write(&mut self, frame: &AgentDown) {
        self.write_garbage(&serde_json::to_string(frame).unwrap())
            .await;
    }

    pub(crate) async fn write_garbage(&mut self, text: &str) {
        let line = format!("{text}\n");
        self.writer.write_all(line.as_bytes()).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    pub(crate) async fn write_events(&mut self, events: Vec<AgentEvent>) {
        self.write(&AgentDown::Events { events }).await;
    }
}

pub(crate) fn message(offset: u64, id: EventId, author: Author, text: &str) -> AgentEvent {
    AgentEvent {
        offset,
        conversation: ConversationId(3),
        seq: Some(offset),
        id,
        at: Millis(1_790_000_000_000),
        author,
        body: Body::Message { text: text.into() },
    }
}

pub(crate) fn ana() -> Author {
    Author::Agent {
        id: ME,
        name: "Ana".into(),
    }
}

/// The program itself, in JSON mode.
pub(crate) struct Program {
    pub(crate) child: Child,
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Program {
    pub(crate) fn start(address: &str, state: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast-agent"))
            .args(["--json", "--address", address, "--state"])
            .arg(state)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    pub(crate) async fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
        stdin.flush().await.unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next line for which `pick` has an answer.
    pub(crate) async fn find<T>(&mut self, pick: impl Fn(&Line) -> Option<T>) -> T {
        loop {
            let line = patient(self.stdout.next_line()).await.unwrap();
            let line = line.expect("the program closed its stdout");
            if let Some(found) = pick(&serde_json::from_str(&line).unwrap()) {
                return found;
            }
        }
    }

    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Waits for the end; exit code and stderr.
    pub(crate) async fn end(self) -> (Option<i32>, String) {
        let output = patient(self.child.wait_with_output()).await.unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    }
}

pub(crate) async fn patient<T>(future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, future).await;
    waited.expect("nothing came in time")
}
