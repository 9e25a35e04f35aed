//! `cargo xtask run`: a server with a demo site and an agent, ready to be tried.

mod demo;
mod server;

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::build;
use crate::repo::Repo;
use crate::setup;

use server::{End, Places, Server, Started};

/// The site that `holdfast serve --demo` shows.
const SITE: &str = "demo";

/// Where the server listens and what it is called; the defaults are those of `holdfast serve`.
#[derive(Args)]
pub(crate) struct Options {
    /// Where visitors' browsers connect [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Where agents' clients connect [default: 127.0.0.1:8443].
    #[arg(long, value_name = "ADDR")]
    agents: Option<SocketAddr>,
    /// The folder for conversations and keys [default: data, in the checkout].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The demo agent's name.
    #[arg(long, default_value = "Ana")]
    name: String,
    /// Optimise the server and the agent's client: takes longer to build, and is for measuring.
    #[arg(long)]
    release: bool,
}

/// Sets up, builds, starts, and stays until Ctrl-C or the server's end.
///
/// # Errors
/// When one of these fails; what the server said is passed on as it said it.
pub(crate) fn run(repo: &Repo, options: &Options) -> Result<ExitCode> {
    setup::ensure(repo, setup::FOR_RUN)?;
    build::widget(repo)?;
    build::binaries(repo, options.release)?;

    let data = data_folder(repo, options.data.clone())?;
    let program = repo.binary("holdfast", options.release);
    let mut serve = repo.command(&program);
    serve.args(["serve", "--demo"]).arg("--data").arg(&data);
    for (flag, address) in [("--http", options.http), ("--agents", options.agents)] {
        if let Some(address) = address {
            serve.args([flag, &address.to_string()]);
        }
    }
    let mut server = Server::start(&mut serve, log_file(repo, options))?;
    let places = match server.wait_until_ready()? {
        Started::Ready(places) => places,
        Started::Ended(end) => return finish(&server, end),
    };
    demo::ensure_agent(repo, &program, &data, places.agents, &options.name)
        .context("the server runs, but its demo agent could not be set up")?;
    println!("{}", screen(repo, options, &places, &server));
    let end = server.wait()?;
    finish(&server, end)
}

/// One log for each port, so that two servers at a time do not write the same.
fn log_file(repo: &Repo, options: &Options) -> PathBuf {
    let name = match options.http {
        Some(address) => format!("server-{}.log", address.port()),
        None => "server.log".to_owned(),
    };
    repo.generated().join("run").join(name)
}

fn finish(server: &Server, end: End) -> Result<ExitCode> {
    match end {
        End::Stopped => {
            println!("Stopped. The next run goes on with the same conversations.");
            Ok(ExitCode::SUCCESS)
        }
        End::Died(status) => {
            eprintln!("{}", server.last_words());
            bail!("the server ended by itself, with {status}");
        }
    }
}

/// Becomes the terminal client of the demo agent.
///
/// # Errors
/// When no `run` has made that agent, or the client can't be started.
pub(crate) fn agent(repo: &Repo, data: Option<PathBuf>, arguments: &[String]) -> Result<ExitCode> {
    let data = data_folder(repo, data)?;
    let file = demo::address_file(&data);
    if !file.is_file() {
        bail!(
            "{} is not here yet: `cargo xtask run` makes it; start that first",
            file.display()
        );
    }
    // Whichever profile `run` has built it in.
    let built = [false, true].map(|release| repo.binary("holdfast-agent", release));
    let Some(program) = built.iter().find(|program| program.is_file()) else {
        bail!("holdfast-agent is not built yet: `cargo xtask run` builds it; start that first");
    };
    let mut client = repo.command(program);
    client.arg("--address-file").arg(&file).args(arguments);
    let error = client.exec();
    Err(error).with_context(|| format!("can't start {}", program.display()))
}

/// The folder that `--data` names, seen from where the person stands; `data` in the checkout otherwise.
fn data_folder(repo: &Repo, data: Option<PathBuf>) -> Result<PathBuf> {
    let data = data.unwrap_or_else(|| repo.root().join("data"));
    std::path::absolute(&data).with_context(|| format!("{} is no folder's name", data.display()))
}

fn screen(repo: &Repo, options: &Options, places: &Places, server: &Server) -> String {
    let Places { http, agents } = places;
    let site = format!("http://{http}");
    let client = match &options.data {
        None => "cargo xtask agent".to_owned(),
        Some(folder) => format!("cargo xtask agent --data {}", folder.display()),
    };
    format!(
        "
Holdfast is running.

  Demo site       {site}/
                  open it in a browser, press the round button, write something
  Agent's client  {client}
                  type this in a second terminal, read, answer
  Script tag      <script async src=\"{site}/widget.js\" data-site=\"{SITE}\"></script>
                  paste it into a page of your own
  Agents' port    {agents}, TLS, one JSON object a line

Ctrl-C stops it. The server's log: {}
",
        repo.shown(server.log())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_is_refused() {
        use clap::Parser;

        #[derive(Parser)]
        struct Line {
            #[command(flatten)]
            options: Options,
        }
        assert!(Line::try_parse_from(["run", "--http", "localhost"]).is_err());
        let line = Line::try_parse_from(["run", "--http", "[::1]:80"]).unwrap();
        assert_eq!(line.options.http.map(|address| address.port()), Some(80));
        assert_eq!(line.options.agents, None);
    }
}
