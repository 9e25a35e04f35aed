//! The scenes, in the order in which conversations bring them about.

use anyhow::Result;
use holdfast_protocol::limits;
use holdfast_tests::{
    proxy::BOTH,
    samples::{CLOSED, CODE, LONG, LONG_WORD, QUESTIONS},
};
use serde_json::{Value, json};

use super::album::{Album, LOOKS, Look, SIDEWAYS, holds, online};

const SCRIPTS: &str = "你好,请问有红色的吗? 🧗 هل لديكم حبل أحمر؟ Есть ли красная?";
const LINKS: &str =
    "It is here: https://example.com/ropes/red-40. Or write to ropes@example.com, and name `R-40`.";

/// Languages, and what is said in them by turns, the visitor first.
const TALKS: [(&str, [&str; 5]); 2] = [
    (
        "ar",
        [
            "مرحباً، هل الحبل الأحمر متوفر؟",
            "أهلاً بك! نعم، لدينا الحبل الأحمر بطول 40 متراً، ويمكننا شحنه إليك خلال ثلاثة أيام.",
            "رائع. كم سعره مع الشحن؟",
            "السعر 129 € والشحن مجاني. الرابط: https://example.com/ropes/red-40",
            "شكراً جزيلاً 🙏",
        ],
    ),
    (
        "zh-Hans",
        [
            "你好,请问红色的绳子还有货吗?",
            "您好!有的,红色 40 米的绳子今天刚到货,三天内可以送到您手上。",
            "太好了。含运费一共多少钱?",
            "一共 129 €,免运费。链接在这里:https://example.com/ropes/red-40。请放心,三十天内未使用可以退货。",
            "谢谢 🙏",
        ],
    ),
];

/// Writes into the composer what would be long to type.
const DRAFT: &str = "const composer = document.querySelector('#holdfast-chat').shadowRoot.querySelector('[data-hf=composer]');
    composer.value = arguments[0];
    composer.dispatchEvent(new Event('input'));";

const GREETING: &str =
    "greeting = \"Welcome to Alpenglow!\\nAsk us anything about ropes, hooks and harnesses.\"";

const HELLO: &str = "greeting = \"Hello! How can we help?\"";

const AWAY: &str =
    "away = \"We are back on Sunday. Leave a message, the answer will wait for you here.\"";

impl Album {
    /// Takes all pictures.
    pub(super) async fn fill(&mut self) -> Result<()> {
        self.before_a_word().await?;
        let conversation = self.talk().await?;
        self.conversation().await?;
        self.short_scenes(conversation).await?;
        self.opened().await?;
        self.drafted().await?;
        self.refused().await?;
        self.rated(conversation).await?;
        self.links().await?;
        self.languages().await?;
        self.unproven().await?;
        self.offline().await
    }

