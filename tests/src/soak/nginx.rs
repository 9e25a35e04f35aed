//! nginx between some visitors and the server: Debian's, with the few lines that a site's owner adds so that
//! WebSockets pass at all, and every limit of time as it is by default (60 s without a byte end a line).

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::network::{Network, Place};
use super::program::{Launch, Program};
use crate::wait;

/// Where Debian puts it, which is not on everybody's search path.
const PROGRAM: &str = "/usr/sbin/nginx";

/// A proxy that runs.
pub struct Nginx {
    program: Program,
    /// Where visitors reach it.
    pub address: SocketAddr,
    pid: std::path::PathBuf,
}

impl Nginx {
    /// Starts it in front of `server`, with its files in `folder`.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(network: &Network, server: SocketAddr, folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let address = network.address(Place::Proxy, 80)?;
        let pid = folder.join("pid");
        let config = folder.join("nginx.conf");
        std::fs::write(&config, text(address, server, folder))?;
        let launch = Launch::at(network, Place::Proxy, Path::new(PROGRAM))
            .with(["-g", "daemon off;", "-c"])
            .with([&config]);
        let nginx = Self {
            program: Program::start(launch)
                .context("is nginx installed? It is in the package nginx-light")?,
            address,
            pid,
        };
        nginx.ready().await?;
        Ok(nginx)
    }

    /// Kills it with all lines through it.
    ///
    /// # Errors
    /// When it can't be waited for.
    pub async fn kill(&mut self) -> Result<()> {
        self.program.kill().await?;
        // A killed nginx leaves its file behind, and the next one is to be waited for by it.
        let _ = std::fs::remove_file(&self.pid);
        Ok(())
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_again(&mut self) -> Result<()> {
        self.program.start_again()?;
        self.ready().await
    }

    async fn ready(&self) -> Result<()> {
        let look = async || Ok((self.pid.exists(), self.program.log()));
        wait::until("nginx", look, |(is_there, _)| *is_there).await?;
        Ok(())
    }
}

fn text(address: SocketAddr, server: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address};
        location / {{
            proxy_pass http://{server};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection \"upgrade\";
        }}
    }}
}}
"
    )
}
