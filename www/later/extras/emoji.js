// A choice of emoji, put into the composer where the visitor is writing.

const SMILE = "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5v.01M15 9.5v.01";
const ALL =
  "😀 😃 😄 😁 😅 😂 🙂 🙃 😉 😊 😍 😘 😎 🤓 🤔 🤨 😐 😏 😬 😮 😢 😭 😤 😠 😱 😴 🤒 🥳 🤝 👍 👎 👌 👋 🙏 👏 💪 ✌️ 🤞 👀 ❤️ 💔 ✨ 🔥 🎉 🎁 ⭐ ✅ ❌ ❓ ❗ 💡 📎 📦 🚚 💳 🕐 📅 📞 ✉️ 🏠"
    .split(" ");

export class Emoji {
  constructor(panel) {
    this.panel = panel;
    const { make, say, find, icon } = panel;
    this.button = make("button", { type: "button", class: "smile", hook: "emoji", "aria-label": say("emoji"), "aria-expanded": "false" }, icon(SMILE));
    // In a box of its own: Firefox rounds no corner beside a scroll bar.
    this.all = make("div", {});
    this.choice = make("div", { class: "choice", hook: "choice", role: "group", "aria-label": say("emoji"), hidden: "" }, this.all);
    // What is written stays where it is, and a phone's keyboard too.
    for (const part of [this.button, this.choice]) part.addEventListener("mousedown", (event) => event.preventDefault());
    this.button.addEventListener("click", () => this.toggle(this.choice.hidden, true));
    this.choice.addEventListener("click", (event) => {
      const emoji = event.target.closest("button");
      if (emoji) this.put(emoji.textContent);
    });
    this.choice.addEventListener("keydown", (event) => this.move(event));
    this.choice.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !relatedTarget.closest("[data-hf=choice], [data-hf=emoji]")) this.toggle(false);
    });
    panel.root.addEventListener("click", ({ target }) => {
      if (!target.closest("[data-hf=choice], [data-hf=emoji]")) this.toggle(false);
    });
    find("send").parentNode.insertBefore(this.button, find("send"));
    find("composer").closest(".foot").appendChild(this.choice);
  }

  toggle(isOpen, isByPerson) {
    if (this.choice.hidden === !isOpen) return;
    // Made when they are first looked for: most visitors never do.
    if (!this.all.firstChild) {
      ALL.forEach((emoji, at) => this.all.appendChild(this.panel.make("button", { type: "button", tabindex: at ? -1 : 0 }, emoji)));
    }
    this.choice.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen && isByPerson) this.choice.querySelector("[tabindex='0']").focus();
  }

  put(emoji) {
    const composer = this.panel.find("composer");
    composer.setRangeText(emoji, composer.selectionStart, composer.selectionEnd, "end");
    // MooTools has an `Event` of its own.
    composer.dispatchEvent(new InputEvent("input", { bubbles: true }));
    this.toggle(false);
    composer.focus();
  }

  move(event) {
    // The chat takes Escape for the whole panel, and so does a browser; Enter is the button's.
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      this.toggle(false);
      return this.button.focus();
    }
    const all = [...this.all.children];
    const at = all.indexOf(event.target);
    const columns = all.filter((one) => one.offsetTop === all[0].offsetTop).length;
    const forward = this.panel.root.dir === "rtl" ? -1 : 1;
    const step = { ArrowRight: forward, ArrowLeft: -forward, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: all.length - 1 - at }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = all[at + step];
    if (!next) return;
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}
