//! What an operator, a site's owner and a visitor are told when something is wrong around Holdfast.

use std::ffi::OsString;

use anyhow::{Context as _, Result, ensure};
use holdfast_tests::{
    browser::{Browser, Engine},
    in_every_engine,
    pages::{Pages, with_tag},
    server::{Server, command, operator},
    stage::Stage,
    wait,
};
use tokio::net::TcpListener;

use super::hosts::{cannot_show, complaints, watched};

in_every_engine!(
    a_site_that_does_not_exist_is_told_in_the_console,
    a_tag_without_a_site_is_told_in_the_console,
    a_page_whose_server_is_down_is_unharmed,
);

/// Runs `holdfast serve` where it can't succeed, and returns what it says.
async fn fails_to_serve(args: &[&str]) -> Result<String> {
    let mut line: Vec<OsString> = vec!["serve".into(), "--demo".into()];
    line.extend(args.iter().map(OsString::from));
    let (status, _, words) = command(&line).await?;
    ensure!(status.code() == Some(1), "{status}: {words}");
    ensure!(!words.contains("panicked"), "{words}");
    Ok(words)
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused_in_words() -> Result<()> {
    let server = Server::start().await?;
    let data = server.data().display().to_string();
    let any = "127.0.0.1:0";
    let words = fails_to_serve(&["--http", any, "--agents", any, "--data", &data]).await?;
    ensure!(words.contains(&data), "the folder is not named: {words}");
    ensure!(words.contains("--data"), "the option is not named: {words}");
    // The first one does not notice.
    server.add_agent("Ana").await?;
    Ok(())
}

#[tokio::test]
async fn a_taken_port_names_the_option() -> Result<()> {
    let holder = TcpListener::bind("127.0.0.1:0").await?;
    let taken = holder.local_addr()?.to_string();
    let folder = tempfile::tempdir()?;
    let data = folder.path().display().to_string();
    let any = "127.0.0.1:0";
    let words = fails_to_serve(&["--http", &taken, "--agents", any, "--data", &data]).await?;
    ensure!(
        words.contains("--http") && words.contains(&taken),
        "{words}"
    );
    let words = fails_to_serve(&["--http", any, "--agents", &taken, "--data", &data]).await?;
    ensure!(
        words.contains("--agents") && words.contains(&taken),
        "{words}"
    );
    Ok(())
}

#[tokio::test]
async fn wrong_words_to_the_operators_commands_are_answered_in_words() -> Result<()> {
    let server = Server::start().await?;
    for (args, word) in [
        (
            &["agent", "add", "nosuch", "Ana"][..],
            "holdfast site add nosuch",
        ),
        (&["agent", "add", "demo", " "], "name"),
        (&["agent", "remove", "demo", "99"], "99"),
        (&["site", "add", "de mo"], "de mo"),
        (&["site", "add", "demo"], "already"),
    ] {
        let error = operator(server.data(), args).await.err();
        let words = error.context(format!("{args:?} succeeded"))?.to_string();
        ensure!(words.contains(word), "{args:?}: {words}");
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    tokio::fs::write(&file, "x").await?;
    let data = file.display().to_string();
    let words = fails_to_serve(&["--data", &data]).await?;
    ensure!(words.contains(&data), "{words}");
    Ok(())
}

#[tokio::test]
async fn sites_and_agents_are_listed_and_no_secret_is_kept() -> Result<()> {
    let mut server = Server::start().await?;
    let address = server.add_agent("Ana Árbol").await?;
    let sites = operator(server.data(), &["site", "list"]).await?;
    ensure!(sites.lines().eq(["demo"]), "{sites}");
    let agents = operator(server.data(), &["agent", "list", "demo"]).await?;
    ensure!(agents.contains("Ana Árbol") && !agents.contains(&address.secret));
    server.stop().await?;
    for entry in std::fs::read_dir(server.data())? {
        let path = entry?.path();
        if path.is_file() {
            let bytes = std::fs::read(&path)?;
            let secret = address.secret.as_bytes();
            let found = bytes.windows(secret.len()).any(|part| part == secret);
            ensure!(!found, "the secret is in {}", path.display());
        }
    }
    Ok(())
}

async fn a_site_that_does_not_exist_is_told_in_the_console(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = with_tag(stage.server.http(), "nosuch", "");
    let pages = Pages::serve([("/", watched(&page))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let told = async || complaints(&tab).await;
    let is_told = |line: &String| line.contains("nosuch") && line.contains("Holdfast");
    wait::until("the unknown site in the console", told, |lines| {
        lines.iter().any(is_told)
    })
    .await?;
    Ok(())
}

async fn a_tag_without_a_site_is_told_in_the_console(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = format!(
        "<!doctype html><title>A site</title><script src=\"http://{}/widget.js\"></script>",
        stage.server.http()
    );
    let pages = Pages::serve([("/", watched(&page))]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    let lines = complaints(&tab).await?;
    ensure!(
        lines.iter().any(|line| line.contains("data-site")),
        "{lines:?}"
    );
    ensure!(!tab.widget().await?.here, "a launcher that leads nowhere");
    Ok(())
}

async fn a_page_whose_server_is_down_is_unharmed(engine: Engine) -> Result<()> {
    let mut server = Server::start().await?;
    let page = with_tag(server.http(), "demo", "")
        + "<button id=b>0</button><script>
            window.errors = [];
            addEventListener('error', (event) => errors.push(String(event.message)));
            addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)));
            b.onclick = () => { b.textContent = Number(b.textContent) + 1; };
        </script>";
    let pages = Pages::serve([("/", page)]).await?;
    server.kill().await?;
    let browser = Browser::start_in(engine).await?;
    let tab = browser.open(&pages.url("/")).await?;
    tab.click("return document.getElementById('b')", vec![])
        .await?;
    ensure!(tab.run::<String>("return b.textContent", vec![]).await? == "1");
    let errors: Vec<String> = tab.run("return window.errors", vec![]).await?;
    ensure!(errors.is_empty(), "{errors:?}");
    ensure!(!tab.widget().await?.here);

    server.start_again().await?;
    tab.reload().await?;
    tab.open_chat().await?;
    tab.see("the line", |widget| widget.connection == "online")
        .await?;
    server.kill().await?;
    tab.goto(&pages.url("/")).await?;
    if engine == Engine::WebKit {
        let why = "it keeps what the script loads in no cache while it is driven";
        cannot_show(engine, "a chat whose server is down", why);
        server.start_again().await?;
        tab.see("the chat, once its server is back", |widget| {
            widget.open && widget.connection == "online"
        })
        .await?;
        let errors: Vec<String> = tab.run("return window.errors", vec![]).await?;
        ensure!(errors.is_empty(), "{errors:?}");
        return Ok(());
    }
    // Its files are in the browser's cache now: the chat is there though its server is not.
    tab.see("the words about it", |widget| {
        widget.here && widget.open && !widget.words.is_empty()
    })
    .await?;
    tab.write("kept until it is back").await?;
    ensure!(tab.widget().await?.state_of("kept until it is back") == Some("waiting"));
    server.start_again().await?;
    tab.see("the message sent", |widget| {
        widget.state_of("kept until it is back") == Some("sent")
    })
    .await?;
    let errors: Vec<String> = tab.run("return window.errors", vec![]).await?;
    ensure!(errors.is_empty(), "{errors:?}");
    Ok(())
}
