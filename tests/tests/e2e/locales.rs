//! The visitor's language: chosen, loaded alone, changed, and laid out from right to left where it is written so.

use anyhow::{Result, ensure};
use holdfast_protocol::limits;
use holdfast_tests::{
    browser::{Engine, Tab},
    in_every_engine,
    pages::{Pages, with_tag},
    stage::Stage,
    wait,
};
use serde_json::{Value, json};

use super::hosts::{complaints, watch, watched};
use super::visitors::{holds, inside};

in_every_engine!(
    one_language_costs_one,
    the_language_changes_under_an_open_conversation,
    every_language_is_read_in_its_own_words_and_times,
    days_are_named_in_every_language,
    unread_messages_are_counted_in_russian,
    plurals_are_those_of_the_language,
);

/// What the widget says of itself, by hook and by attribute.
const READ: &str = "const root = document.querySelector('#holdfast-chat')?.shadowRoot;
    const find = (hook) => root?.querySelector(`[data-hf=${hook}]`);
    return [find('root')?.lang ?? '', find('root')?.dir ?? '', find('launcher')?.getAttribute('aria-label') ?? '',
        find('composer')?.placeholder ?? ''];";

async fn speaks(tab: &Tab, locale: &str) -> Result<Vec<String>> {
    let what = format!("the language {locale}");
    let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
    wait::until(&what, read, |words| words[0] == locale).await
}

/// As [`speaks`], down to the launcher's name, which comes last: the pasted script has drawn it in English.
async fn names(tab: &Tab, locale: &str, launcher: &str) -> Result<Vec<String>> {
    let what = format!("a launcher that is named in {locale}");
    let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
    let is_wanted = |words: &Vec<String>| words[0] == locale && words[2] == launcher;
    wait::until(&what, read, is_wanted).await
}

/// The files of words that the page has loaded.
async fn loaded(tab: &Tab) -> Result<Vec<String>> {
    let names = "return performance.getEntriesByType('resource').map((entry) => entry.name)
        .filter((name) => name.includes('/locales/')).map((name) => name.split('/').at(-1))";
    tab.run(names, vec![]).await
}

async fn one_language_costs_one(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let page = |attributes: &str| watched(&with_tag(stage.street.addr(), "demo", attributes));
    let pages = Pages::serve([
        ("/fr", page("data-locale=fr-CA")),
        ("/tw", page("data-locale=zh-TW")),
        ("/none", page("data-locale=tlh")),
        ("/own", page("")),
    ])
    .await?;
    let tab = stage.browser.open(&pages.url("/fr")).await?;
    let words = names(&tab, "fr", "Ouvrir la discussion").await?;
    ensure!(words[1] == "ltr", "{words:?}");
    ensure!(loaded(&tab).await? == ["fr.json"]);
    tab.goto(&pages.url("/tw")).await?;
    names(&tab, "zh-Hant", "開啟聊天").await?;
    // The visitor's browser is English here.
    tab.goto(&pages.url("/own")).await?;
    names(&tab, "en", "Open chat").await?;
    ensure!(loaded(&tab).await? == ["en.json"]);
    ensure!(!complaints(&tab).await?.join("\n").contains("locale"));
    tab.goto(&pages.url("/none")).await?;
    speaks(&tab, "en").await?;
    let console = complaints(&tab).await?.join("\n");
    ensure!(console.contains("there is no locale"), "{console}");
    Ok(())
}

