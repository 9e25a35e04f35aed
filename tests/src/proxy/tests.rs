use std::{io::ErrorKind, time::Duration};

use anyhow::{Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use super::*;

/// Long enough for a byte to cross the loopback interface many times.
const QUIET: Duration = Duration::from_millis(150);

struct Ends {
    proxy: Proxy,
    server: TcpListener,
}

impl Ends {
    async fn new() -> Result<Self> {
        let server = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Proxy::start(server.local_addr()?).await?;
        Ok(Self { proxy, server })
    }

    async fn connect(&self) -> Result<(TcpStream, TcpStream)> {
        let client = TcpStream::connect(self.proxy.addr()).await?;
        let (server, _) = self.server.accept().await?;
        Ok((client, server))
    }
}

async fn say(from: &mut TcpStream, word: &[u8], to: &mut TcpStream) -> Result<()> {
    from.write_all(word).await?;
    hear(to, word).await
}

async fn hear(at: &mut TcpStream, word: &[u8]) -> Result<()> {
    let mut heard = vec![0; word.len()];
    timeout(crate::wait::PATIENCE, at.read_exact(&mut heard)).await??;
    ensure!(heard == word, "heard {heard:?}");
    Ok(())
}

async fn hears_nothing(at: &mut TcpStream) -> Result<()> {
    let mut heard = [0; 8];
    let silence = timeout(QUIET, at.read(&mut heard)).await;
    ensure!(silence.is_err(), "heard {silence:?}");
    Ok(())
}

async fn is_reset(at: &mut TcpStream) -> Result<()> {
    let end = timeout(crate::wait::PATIENCE, at.read(&mut [0; 8])).await?;
    ensure!(
        end.as_ref().map_err(std::io::Error::kind) == Err(ErrorKind::ConnectionReset),
        "{end:?}"
    );
    Ok(())
}

#[tokio::test]
async fn passes_both_ways_and_passes_the_close_on() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    say(&mut client, b"up", &mut server).await?;
    say(&mut server, b"down", &mut client).await?;
    drop(client);
    ensure!(server.read(&mut [0; 8]).await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_stalled_line_is_silent_and_flows_again_when_healed() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.stall(&BOTH);
    client.write_all(b"one").await?;
    server.write_all(b"two").await?;
    hears_nothing(&mut server).await?;
    hears_nothing(&mut client).await?;
    ends.proxy.heal(Forgotten::Reset).await?;
    hear(&mut server, b"one").await?;
    hear(&mut client, b"two").await
}

#[tokio::test]
async fn a_stalled_line_hides_the_close_too() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, server) = ends.connect().await?;
    ends.proxy.stall(&[Way::Down]);
    drop(server);
    hears_nothing(&mut client).await?;
    ends.proxy.heal(Forgotten::Reset).await?;
    ensure!(client.read(&mut [0; 8]).await? == 0);
    Ok(())
}

#[tokio::test]
async fn one_way_can_stall_alone() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.stall(&[Way::Up]);
    client.write_all(b"held").await?;
    say(&mut server, b"passes", &mut client).await?;
    hears_nothing(&mut server).await
}

#[tokio::test]
async fn a_connection_made_while_stalled_reaches_the_server_after_the_heal() -> Result<()> {
    let ends = Ends::new().await?;
    ends.proxy.stall(&BOTH);
    let mut client = TcpStream::connect(ends.proxy.addr()).await?;
    client.write_all(b"patience").await?;
    ensure!(timeout(QUIET, ends.server.accept()).await.is_err());
    ends.proxy.heal(Forgotten::Reset).await?;
    let (mut server, _) = ends.server.accept().await?;
    hear(&mut server, b"patience").await
}

#[tokio::test]
async fn lost_bytes_stay_lost_and_the_connection_is_reset_by_the_heal() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.lose(&BOTH);
    client.write_all(b"gone").await?;
    hears_nothing(&mut server).await?;
    hears_nothing(&mut client).await?;
    ends.proxy.heal(Forgotten::Reset).await?;
    is_reset(&mut client).await?;
    is_reset(&mut server).await?;
    let (mut client, mut server) = ends.connect().await?;
    say(&mut client, b"anew", &mut server).await
}

#[tokio::test]
async fn a_silent_router_never_tells_that_it_forgot() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.lose(&[Way::Up]);
    client.write_all(b"gone").await?;
    ends.proxy.heal(Forgotten::Silent).await?;
    client.write_all(b"gone too").await?;
    hears_nothing(&mut client).await?;
    hears_nothing(&mut server).await?;
    let (mut client, mut server) = ends.connect().await?;
    say(&mut client, b"anew", &mut server).await
}

#[tokio::test]
async fn resets_and_refuses_and_opens_again() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.refuse().await?;
    is_reset(&mut client).await?;
    is_reset(&mut server).await?;
    let refused = TcpStream::connect(ends.proxy.addr()).await;
    ensure!(
        refused.as_ref().map_err(std::io::Error::kind).err() == Some(ErrorKind::ConnectionRefused),
        "{refused:?}"
    );
    ends.proxy.heal(Forgotten::Reset).await?;
    let (mut client, mut server) = ends.connect().await?;
    say(&mut client, b"back", &mut server).await
}

#[tokio::test]
async fn delays_each_way_by_its_own_time() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.delay(Duration::from_millis(200), Duration::ZERO);
    let start = Instant::now();
    say(&mut client, b"slow", &mut server).await?;
    let up = start.elapsed();
    say(&mut server, b"fast", &mut client).await?;
    ensure!(up >= Duration::from_millis(200), "{up:?}");
    ensure!(start.elapsed() - up < Duration::from_millis(200));
    Ok(())
}

#[tokio::test]
async fn cuts_after_so_many_bytes() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.cut_after(Way::Up, 5);
    client.write_all(b"abc").await?;
    hear(&mut server, b"abc").await?;
    client.write_all(b"defg").await?;
    is_reset(&mut client).await?;
    let mut rest = Vec::new();
    let end = server.read_to_end(&mut rest).await;
    ensure!(end.is_err() && rest.len() <= 2, "{end:?} {rest:?}");
    Ok(())
}

#[tokio::test]
async fn websockets_can_be_cut_while_pages_load() -> Result<()> {
    let server = TcpListener::bind("127.0.0.1:0").await?;
    let proxy = Proxy::start_for(server.local_addr()?, Scope::WebSockets).await?;
    proxy.stall(&BOTH);
    let mut page = TcpStream::connect(proxy.addr()).await?;
    let get = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n";
    page.write_all(get).await?;
    let (mut served, _) = server.accept().await?;
    hear(&mut served, get).await?;
    let mut chat = TcpStream::connect(proxy.addr()).await?;
    chat.write_all(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
        .await?;
    proxy
        .wait_for("the chat", |counts| counts.accepted > 0)
        .await?;
    ensure!(timeout(QUIET, server.accept()).await.is_err());
    Ok(())
}

#[tokio::test]
async fn what_is_withheld_is_had_by_nobody_until_the_line_is_healed() -> Result<()> {
    let ends = Ends::new().await?;
    let (mut client, mut server) = ends.connect().await?;
    ends.proxy.withhold("/part");
    say(&mut client, b"GET /other.js", &mut server).await?;
    client.write_all(b"GET /v1/part.js").await?;
    is_reset(&mut client).await?;
    is_reset(&mut server).await?;
    ends.proxy.heal(Forgotten::Silent).await?;
    let (mut client, mut server) = ends.connect().await?;
    say(&mut client, b"GET /part.js", &mut server).await
}
