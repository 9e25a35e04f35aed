//! The program as people meet it: its commands, its words, its two ports.
#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use tungstenite::Message;

/// What a test waits for at most before it says that it never came.
const PATIENCE: Duration = Duration::from_secs(30);

fn holdfast(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    // What the machine's user has configured is not under test.
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HOLDFAST_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(data);
    command
}

fn run(data: &Path, args: &[&str]) -> Output {
    holdfast(data).args(args).output().unwrap()
}

#[track_caller]
fn refused(data: &Path, args: &[&str], words: &str) {
    let output = run(data, args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{args:?} went through");
    assert!(error.contains(words), "{args:?}: {error}");
}

#[track_caller]
fn done(data: &Path, args: &[&str]) -> String {
    let output = run(data, args);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

struct Server {
    child: Child,
    http: SocketAddr,
    agents: SocketAddr,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let ports = ["serve", "--http", "127.0.0.1:0", "--agents", "127.0.0.1:0"];
        let mut child = command.args(ports).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(lines.next()));
        let line = told.recv_timeout(PATIENCE).unwrap().unwrap().unwrap();
        let place = |name: &str| {
            let mut words = line.split(' ');
            words.find_map(|word| word.strip_prefix(name)?.parse().ok())
        };
        assert!(line.starts_with("ready "), "{line}");
        Self {
            http: place("http=").unwrap(),
            agents: place("agents=").unwrap(),
            child,
        }
    }

    fn get(&self, path: &str, more: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(self.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n"
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head.to_lowercase(), answer[end + 4..].to_vec())
    }

    /// Asks it to stop, as a service manager does, and says how it ended.
    fn stop(mut self) -> bool {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been stopped already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_an_owner_sets_is_kept_and_shown() {
    let place = tempfile::tempdir().unwrap();
    let data = &place.path().join("data");
    done(data, &["site", "add", "shop"]);
    let file = place.path().join("shop.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "greeting = \"Hello!\"\nratings = true").unwrap();
    refused(data, &["site", "set", "shop", path], "line 2");
    refused(
        data,
        &["site", "set", "shop", "nowhere.toml"],
        "nowhere.toml",
    );
    std::fs::write(&file, "greeting = \"Hello!\"\nrating = true").unwrap();
    assert_eq!(done(data, &["site", "set", "shop", path]), "");
    let shown = done(data, &["site", "show", "shop"]);
    assert!(
        shown.contains("rating = true") && shown.contains("Hello!"),
        "{shown}"
    );
    std::fs::write(&file, &shown).unwrap();
    done(data, &["site", "set", "shop", path]);
    assert_eq!(done(data, &["site", "show", "shop"]), shown);
    refused(data, &["site", "show", "shops"], "site add shops");
}

#[test]
fn a_key_of_identity_stays_until_it_is_renewed() {
    let place = tempfile::tempdir().unwrap();
    let data = &place.path().join("data");
    done(data, &["site", "add", "shop"]);
    let key = done(data, &["site", "identity", "shop"]);
    assert!(key.trim_end().len() == 64 && key.ends_with('\n'), "{key}");
    let said = run(data, &["site", "identity", "shop", "--require"]);
    assert_eq!(String::from_utf8(said.stdout).unwrap(), key);
    assert!(
        String::from_utf8(said.stderr)
            .unwrap()
            .contains("only with its hash")
    );
    let renewed = done(data, &["site", "identity", "shop", "--renew"]);
    assert_ne!(renewed, key);
    let said = run(data, &["site", "identity", "shop", "--optional"]);
    assert_eq!(String::from_utf8(said.stdout).unwrap(), renewed);
    assert!(
        String::from_utf8(said.stderr)
            .unwrap()
            .contains("as a claim")
    );
    refused(data, &["site", "identity", "shops"], "site add shops");
}

#[test]
fn a_server_that_runs_follows_its_owner() {
    let place = tempfile::tempdir().unwrap();
    let data = &place.path().join("data");
    done(data, &["site", "add", "shop"]);
    let server = Server::start(&mut holdfast(data));
    let address = format!("ws://{}/ws", server.http);
    let (mut socket, _) = tungstenite::connect(address).unwrap();
    let hello = r#"{"hello":{"version":1,"site":"shop","pace":"strict"}}"#;
    socket.send(Message::text(hello)).unwrap();
    // What is set before they are let in would be in their welcome.
    let welcome = socket.read().unwrap();
    assert!(!welcome.to_text().unwrap().contains("greeting"));
    let file = place.path().join("shop.toml");
    std::fs::write(&file, "greeting = \"Hello!\"").unwrap();
    done(data, &["site", "set", "shop", file.to_str().unwrap()]);
    loop {
        let text = socket.read().unwrap();
        if text.to_text().unwrap_or_default() == r#"{"site":{"greeting":"Hello!"}}"# {
            break;
        }
    }
    assert!(server.stop());
}

#[test]
fn sites_and_agents_are_kept() {
    let place = tempfile::tempdir().unwrap();
    let data = &place.path().join("data");
    assert_eq!(done(data, &["site", "add", "shop"]), "");
    refused(data, &["site", "add", "shop"], "already");
    refused(data, &["site", "add", "a b"], "letters");
    assert_eq!(done(data, &["site", "list"]), "shop\n");
    refused(data, &["agent", "add", "shops", "Ann"], "site add shops");
    refused(data, &["agent", "add", "shop", " "], "name");
    let address = done(
        data,
        &["agent", "add", "shop", "Ann", "--agents-public", "chat:1"],
    );
    let rest = address.strip_prefix("holdfast://").unwrap();
    let (secret, rest) = rest.split_at(43);
    let hex = rest.strip_prefix("@chat:1/#sha256=").unwrap().trim_end();
    assert!(hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(done(data, &["agent", "list", "shop"]), "1\tshop\tAnn\n");
    for file in std::fs::read_dir(data).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let is_there = bytes.windows(43).any(|part| part == secret.as_bytes());
        assert!(!is_there, "the secret is on disk");
    }
    done(data, &["agent", "remove", "shop", "1"]);
    refused(data, &["agent", "remove", "shop", "1"], "agent list");
    assert_eq!(done(data, &["agent", "list"]), "");
}

#[test]
fn what_cannot_be_is_said_before_anything_starts() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path();
    refused(data, &["serve", "--retain-days", "1"], "2 days");
    refused(data, &["serve", "--tls-cert", "x"], "--tls-key");
    refused(data, &["serve", "--config", "none.toml"], "--config");
    refused(data, &["serve", "--heartbeat-strict", "9s/3s"], "longer");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    let words =
        format!("--http {address} is taken by another program; choose another with --http ADDR");
    refused(
        data,
        &["serve", "--http", &address, "--agents", free],
        &words,
    );
    let words = "--agents ADDR";
    refused(
        data,
        &["serve", "--http", free, "--agents", &address],
        words,
    );
}

