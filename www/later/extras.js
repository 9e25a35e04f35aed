// What the panel can do without at first: links and code in messages, emoji, the menu, the questions before the first
// message, the rating after the last one, the notice of an unseen answer, and a focus that stays in a panel which fills
// the screen. site.js loads it, in one piece with its parts in extras/.
import { breath } from "../breath.js";
import { Emoji } from "./extras/emoji.js";
import { Menu } from "./extras/menu.js";
import { Notice } from "./extras/notice.js";
import { Prechat } from "./extras/prechat.js";
import { Rating } from "./extras/rating.js";
import { STYLE } from "./extras/style.js";
import { nodes } from "./extras/text.js";
import { trap } from "./extras/trap.js";

export { pieces } from "./extras/text.js";

// The words of a language, beside those that the panel has already.
const learned = new Map();
const learn = (file) => {
  if (!learned.has(file)) {
    const words = fetch(new URL("locales/" + file + ".json", import.meta.url)).then((answer) => answer.json());
    learned.set(file, words);
    words.catch(() => learned.delete(file));
  }
  return learned.get(file);
};

export class Extras {
  constructor(sdk, site) {
    this.sdk = sdk;
    this.site = site;
    this.notice = new Notice(sdk);
    this.newest = 0;
    this.signal = sdk.doors.signal;
    this.dress();
  }

  hear(event, id, text, name, number) {
    if (event === "message:received") this.notice.hear(id, name);
    if (/^(chat:|message:(sent|received))/.test(event)) this.mark(event !== "chat:ended", number);
    if (event === "close") this.menu?.closed();
    if (event === "site") this.refresh();
  }

  // Where the conversation goes on, the visitor's next tab loads the chat at once: widget.js looks for this mark. Of what is
  // heard together, what happened last decides.
  mark(isGoingOn, at) {
    if (at <= this.newest) return;
    this.newest = at;
    const key = this.notice.key + ":talk";
    this.notice.storage((it) => (isGoingOn ? it.setItem(key, '{"open":true}') : it.removeItem(key)));
  }

  // Puts everything beside the panel's own parts, which the chat has just made.
  async dress() {
    const { root } = this.site;
    const { language } = this.sdk;
    try {
      const words = await learn(language.file);
      // The widget may have been drawn anew meanwhile, in another language.
      if (this.signal.aborted || this.site.root !== root || this.dressed === root) return;
      language.words = { ...words, ...language.words };
    } catch {
      // The panel is there without them; the next time it is drawn they are tried again.
      return;
    }
    this.dressed = root;
    this.panel = null;
    this.sdk.adorn(root.getRootNode(), STYLE);
    trap(this.sdk, root);
    const panel = {
      root,
      site: this.site,
      find: (hook) => root.querySelector("[data-hf=" + hook + "]"),
      say: (key, count, name) => this.sdk.text(key, count, name),
      // What pages have patched is not used here: append, remove, contains, trim and the like.
      // An element: its class, its hook, its attributes, and what stands in it.
      make: (tag, { class: name, hook, ...attributes }, ...children) => {
        const element = document.createElement(tag);
        if (name) element.className = name;
        if (hook) element.dataset.hf = hook;
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        for (const child of children) element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
        return element;
      },
      icon: (d) => {
        const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        svg.setAttribute("viewBox", "0 0 24 24");
        svg.setAttribute("aria-hidden", "true");
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        path.setAttribute("d", d);
        svg.appendChild(path);
        return svg;
      },
    };
    // Each in a task of its own: together they would hold up what the visitor does on a slow phone.
    const parts = [
      () => (this.prechat = new Prechat(this.sdk, panel)),
      () => (this.rating = new Rating(this.sdk, panel)),
      () => (this.menu = new Menu(this.sdk, panel, this.notice)),
      () => (this.emoji = new Emoji(panel)),
    ];
    for (const make of parts) {
      await breath();
      // Or be gone, and so may its words.
      if (this.signal.aborted || this.dressed !== root) return;
      make();
    }
    this.panel = panel;
    const watch = new MutationObserver(() => this.refresh());
    watch.observe(panel.find("messages"), { childList: true });
    for (const hook of ["greeting", "jump"]) watch.observe(panel.find(hook), { attributes: true, attributeFilter: ["hidden"] });
    this.refresh();
  }

  // Follows what the list shows.
  refresh() {
    if (!this.panel || this.dressed !== this.site.root) return;
    for (const text of this.panel.root.querySelectorAll("[data-hf=text]:not([data-rich])")) {
      text.dataset.rich = "";
      const rich = nodes(text.textContent);
      if (rich.length === 1 && rich[0].nodeType === 3) continue;
      text.textContent = "";
      for (const node of rich) text.appendChild(node);
    }
    this.prechat.refresh();
    this.rating.refresh();
  }
}
