// The menu in the panel's header: the notice of unseen answers, a window of its own, a copy of the conversation.
import { OWN_WINDOW } from "../../site.js";
import { after } from "./timer.js";

const DOTS = "M5 12v.01M12 12v.01M19 12v.01";
const OWN_SIZE = "popup,width=420,height=700";
// As long a page of older messages may take; then what is there is copied.
const PAGE_MS = 4000;
// So long what is said of something done stays.
const SAID_MS = 4000;

export class Menu {
  constructor(sdk, panel, notice) {
    this.sdk = sdk;
    this.panel = panel;
    this.notice = notice;
    this.signal = sdk.doors.signal;
    const { make, say, find, icon, root } = panel;
    this.name = OWN_WINDOW + sdk.settings.site;
    this.isOwn = window.name === this.name;
    root.toggleAttribute("data-own", this.isOwn);
    // The visitor has asked for it, and there is nothing else in it.
    if (this.isOwn && !root.getRootNode().activeElement) find("composer").focus();
    this.button = make("button", {
      type: "button", class: "close more", hook: "menu", "aria-label": say("menu"), "aria-haspopup": "menu", "aria-expanded": "false",
    }, icon(DOTS));
    const item = (hook, role) => make("button", { type: "button", role, hook, tabindex: -1 }, say(hook));
    this.quiet = item("notify", "menuitemcheckbox");
    this.items = [this.quiet, ...(this.isOwn ? [] : [item("popout", "menuitem")]), item("copy", "menuitem")];
    this.list = make("div", { class: "menu", hook: "menu-list", role: "menu", "aria-label": say("menu"), hidden: "" }, ...this.items);
    this.said = make("div", { class: "said", hook: "said", role: "status", hidden: "" });
    this.button.addEventListener("click", () => this.toggle(this.list.hidden, true));
    this.list.addEventListener("click", ({ target }) => this.choose(target.closest("button")));
    this.list.addEventListener("keydown", (event) => this.move(event));
    this.list.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !relatedTarget.closest("[data-hf=menu-list], [data-hf=menu]")) this.toggle(false);
    });
    root.addEventListener("click", ({ target }) => {
      if (!target.closest("[data-hf=menu-list], [data-hf=menu]")) this.toggle(false);
    });
    // Within the header, which is as high as its words.
    for (const part of [this.button, this.list, this.said]) find("close").parentNode.insertBefore(part, find("close"));
    this.showQuiet();
  }

  // The panel was closed; a window of its own has no other purpose.
  closed() {
    this.toggle(false);
    if (this.isOwn) window.close();
  }

  toggle(isOpen, isByPerson) {
    if (this.list.hidden === !isOpen) return;
    this.list.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen && isByPerson) this.items[0].focus();
  }

  move(event) {
    const at = this.items.indexOf(event.target);
    const count = this.items.length;
    const next = { ArrowDown: (at + 1) % count, ArrowUp: (at + count - 1) % count, Home: 0, End: count - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.items[next].focus();
    } else if (event.key === "Escape") {
      // The chat takes it for the whole panel, and so does a browser.
      event.stopPropagation();
      event.preventDefault();
      this.toggle(false);
      this.button.focus();
    } else if (event.key === "Tab") this.toggle(false);
  }

  choose(item) {
    if (!item) return;
    if (item === this.quiet) {
      this.notice.isQuiet = !this.notice.isQuiet;
      return this.showQuiet();
    }
    this.toggle(false);
    this.button.focus();
    if (item.dataset.hf === "popout") this.popOut();
    else this.copy();
  }

  showQuiet() {
    this.quiet.setAttribute("aria-checked", String(!this.notice.isQuiet));
  }

  // The same page in a window of its own, which the panel fills: what the site allows its pages, it allows there too,
  // and the visitor is known.
  popOut() {
    // Once the other window is in front, Firefox takes this one for one without a focus.
    this.panel.find("launcher").focus();
    try {
      if (window.open(location.href, this.name, OWN_SIZE)) return this.sdk.chat.call("close", "");
    } catch {
      // Firefox throws where a frame's sandbox allows no windows.
    }
    this.button.focus();
    this.tell("popoutFailed");
  }

  // Browsers let a page copy while the visitor's press is fresh, so the text may come after the promise of it.
  async copy() {
    try {
      const text = this.transcript();
      if (window.ClipboardItem && navigator.clipboard?.write) {
        const blob = text.then((text) => new Blob([text], { type: "text/plain" }));
        await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
      } else await navigator.clipboard.writeText(await text);
      this.tell("copied");
    } catch {
      const text = await this.transcript();
      // The chat may have been taken off the page meanwhile.
      if (!this.signal.aborted) this.tell(this.copyOld(text) ? "copied" : "copyFailed");
    }
  }

  // Where a page may not use the clipboard directly, as on one without https.
  copyOld(text) {
    const { make, root } = this.panel;
    const area = root.appendChild(make("textarea", { class: "aside" }));
    area.value = text;
    area.select();
    const isDone = document.execCommand("copy");
    root.removeChild(area);
    this.button.focus();
    return isDone;
  }

  async transcript() {
    const rows = await this.readBack();
    const shown = (row, hook) => row.querySelector(hook)?.textContent ?? "";
    let today;
    const lines = rows.map(([row, day]) => {
      const heading = day === today ? "" : "\n" + day + "\n";
      today = day;
      return heading + (row.dataset.hf === "message"
        ? "[" + shown(row, "time") + "] " + shown(row, ".name") + ": " + shown(row, "[data-hf=text]")
        : "* " + [...row.childNodes].map((part) => part.textContent).join(" "));
    });
    return lines.join("\n").replace(/^\n/, "") + "\n";
  }

  // All rows, each with its day. What is older comes page by page, as if the visitor scrolled there, and what is newer
  // leaves the page meanwhile, so rows are kept as they come by, from the newest on.
  async readBack() {
    const list = this.panel.find("list");
    const log = this.panel.find("messages");
    const rows = [];
    const keep = () => {
      let day = "";
      const fresh = [];
      for (const row of log.children) {
        if (rows.length && row === rows[0][0]) break;
        if (row.classList.contains("day")) day = row.textContent;
        else if (!row.classList.contains("divider")) fresh.push([row, day]);
      }
      rows.unshift(...fresh);
    };
    const below = list.scrollHeight - list.scrollTop;
    this.toEnd();
    keep();
    const first = () => Number(log.querySelector("[data-seq]")?.dataset.seq ?? 1);
    for (let before = 0; !this.signal.aborted && first() > 1 && first() !== before; ) {
      before = first();
      await new Promise((go) => {
        const watch = new MutationObserver(() => first() < before && done());
        const done = () => {
          clearTimeout(timer);
          this.signal.removeEventListener("abort", done);
          watch.disconnect();
          go();
        };
        // Whatever comes first: the page, its time, or the end of the chat.
        const timer = setTimeout(done, PAGE_MS);
        this.signal.addEventListener("abort", done);
        watch.observe(log, { childList: true });
        // A list that is at its top already does not scroll.
        list.scrollTop = list.scrollTop ? 0 : 1;
      });
      keep();
    }
    if (!this.signal.aborted) this.toEnd();
    list.scrollTop = list.scrollHeight - below;
    return rows;
  }

  toEnd() {
    const jump = this.panel.find("jump");
    if (jump.hidden) return;
    jump.click();
    this.button.focus();
  }

  tell(key) {
    if (this.signal.aborted) return;
    this.said.textContent = this.panel.say(key);
    this.said.hidden = false;
    this.stop?.();
    this.stop = after(this.signal, SAID_MS, () => (this.said.hidden = true));
  }
}