async fn the_language_changes_under_an_open_conversation(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.draft("half a sentence").await?;
    let say = "Holdfast.setLocale(arguments[0])";
    tab.run::<Value>(say, vec![json!("es")]).await?;
    tab.run::<Value>(say, vec![json!("ar")]).await?;
    let words = speaks(&tab, "ar").await?;
    ensure!(words[1] == "rtl" && words[3] == "اكتب رسالة…", "{words:?}");
    let widget = tab.widget().await?;
    ensure!(widget.open && widget.messages.len() == 2 && widget.draft == "half a sentence");
    let focus = "return document.querySelector('#holdfast-chat').shadowRoot.activeElement?.dataset.hf ?? ''";
    ensure!(
        tab.run::<String>(focus, vec![]).await? == "composer",
        "the focus is lost"
    );
    // One's own messages stand at the line's end, which is on the left now.
    let place = "const root = document.querySelector('#holdfast-chat').shadowRoot;
        const left = (who) => root.querySelector(`[data-author=${who}] [data-hf=text]`).getBoundingClientRect().left;
        return left('visitor') < left('agent')";
    ensure!(
        tab.run::<bool>(place, vec![]).await?,
        "not laid out from right to left"
    );
    let typing = async || Ok(tab.widget().await?.words);
    wait::until("no words about the line", typing, String::is_empty).await?;
    stage
        .agent_writes(&mut agent, conversation, "مرحبا")
        .await?;
    tab.see("the answer", |widget| widget.messages.len() == 3)
        .await?;

    // The words of a language may be out of reach; the one that is there stays.
    stage.street.refuse().await?;
    stage.street.reset();
    watch(&tab).await?;
    let warned = async || Ok(complaints(&tab).await?.join("\n"));
    tab.run::<Value>(say, vec![json!("ru")]).await?;
    wait::until("a warning", warned, |text| {
        text.contains("could not be loaded")
    })
    .await?;
    ensure!(speaks(&tab, "ar").await?[1] == "rtl");
    Ok(())
}