#[test]
fn flags_are_stronger_than_the_environment_and_that_than_the_file() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("holdfast.toml");
    std::fs::write(&file, "retain-days = 1\ndemo = true\n").unwrap();
    let serve = |env: Option<&str>, flag: Option<&str>| {
        let mut command = holdfast(place.path());
        command.arg("--config").arg(&file).arg("serve");
        command.args(["--http", "192.0.2.1:0"]);
        env.map(|days| command.env("HOLDFAST_RETAIN_DAYS", days));
        flag.map(|days| command.args(["--retain-days", days]));
        let output = command.output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    // An address that is not this machine's shows that the days were no obstacle.
    assert!(serve(None, None).contains("--retain-days 1 is"));
    assert!(serve(Some("3"), None).contains("192.0.2.1"));
    assert!(serve(Some("0"), None).contains("--retain-days 0 is"));
    assert!(serve(Some("0"), Some("3")).contains("192.0.2.1"));
}

#[test]
fn one_server_a_folder_and_it_stops_when_told() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(&mut holdfast(place.path()));
    refused(place.path(), &["serve", "--http", "127.0.0.1:0"], "--data");
    refused(place.path(), &["new-epoch"], "is served");
    done(place.path(), &["site", "add", "shop"]);
    let address = done(place.path(), &["agent", "add", "shop", "Ann"]);
    assert!(address.contains(&server.agents.to_string()), "{address}");
    assert!(server.stop());
    assert!(done(place.path(), &["new-epoch"]).starts_with("epoch "));
}

#[test]
fn pages_are_served_as_browsers_want_them() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::start(holdfast(place.path()).env("HOLDFAST_DEMO", "true"));
    let (head, body) = server.get("/widget.js", "Accept-Encoding: gzip\r\n");
    for wanted in [
        "http/1.1 200",
        "content-encoding: gzip",
        "cross-origin-resource-policy: cross-origin",
        "access-control-allow-origin: *",
        "x-content-type-options: nosniff",
        "cache-control: public, max-age=300",
        "etag: ",
    ] {
        assert!(head.contains(wanted), "{wanted} is not in {head}");
    }
    assert_eq!(body[..2], [0x1f, 0x8b], "gzip's magic number");
    let (head, body) = server.get("/", "");
    assert!(head.contains("text/html") && !head.contains("content-encoding"));
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains("data-site=\"demo\"")
    );
    assert!(server.get("/rope", "").0.contains("http/1.1 200"));
    assert!(server.get("/../Cargo.toml", "").0.contains("http/1.1 404"));
    assert_eq!(server.get("/healthz", "").1, b"ok\n");
}

#[test]
fn a_visitor_is_heard_and_rules_are_kept_on_the_wire() {
    let place = tempfile::tempdir().unwrap();
    done(place.path(), &["site", "add", "shop"]);
    let server = Server::start(&mut holdfast(place.path()));
    let connect = || {
        let stream = TcpStream::connect(server.http).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut socket, _) =
            tungstenite::client(format!("ws://{}/ws", server.http), stream).unwrap();
        let hello = r#"{"hello":{"version":1,"site":"shop"}}"#;
        socket.send(Message::text(hello)).unwrap();
        let welcome = socket.read().unwrap();
        assert!(welcome.to_text().unwrap().starts_with("{\"welcome\""));
        socket
    };
    let mut socket = connect();
    let id = "01912d68-783e-7a03-8467-5661c1243ad4";
    let said = format!(r#"{{"send":{{"id":"{id}","text":"héllo"}}}}"#);
    socket.send(Message::text(said)).unwrap();
    let events = socket.read().unwrap();
    let events = events.to_text().unwrap();
    assert!(events.contains(id) && events.contains("héllo"), "{events}");

    let long = Message::text(format!("{{\"x\":\"{}\"}}", "x".repeat(100_000)));
    for wrong in [long, Message::binary(vec![1, 2]), Message::text("{")] {
        let mut socket = connect();
        socket.send(wrong).unwrap();
        let refused = socket.read().unwrap();
        assert!(
            refused.to_text().unwrap().contains("bad_frame"),
            "{refused}"
        );
    }
    assert!(server.stop());
    let going = socket.read().unwrap();
    assert!(going.to_text().unwrap().contains("going_away"), "{going}");
}