    async fn before_a_word(&mut self) -> Result<()> {
        self.newcomer(&format!("{AWAY}{CLOSED}")).await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return find('greeting').innerText.includes('Sunday') && find('subtitle').textContent.startsWith('Away')").await?;
            self.take(&tab, look, "away").await?;
        }
        self.hire().await?;
        self.newcomer("").await?;
        for look in LOOKS {
            let tab = self.go(look, "shop", "en").await?;
            self.take(&tab, look, "closed").await?;
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return find('greeting').innerText.includes('Ask us')").await?;
            self.take(&tab, look, "empty").await?;
            tab.click_hook("close").await?;
        }
        self.newcomer(GREETING).await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            holds(
                &tab,
                "return find('greeting').innerText.includes('Alpenglow')",
            )
            .await?;
            self.take(&tab, look, "greeting").await?;
        }
        self.newcomer(&format!("{HELLO}{QUESTIONS}")).await?;
        for look in LOOKS.into_iter().chain(SIDEWAYS) {
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return shown('prechat')").await?;
            self.take(&tab, look, "prechat").await?;
        }
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        tab.draft("Is it red?").await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return shown('prechat')").await?;
            tab.click_hook("send").await?;
            holds(
                &tab,
                "return [...root.querySelectorAll('.fault')].some((it) => it.textContent)",
            )
            .await?;
            self.take(&tab, look, "prechat-faults").await?;
        }
        Ok(())
    }

    /// A conversation with everything in it; the panel stays open.
    async fn talk(&mut self) -> Result<u64> {
        self.newcomer("").await?;
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        let conversation = self.begin(&tab, "Good morning!").await?;
        for answer in [LONG, CODE] {
            self.answer(&tab, conversation, answer).await?;
        }
        self.begin(&tab, LONG_WORD).await?;
        self.answer(&tab, conversation, SCRIPTS).await?;
        Ok(conversation)
    }

    async fn conversation(&mut self) -> Result<()> {
        for (scene, kind) in [
            ("conversation", "shop"),
            ("hostile", "hostile"),
            ("own", "own"),
            ("zoomed", "zoomed"),
            ("orange", "orange"),
            ("pale", "pale"),
        ] {
            for look in LOOKS {
                self.talked(look, kind, scene).await?;
            }
        }
        for look in SIDEWAYS {
            self.talked(look, "shop", "conversation").await?;
        }
        if self.contrast(true).await? {
            self.talked(LOOKS[0], "shop", "contrast").await?;
            self.contrast(false).await?;
        }
        Ok(())
    }

    async fn talked(&mut self, look: Look, kind: &str, scene: &str) -> Result<()> {
        let tab = self.chat(look, kind, "en").await?;
        online(&tab).await?;
        holds(&tab, "return !!root.querySelector('[data-hf=text] a')").await?;
        self.take(&tab, look, scene).await
    }

    /// What comes and goes: older messages with new ones below, a typing agent, an unread answer, the mark before it.
    async fn short_scenes(&mut self, conversation: u64) -> Result<()> {
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            online(&tab).await?;
            holds(
                &tab,
                "find('list').scrollTop = 0; return !find('jump').hidden",
            )
            .await?;
            self.take(&tab, look, "newest").await?;
            let text = "The red one came in today.";
            self.answer(&tab, conversation, text).await?;
            holds(&tab, "return find('jump').classList.contains('new')").await?;
            self.take(&tab, look, "older").await?;
            tab.click_hook("jump").await?;
            let typing = json!({"conversation": conversation, "active": true});
            self.agent()?.tell(&json!({"typing": typing})).await?;
            tab.see("typing", |widget| !widget.typing.is_empty())
                .await?;
            self.take(&tab, look, "typing").await?;
            tab.click_hook("close").await?;
            self.agent()?
                .write(conversation, "Shall I keep it for you?")
                .await?;
            tab.see("the count", |widget| widget.unread == "1").await?;
            self.take(&tab, look, "unread").await?;
            tab.open_chat().await?;
            holds(&tab, "return !!root.querySelector('.divider')").await?;
            self.take(&tab, look, "divider").await?;
        }
        Ok(())
    }

    /// What is opened over the messages, and what is said there.
    async fn opened(&mut self) -> Result<()> {
        for look in LOOKS.into_iter().chain(SIDEWAYS) {
            let tab = self.chat(look, "shop", "en").await?;
            online(&tab).await?;
            tab.click_hook("menu").await?;
            holds(&tab, "return shown('menu-list')").await?;
            self.take(&tab, look, "menu").await?;
            tab.click_hook("emoji").await?;
            holds(&tab, "return shown('choice') && !shown('menu-list')").await?;
            self.take(&tab, look, "emoji").await?;
            tab.click_hook("menu").await?;
            tab.click_hook("copy").await?;
            holds(&tab, "return shown('said')").await?;
            self.take(&tab, look, "said").await?;
        }
        Ok(())
    }

    /// A draft that is nearly too long, where agents see what is being written.
    async fn drafted(&mut self) -> Result<()> {
        self.stage.server.set_site("typing-preview = true").await?;
        for look in LOOKS.into_iter().chain(SIDEWAYS) {
            let tab = self.chat(look, "shop", "en").await?;
            let text = "All of it. ".repeat(limits::TEXT_BYTES / 11 - 8);
            tab.run::<Value>(DRAFT, vec![json!(text)]).await?;
            holds(&tab, "return shown('privacy') && shown('counter')").await?;
            self.take(&tab, look, "draft").await?;
            tab.run::<Value>(DRAFT, vec![json!("")]).await?;
        }
        self.stage.server.set_site("").await
    }

    /// A page that says of the visitor what it can't prove.
    async fn unproven(&mut self) -> Result<()> {
        self.newcomer("").await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            let say = "Holdfast.identify('user-17', {}, 'not the hash')";
            tab.run::<Value>(say, vec![]).await?;
            tab.see("the refusal", |widget| widget.connection == "refused")
                .await?;
            self.take(&tab, look, "unproven").await?;
        }
        Ok(())
    }

    async fn refused(&mut self) -> Result<()> {
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            online(&tab).await?;
            tab.write("Refuse this").await?;
            tab.see("the failed message", |widget| {
                widget.state_of("Refuse this") == Some("failed")
            })
            .await?;
            self.take(&tab, look, "failed").await?;
            tab.click_hook("discard").await?;
        }
        Ok(())
    }

    async fn rated(&mut self, conversation: u64) -> Result<()> {
        self.stage.server.set_site("rating = true").await?;
        let close = json!({"close": {"conversation": conversation}});
        self.agent()?.tell(&close).await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return shown('rating')").await?;
            self.take(&tab, look, "rating").await?;
            let star = "return document.querySelector('#holdfast-chat').shadowRoot.querySelectorAll('[name=score]')[3]";
            tab.click(star, vec![]).await?;
            holds(&tab, "return shown('comment')").await?;
            self.take(&tab, look, "rating-words").await?;
            tab.run::<()>("sessionStorage.removeItem(Object.keys(sessionStorage).find((key) => key.endsWith(':rating')))", vec![]).await?;
        }
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        holds(
            &tab,
            "find('rating').scrollIntoView(); root.querySelectorAll('[name=score]')[3].click(); \
            find('comment').value = 'Quick and kind'; find('rate').click(); return true",
        )
        .await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            holds(&tab, "return !!find('rated') && !shown('rating')").await?;
            self.take(&tab, look, "rated").await?;
        }
        Ok(())
    }

    async fn links(&mut self) -> Result<()> {
        self.newcomer("").await?;
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        let conversation = self
            .begin(&tab, "Where is the red rope? www.example.com/ropes?")
            .await?;
        for answer in [LINKS, CODE, "Anything else?"] {
            self.answer(&tab, conversation, answer).await?;
        }
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            online(&tab).await?;
            holds(&tab, "return !!root.querySelector('[data-hf=text] .block')").await?;
            self.take(&tab, look, "links").await?;
        }
        Ok(())
    }

    async fn languages(&mut self) -> Result<()> {
        for (locale, lines) in TALKS {
            self.newcomer("").await?;
            for look in LOOKS {
                let tab = self.chat(look, "shop", locale).await?;
                online(&tab).await?;
                self.take(&tab, look, &format!("empty-{locale}")).await?;
            }
            let tab = self.chat(LOOKS[0], "shop", locale).await?;
            let conversation = self.begin(&tab, lines[0]).await?;
            for (turn, line) in lines.iter().enumerate().skip(1) {
                if turn % 2 == 0 {
                    self.begin(&tab, line).await?;
                } else {
                    self.answer(&tab, conversation, line).await?;
                }
            }
            for look in LOOKS {
                let tab = self.chat(look, "shop", locale).await?;
                online(&tab).await?;
                holds(&tab, "return !!root.querySelector('[data-hf=text] a')").await?;
                self.take(&tab, look, &format!("conversation-{locale}"))
                    .await?;
            }
        }
        Ok(())
    }

    /// Pages are loaded, and no line comes about.
    async fn offline(&mut self) -> Result<()> {
        self.newcomer("").await?;
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        let conversation = self.begin(&tab, "Is anybody here?").await?;
        self.answer(&tab, conversation, "How can I help?").await?;
        self.stage.street.lose(&BOTH);
        let tab = self.chat(LOOKS[0], "shop", "en").await?;
        tab.write("Are you still there?").await?;
        tab.draft("I am in a lift and").await?;
        for look in LOOKS {
            let tab = self.chat(look, "shop", "en").await?;
            tab.see("the words about it", |widget| {
                widget.connection == "offline" && !widget.words.is_empty()
            })
            .await?;
            self.take(&tab, look, "offline").await?;
        }
        Ok(())
    }
}