/// A language, as a site sets it and as it is read.
struct Language {
    tag: &'static str,
    file: &'static str,
    /// The header, the panel's own name, and the empty composer.
    panel: [&'static str; 3],
    /// What is loaded after the panel: the menu and the emoji, by their names.
    later: [&'static str; 2],
    /// Over the messages of today.
    today: &'static str,
    /// Over those of the day before.
    yesterday: &'static str,
    /// How hours are counted there, as `Intl` calls it.
    hours: Hours,
}

#[derive(Clone, Copy, PartialEq)]
enum Hours {
    /// From 0 to 23.
    Day,
    /// From 12 to 11, with a word for the half of the day.
    Half,
}

/// All of them.
const LANGUAGES: [Language; 10] = [
    Language {
        tag: "en-US",
        file: "en",
        panel: ["Chat with us", "Chat", "Write a message…"],
        later: ["More", "Insert an emoji"],
        today: "Today",
        yesterday: "Yesterday",
        hours: Hours::Half,
    },
    Language {
        tag: "zh-CN",
        file: "zh-Hans",
        panel: ["与我们聊天", "聊天", "输入消息…"],
        later: ["更多", "插入表情"],
        today: "今天",
        yesterday: "昨天",
        hours: Hours::Day,
    },
    Language {
        tag: "zh-TW",
        file: "zh-Hant",
        panel: ["與我們聊天", "聊天", "輸入訊息…"],
        later: ["更多", "插入表情符號"],
        today: "今天",
        yesterday: "昨天",
        hours: Hours::Half,
    },
    Language {
        tag: "es",
        file: "es",
        panel: ["Chatee con nosotros", "Chat", "Escriba un mensaje…"],
        later: ["Más", "Insertar un emoji"],
        today: "Hoy",
        yesterday: "Ayer",
        hours: Hours::Day,
    },
    Language {
        tag: "fr",
        file: "fr",
        panel: ["Discutez avec nous", "Discussion", "Écrivez un message…"],
        later: ["Plus", "Insérer un émoji"],
        today: "Aujourd’hui",
        yesterday: "Hier",
        hours: Hours::Day,
    },
    Language {
        tag: "de",
        file: "de",
        panel: ["Chatten Sie mit uns", "Chat", "Nachricht schreiben…"],
        later: ["Mehr", "Emoji einfügen"],
        today: "Heute",
        yesterday: "Gestern",
        hours: Hours::Day,
    },
    Language {
        tag: "pt-BR",
        file: "pt",
        panel: ["Converse conosco", "Chat", "Escreva uma mensagem…"],
        later: ["Mais", "Inserir um emoji"],
        today: "Hoje",
        yesterday: "Ontem",
        hours: Hours::Day,
    },
    Language {
        tag: "ja",
        file: "ja",
        panel: ["チャットでお問い合わせ", "チャット", "メッセージを入力…"],
        later: ["その他", "絵文字を入力"],
        today: "今日",
        yesterday: "昨日",
        hours: Hours::Day,
    },
    Language {
        tag: "ar",
        file: "ar",
        panel: ["تحدث معنا", "الدردشة", "اكتب رسالة…"],
        later: ["المزيد", "إدراج رمز تعبيري"],
        today: "اليوم",
        yesterday: "أمس",
        hours: Hours::Half,
    },
    Language {
        tag: "ru",
        file: "ru",
        panel: ["Напишите нам", "Чат", "Напишите сообщение…"],
        later: ["Ещё", "Вставить эмодзи"],
        today: "Сегодня",
        yesterday: "Вчера",
        hours: Hours::Day,
    },
];

/// What is read in a panel with one message of the visitor's.
const WORDS: &str = "const name = (hook) => find(hook)?.getAttribute('aria-label') ?? '';
    return [find('root').lang, find('root').dir, find('title').textContent, name('panel'), find('composer').placeholder,
        name('menu'), name('emoji'), root.querySelector('.day').textContent]";

/// The time at the message, whether it is one of the last minutes as the browser writes them with hours that are counted so,
/// and whether it has a word for the half of the day.
const TIME: &str = "const time = root.querySelector('time').textContent;
    const format = new Intl.DateTimeFormat('TAG', { hour: 'numeric', minute: '2-digit', hourCycle: 'HOURS' });
    const wanted = [0, 1, 2, 3].map((ago) => format.format(Date.now() - ago * 60000));
    return [time, wanted.includes(time), /\\p{L}/u.test(time), wanted.join(' | ')]";

async fn every_language_is_read_in_its_own_words_and_times(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    tab.write("14:05").await?;
    for language in &LANGUAGES {
        let Language { tag, file, .. } = language;
        tab.run::<Value>("Holdfast.setLocale(arguments[0])", vec![json!(tag)])
            .await?;
        let direction = if *file == "ar" { "rtl" } else { "ltr" };
        let words = [file, direction]
            .into_iter()
            .chain(language.panel)
            .chain(language.later)
            .chain([language.today])
            .collect::<Vec<_>>();
        let read = async || inside::<Vec<String>>(&tab, WORDS).await;
        wait::until(&format!("{words:?}"), read, |found| *found == words).await?;

        let hours = match language.hours {
            Hours::Day => "h23",
            Hours::Half => "h12",
        };
        let script = TIME.replace("TAG", tag).replace("HOURS", hours);
        let (time, is_right, is_half, wanted): (String, bool, bool, String) =
            inside(&tab, &script).await?;
        println!("{engine}, {tag}: {time}");
        ensure!(is_right, "{tag}: {time} is none of {wanted}");
        ensure!(is_half == (language.hours == Hours::Half), "{tag}: {time}");
    }
    Ok(())
}

/// Before everything of a page: its clock is as many days later than the browser's as it says of itself.
const LATER: &str = "<script>
    const clock = Date.now;
    Date.now = () => clock() + (document.documentElement.dataset.days ?? 0) * 864e5;
    </script>";

/// The browser's own day as it names it there, with a capital letter at its begin where it has any.
const DATE: &str = "const [tag] = arguments;
    const format = new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long' });
    const [first, ...rest] = format.format(new Date());
    return [first.toLocaleUpperCase(tag), ...rest].join('')";

/// A page that stays open: what was written today stands under yesterday the next day, and later under its date.
async fn days_are_named_in_every_language(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let html = with_tag(stage.street.addr(), "demo", "").replace("<h1>", &format!("{LATER}<h1>"));
    let pages = Pages::serve([("/", html)]).await?;
    let tab = stage.browser.open(&pages.url("/")).await?;
    tab.open_chat().await?;
    tab.write("14:05").await?;
    for days in [1, 5] {
        let later = "document.documentElement.dataset.days = arguments[0]";
        tab.run::<Value>(later, vec![json!(days)]).await?;
        for Language { tag, yesterday, .. } in &LANGUAGES {
            let say = "Holdfast.setLocale(arguments[0])";
            tab.run::<Value>(say, vec![json!(tag)]).await?;
            let wanted = match days {
                1 => (*yesterday).to_owned(),
                _ => tab.run::<String>(DATE, vec![json!(tag)]).await?,
            };
            println!("{engine}, {tag}: {wanted}");
            let days = "return [...root.querySelectorAll('.day')].map((day) => day.textContent)";
            let read = async || inside::<Vec<String>>(&tab, days).await;
            let is_wanted = |found: &Vec<String>| *found == [wanted.as_str()];
            wait::until(&format!("{wanted} in {tag}"), read, is_wanted).await?;
        }
    }
    Ok(())
}

async fn unread_messages_are_counted_in_russian(engine: Engine) -> Result<()> {
    let mut stage = Stage::set_in(engine).await?;
    let (tab, mut agent, conversation) = stage.greeting().await?;
    tab.click_hook("close").await?;
    tab.run::<Value>("Holdfast.setLocale('ru-RU')", vec![])
        .await?;
    speaks(&tab, "ru").await?;
    let mut written = 0;
    for (count, words) in [
        (1, "1 непрочитанное сообщение"),
        (2, "2 непрочитанных сообщения"),
        (5, "5 непрочитанных сообщений"),
        (21, "21 непрочитанное сообщение"),
    ] {
        while written < count {
            written += 1;
            let text = format!("number {written}");
            stage.agent_writes(&mut agent, conversation, &text).await?;
        }
        let read = async || tab.run::<Vec<String>>(READ, vec![]).await;
        let what = format!("the plural of {count}");
        wait::until(&what, read, |found| {
            found[2].ends_with(&format!(", {words}"))
        })
        .await?;
    }
    Ok(())
}

/// Says so many bytes may still be written, and waits for these words below the composer.
async fn room_left(tab: &Tab, tag: &str, count: usize, words: &str) -> Result<()> {
    let write = format!(
        "const composer = find('composer');
        composer.value = 'x'.repeat({});
        composer.dispatchEvent(new InputEvent('input', {{ bubbles: true }}));
        return new Intl.NumberFormat('{tag}').format({count})",
        limits::TEXT_BYTES - count
    );
    let number: String = inside(tab, &write).await?;
    let words = words.replace("{count}", &number);
    holds(
        tab,
        &format!("return find('counter').textContent === '{words}'"),
    )
    .await
}

/// In the languages with most forms of it, by what the panel says of the room that is left.
async fn plurals_are_those_of_the_language(engine: Engine) -> Result<()> {
    let stage = Stage::set_in(engine).await?;
    let tab = stage.visitor().await?;
    for (tag, counts) in [
        (
            "ru",
            &[
                (0, "Осталось {count} символов"),
                (1, "Остался {count} символ"),
                (2, "Осталось {count} символа"),
                (5, "Осталось {count} символов"),
                (11, "Осталось {count} символов"),
                (21, "Остался {count} символ"),
            ],
        ),
        (
            "ar",
            &[
                (0, "لم يبقَ أي حرف ({count})"),
                (1, "بقي حرف واحد ({count})"),
                (2, "بقي حرفان ({count})"),
                (3, "بقيت {count} أحرف"),
                (11, "بقي {count} حرفاً"),
                (100, "بقي {count} حرف"),
            ],
        ),
    ] {
        tab.run::<Value>("Holdfast.setLocale(arguments[0])", vec![json!(tag)])
            .await?;
        speaks(&tab, tag).await?;
        for (count, words) in counts {
            room_left(&tab, tag, *count, words).await?;
        }
    }
    Ok(())
}
