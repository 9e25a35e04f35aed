//! An answer that nobody has seen: the title, and the switch.

use anyhow::{Result, ensure};
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    stage::Stage,
    wait,
};

use super::{extras, holds, inside};

in_every_engine!(an_unseen_answer_shows_in_the_title_until_somebody_looks);

/// Sounds are counted, and sound all the same.
const COUNT: &str = "window.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...args) { window.tones++; return start.apply(this, args); };";

async fn title(tab: &Tab, what: &str, is_wanted: impl FnMut(&String) -> bool) -> Result<String> {
    let read = async || tab.run::<String>("return document.title", vec![]).await;
    wait::until(what, read, is_wanted).await
}

/// sleep: nothing is to happen, and a notice would come within half a second, or in a hidden page within one and a half.
const LATER: &str = "setTimeout(arguments[0], 3000, true)";

/// The menu's first line is on the screen.
const IN_SIGHT: &str = "const { top, right, width } = find('notify').getBoundingClientRect();
    return width > 0 && top >= 0 && right <= innerWidth && top < innerHeight";

async fn an_unseen_answer_shows_in_the_title_until_somebody_looks(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    extras(&tab).await?;
    tab.run::<()>(COUNT, vec![]).await?;
    let own = title(&tab, "a title", |title| !title.is_empty()).await?;
    stage.agent_writes(&mut agent, conversation, "seen").await?;
    stage.settle(&[&tab], &agent, conversation).await?;

    tab.put_away(true).await?;
    stage
        .agent_writes(&mut agent, conversation, "unseen")
        .await?;
    title(&tab, "the notice", |title| title == "New message from Ana").await?;
    title(&tab, "their turns", |title| *title == own).await?;
    // The page's own change is not lost.
    tab.run::<()>("document.title = 'Sold out'", vec![]).await?;
    title(&tab, "the notice", |title| title == "New message from Ana").await?;
    tab.put_away(false).await?;
    title(&tab, "the page's newest title", |title| title == "Sold out").await?;
    ensure!(
        tab.run::<u32>("return window.tones", vec![]).await? == 2,
        "one sound of two tones"
    );

    // A window of WebKit's that comes back may take the focus once more, which closes a menu.
    let menu = async || {
        if !inside::<bool>(&tab, IN_SIGHT).await? {
            tab.click_hook("menu").await?;
        }
        inside::<bool>(&tab, IN_SIGHT).await
    };
    wait::until("the menu", menu, |is_open| *is_open).await?;
    tab.click_hook("notify").await?;
    holds(&tab, "return find('notify').ariaChecked === 'false'").await?;
    tab.reload().await?;
    extras(&tab).await?;
    ensure!(
        inside::<bool>(&tab, "return find('notify').ariaChecked === 'false'").await?,
        "the choice is kept"
    );
    tab.run::<()>(COUNT, vec![]).await?;
    // A page that nobody has touched may not sound.
    tab.draft("hm").await?;
    tab.put_away(true).await?;
    stage
        .agent_writes(&mut agent, conversation, "quiet")
        .await?;
    stage.settle(&[&tab], &agent, conversation).await?;
    tab.run_async::<bool>(LATER, vec![]).await?;
    ensure!(tab.run::<String>("return document.title", vec![]).await? != "New message from Ana");
    tab.put_away(false).await?;
    ensure!(tab.run::<u32>("return window.tones", vec![]).await? == 0);
    Ok(())
}
