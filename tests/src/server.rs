//! The real server, as an operator runs it.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use anyhow::{Context as _, Result, bail, ensure};
use socket2::Socket;
use tempfile::TempDir;

use crate::{
    address::Address,
    integrity,
    process::{Process, binary},
    proxy::reserve,
};

/// A server with a data folder of its own. Dropping it kills the server and removes the folder.
pub struct Server {
    process: Process,
    folder: Folder,
    /// What starts the program, where it does not start by itself.
    starter: Vec<OsString>,
    args: Vec<OsString>,
    http: SocketAddr,
    agents: SocketAddr,
    // While the server is down, its ports stay ours.
    reservation: Option<[Socket; 2]>,
}

/// Where a server keeps its data.
enum Folder {
    Ours(TempDir),
    Given(PathBuf),
}

impl Server {
    /// Starts a server with the demo site on free ports, and a fresh data folder.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// The same with more options.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_with(args: &[&str]) -> Result<Self> {
        let args = [&["--demo"], args].concat();
        Self::launch(Folder::Ours(tempfile::tempdir()?), &[], &args).await
    }

    /// The same with `starter` before the program's name: a program and its options, which must end in
    /// the server's process and not in a parent of it.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_by(starter: &[&str]) -> Result<Self> {
        Self::launch(Folder::Ours(tempfile::tempdir()?), starter, &["--demo"]).await
    }

    /// A server without any site, as it is right after the installation.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_bare() -> Result<Self> {
        Self::launch(Folder::Ours(tempfile::tempdir()?), &[], &[]).await
    }

    /// The same with a data folder that the test cares for.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_in(data: &Path, args: &[&str]) -> Result<Self> {
        let args = [&["--demo"], args].concat();
        Self::launch(Folder::Given(data.to_path_buf()), &[], &args).await
    }

    /// The port of pages and visitors.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The port of the agents.
    #[must_use]
    pub fn agents(&self) -> SocketAddr {
        self.agents
    }

    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Its process's number in the system.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// What the operator reads in the log so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.process.stderr.all()
    }

    /// Waits until the operator reads a line in the log that has all of these words.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn logs(&self, words: &[&str]) -> Result<()> {
        let has_all = |line: &String| words.iter().all(|word| line.contains(word));
        self.process
            .stderr
            .wait_for(&format!("{words:?} in the log"), |lines| {
                lines.iter().any(has_all).then_some(())
            })
            .await
    }

    /// Adds an agent to the demo site, as an operator does, and returns their address.
    ///
    /// # Errors
    /// When the command fails, or prints anything but an address.
    pub async fn add_agent(&self, name: &str) -> Result<Address> {
        let printed = operator(self.data(), &["agent", "add", "demo", name]).await?;
        let line = printed
            .lines()
            .find(|line| line.starts_with("holdfast://"))
            .with_context(|| format!("no address in {printed:?}"))?;
        Ok(line.parse::<Address>()?.at(self.agents))
    }

    /// Sets what the demo site's owner sets in a file; the server follows within seconds.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn set_site(&self, toml: &str) -> Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), toml)?;
        let path = file.path().display().to_string();
        operator(self.data(), &["site", "set", "demo", &path]).await?;
        Ok(())
    }

    /// The demo site's key, under which its owner's server vouches for visitors.
    ///
    /// # Errors
    /// When the command fails, or prints no key.
    pub async fn identity_key(&self) -> Result<String> {
        let printed = operator(self.data(), &["site", "identity", "demo"]).await?;
        let key = printed.trim();
        ensure!(key.len() == 64, "no key: {printed:?}");
        Ok(key.to_owned())
    }

    /// Takes an identity on the demo site only with its hash from now on; the server follows within seconds.
    ///
    /// # Errors
    /// When the command fails.
    pub async fn require_identity(&self) -> Result<()> {
        operator(self.data(), &["site", "identity", "demo", "--require"]).await?;
        Ok(())
    }

    /// Kills the server as a power cut does, and looks whether what it leaves behind is whole.
    ///
    /// # Errors
    /// When it can't be waited for, or its database is damaged.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await?;
        self.reserve()?;
        integrity::check(self.data())
    }

    /// Asks the server to stop, waits until it has, and looks whether what it leaves behind is whole.
    ///
    /// # Errors
    /// When it does not stop, or its database is damaged.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.process.terminate()?;
        let status = self.process.end().await?;
        self.reserve()?;
        integrity::check(self.data())?;
        Ok(status)
    }

    /// Waits until everything that the server has started is gone too; to be asked when it has stopped.
    pub async fn gone(&self) {
        self.process.stderr.rest_lines().await;
    }

    /// Starts it again on the same folder and the same ports.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_again(&mut self) -> Result<()> {
        let (starter, args) = (&self.starter, &self.args);
        let (process, http, agents) =
            run(starter, args, self.http, self.agents, self.data()).await?;
        ensure!(
            http == self.http && agents == self.agents,
            "the ports changed"
        );
        self.process = process;
        self.reservation = None;
        Ok(())
    }

    async fn launch(folder: Folder, starter: &[&str], args: &[&str]) -> Result<Self> {
        let starter: Vec<OsString> = starter.iter().map(OsString::from).collect();
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let (process, http, agents) = run(&starter, &args, any, any, folder.path()).await?;
        Ok(Self {
            process,
            folder,
            starter,
            args,
            http,
            agents,
            reservation: None,
        })
    }

    fn reserve(&mut self) -> Result<()> {
        self.reservation = Some([reserve(self.http)?, reserve(self.agents)?]);
        Ok(())
    }
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Ours(folder) => folder.path(),
            Self::Given(path) => path,
        }
    }
}

/// Runs one of the operator's commands on a data folder and returns what it prints.
///
/// # Errors
/// When it fails, with what it said.
pub async fn operator(data: &Path, args: &[&str]) -> Result<String> {
    let mut args: Vec<OsString> = args.iter().map(OsString::from).collect();
    args.extend(["--data".into(), data.into()]);
    let (status, out, err) = command(&args).await?;
    if !status.success() {
        bail!("holdfast {args:?} failed with {status}: {err}");
    }
    Ok(out)
}

/// Runs the `holdfast` command to its end, and returns its status, output and errors.
///
/// # Errors
/// When it does not end in time.
pub async fn command(args: &[OsString]) -> Result<(ExitStatus, String, String)> {
    let mut process = Process::start(binary("holdfast")?, args)?;
    let status = process.end().await?;
    let (out, err) = (process.stdout.rest().await, process.stderr.rest().await);
    Ok((status, out, err))
}

async fn run(
    starter: &[OsString],
    args: &[OsString],
    http: SocketAddr,
    agents: SocketAddr,
    data: &Path,
) -> Result<(Process, SocketAddr, SocketAddr)> {
    let mut line = starter.to_vec();
    line.extend([binary("holdfast")?.into(), "serve".into()]);
    line.extend(["--http".into(), http.to_string().into()]);
    line.extend(["--agents".into(), agents.to_string().into()]);
    line.extend(["--data".into(), data.into()]);
    line.extend(args.iter().cloned());
    let (program, line) = line.split_first().context("a program")?;
    let process = Process::start(program, line)?;
    let ready = process.stdout.wait_for("the server's ready line", |lines| {
        lines.iter().find_map(|line| parse_ready(line))
    });
    match ready.await {
        Ok((http, agents)) => Ok((process, http, agents)),
        Err(error) => Err(error.context(process.stderr.rest().await)),
    }
}

fn parse_ready(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (http, agents) = line.strip_prefix("ready http=")?.split_once(" agents=")?;
    Some((http.parse().ok()?, agents.parse().ok()?))
}
