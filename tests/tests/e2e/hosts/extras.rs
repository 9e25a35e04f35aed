//! What the panel is given after it was opened: links, the menu, the emoji. A page that puts up with the chat has to put
//! up with them, too.

use anyhow::{Result, ensure};
use holdfast_tests::browser::Tab;

use super::super::visitors::{ESCAPE, INSIDE, extras, holds, press};
use super::{ADDRESS, ANSWER, place};

/// The Backspace key, as WebDriver writes it.
const BACKSPACE: &str = "\u{E003}";

/// The first of the emoji.
const EMOJI: &str = "😀";

/// How the link in the answer stands there.
const LINK: &str = "const link = [...root.querySelectorAll('[data-hf=text] a')].at(-1);
    return !!link && link.checkVisibility() && link.href === 'ADDRESS' && link.textContent === 'ADDRESS'
        && link.closest('[data-hf=text]').textContent === 'ANSWER'";

/// In the open panel, after [`super::talk`]: the answer's address leads there, the menu and the emoji open within the window
/// and in front, with their looks, and an emoji gets into the composer, which is left empty.
pub(super) async fn work(tab: &Tab) -> Result<()> {
    extras(tab).await?;
    tab.at_rest().await?;
    let link = LINK.replace("ADDRESS", ADDRESS).replace("ANSWER", ANSWER);
    holds(tab, &link).await?;

    opens(tab, "menu", "menu-list").await?;
    press(tab, ESCAPE).await?;
    holds(tab, "return !shown('menu-list')").await?;

    opens(tab, "emoji", "choice").await?;
    let first = format!("{INSIDE}return find('choice').querySelector('button')");
    tab.click(&first, vec![]).await?;
    tab.see("the emoji in the composer", |widget| widget.draft == EMOJI)
        .await?;
    tab.draft(BACKSPACE).await?;
    tab.see("the empty composer", |widget| widget.draft.is_empty())
        .await?;
    holds(tab, "return !shown('choice')").await
}

/// A click on `button` opens `what`, over the panel's other parts.
async fn opens(tab: &Tab, button: &str, what: &str) -> Result<()> {
    let place_of_button = place(tab, button).await?;
    ensure!(
        place_of_button.is_in_view() && place_of_button.is_on_top,
        "the {button} is at {place_of_button:?}"
    );
    tab.click_hook(button).await?;
    let is_over = "&& getComputedStyle(find(what)).position === 'absolute'
        && getComputedStyle(find(what)).backgroundColor === getComputedStyle(find('panel')).backgroundColor";
    holds(
        tab,
        &format!("const what = '{what}'; return shown(what) {is_over}"),
    )
    .await?;
    let place = place(tab, what).await?;
    ensure!(
        place.is_in_view() && place.is_on_top,
        "the {what} is at {place:?}"
    );
    Ok(())
}
