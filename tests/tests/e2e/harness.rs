//! The tools themselves, tried on pages that have nothing to do with Holdfast.

use anyhow::{Result, ensure};
use holdfast_tests::{browser::Browser, pages::Pages, wait};
use serde_json::json;

const PAGE: &str = "<!doctype html><title>Plain</title><input id=i><p id=p></p><script>
    document.getElementById('i').addEventListener('input', (event) => {
        document.getElementById('p').textContent = event.target.value;
    });
    window.ticks = 0;
    setInterval(() => { window.ticks += 1; }, 20);
</script>";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_types_freezes_and_leaves_nothing_behind() -> Result<()> {
    let pages = Pages::serve([("/", PAGE.to_owned())]).await?;
    let browser = Browser::start().await?;
    let tab = browser.open(&pages.url("/")).await?;
    let input = "return document.getElementById(arguments[0])";
    tab.type_keys(input, vec![json!("i")], "typed").await?;
    let text = "return document.getElementById('p').textContent";
    ensure!(tab.run::<String>(text, vec![]).await? == "typed");

    let other = browser.open_another(&pages.url("/")).await?;
    ensure!(
        tab.run::<String>("return document.visibilityState", vec![])
            .await?
            == "visible"
    );
    ensure!(other.run::<String>(text, vec![]).await?.is_empty());

    let ticks = "return window.ticks";
    tab.freeze().await?;
    tab.thaw().await?;
    let before: u64 = tab.run(ticks, vec![]).await?;
    wait::until(
        "a tick after the thaw",
        async || tab.run::<u64>(ticks, vec![]).await,
        |ticks| *ticks > before,
    )
    .await?;

    let mark = browser.profile_mark();
    ensure!(processes_with(&mark)? > 0, "no process has {mark}");
    drop((tab, other, browser));
    wait::until(
        "the end of all of the browser's processes",
        async || processes_with(&mark),
        |count| *count == 0,
    )
    .await?;
    Ok(())
}

/// How many processes have `mark` on their command line.
fn processes_with(mark: &str) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir("/proc")? {
        let line = std::fs::read(entry?.path().join("cmdline")).unwrap_or_default();
        count += usize::from(String::from_utf8_lossy(&line).contains(mark));
    }
    Ok(count)
}
