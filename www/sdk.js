// What the page can ask of the chat, and what the chat asks of the page. widget.js loads it.
import { breath } from "./breath.js";
import { Browser } from "./browser.js";
import init, { call, forget, restore, start } from "./holdfast-widget.js";
import { choose, daysAgo, learn, LOCALES, RIGHT_TO_LEFT } from "./language.js";
import { Place } from "./place.js";
import { Site } from "./site.js";

// What scripts may call, as docs/embed.md and holdfast.d.ts list it.
const SAYING = ["identify", "setMetadata", "track"]; // something of the visitor
const PERSONAL = [...SAYING, "prefill", "sendMessage"];
const NAMES = [
  "boot", "update", "open", "close", "toggle", "show", "hide", "destroy", "logout", "setLocale", "setTheme", "getUnread",
  "on", ...PERSONAL,
];
const EVENTS = [
  "ready", "error", "open", "close", "message:sent", "message:delivered", "message:read", "message:received",
  "message:failed", "unread", "connection", "availability", "chat:started", "chat:ended", "csat",
];
// What an option must be, where it is not any text.
const WORDS = {
  position: ["right", "left"],
  theme: ["auto", "light", "dark"],
  identity: ["shared", "tab"],
};
const OPTIONS = [...Object.keys(WORDS), "site", "locale", "accent", "zIndex"];

// Where the panel fills the screen, as in media.css.
const FULL = "(max-width: 520px), (max-height: 460px)";

// Firefox keeps no page with an open WebSocket for its back button.
const KEEPS_LINES = !CSS.supports("-moz-appearance:none");

// What an accent of the owner's changes.
const COLOURS = ["--accent", "--accent-fg", "--head", "--hint-light", "--hint-dark", "--rim-light", "--rim-dark", "--veil"];

const warned = new Set();
const warn = (text) => {
  if (!warned.has(text)) console.warn("Holdfast: " + text);
  warned.add(text);
};

// What only some pages need is in modules of their own, which are fetched then.
const hint = (...of) => {
  const plain = () => "there is no " + of[0] + " " + of[1] + ".";
  import("./later/hints.js").then(({ hint }) => hint(...of), plain).then(warn);
};

// The chat of one page: one at most is running.
class Sdk extends Browser {
  constructor(api, tag, wasm, draw, first) {
    super();
    this.api = api;
    this.tag = tag;
    this.wasm = wasm;
    this.draw = draw;
    this.first = first;
    this.settings = {};
    this.colours = {};
    this.listeners = new Map(EVENTS.map((event) => [event, new Set()]));
    this.waiting = [];
    this.chat = null;
    this.isStarting = false;
    this.unread = 0;
    this.tries = 0;
    this.site = new Site(this);
  }

  // One call of the page. What needs a running chat waits for it, in order.
  run([name, args, isByPerson]) {
    if (name === "on") return this.on(...args);
    if (name === "getUnread") return this.unread;
    if (!NAMES.includes(name)) return hint("function", name, NAMES);
    if (name === "boot" && !this.chat) {
      if (!this.isStarting) return this.boot(...args);
      // Who destroys and boots it before it is there, as React's strict mode does, wants one chat, and one line.
      const isSame = (name) => [undefined, this.settings[name]].includes(args[0]?.[name]);
      if (["site", "identity"].every(isSame)) this.waiting = this.waiting.filter(([name]) => name !== "destroy");
    }
    if (name === "logout") {
      this.held = null;
      this.waiting = this.waiting.filter(([name]) => !PERSONAL.includes(name));
      if (!this.chat && !this.isStarting) return this.forget();
    }
    if (SAYING.includes(name) && !this.say) this.load();
    if (this.held && PERSONAL.includes(name)) return void this.held.push([name, args]);
    if (this.chat) return this.carryOut(name, args, isByPerson);
    this.waiting.push([name, args, isByPerson]);
    // A tap on the launcher tries again what has failed.
    if (isByPerson && this.hasFailed) this.boot(this.settings);
  }

  carryOut(name, args, isByPerson) {
    const [value] = args;
    switch (name) {
      case "boot":
      case "update":
        return this.update(value);
      case "setLocale":
        return this.update({ locale: value });
      case "setTheme":
        return this.update({ theme: value });
      case "destroy":
        return this.destroy();
      case "identify":
      case "setMetadata":
      case "track":
        return this.say(this, name, args, warn);
      case "prefill":
      case "sendMessage":
        if (typeof value !== "string") return warn(name + " takes a text.");
        return this.chat.call(name, value);
      default:
        // What a script opens by itself must not take the focus from what the visitor is doing.
        this.chat.call(name, isByPerson || navigator.userActivation?.isActive ? "person" : "");
    }
  }

  // What makes something of calls about the visitor is loaded where a page has such calls, which wait for it.
  load() {
    const done = (say) => this.release(this.held, (this.say = say));
    this.held ??= [];
    this.loading ??= import("./later/identify.js").then(({ say }) => done(say), (error) => {
      this.fail("a part of the chat could not be loaded; what the page says of its visitor is not heard.", error);
      done(() => {});
    });
  }

  release(held) {
    // After a logout there is nobody whom they are about.
    if (!held || this.held !== held) return;
    this.held = null;
    for (const call of held) this.run(call);
  }

  boot(options) {
    this.set({ ...this.tag.dataset, ...options });
    if (!this.settings.site) {
      return this.fail('the script tag needs data-site="..." with the name of your site.');
    }
    this.begin();
  }

  async begin() {
    this.hasFailed = false;
    this.isStarting = true;
    try {
      const [language] = await Promise.all([learn(this.choose()), init({ module_or_path: this.wasm }), this.mix()]);
      // Who is another than the last visitor is so from the first picture on.
      await this.loading;
      this.language = language;
      // What is called meanwhile waits, as before.
      await breath();
      this.doors = new AbortController();
      this.watch();
      // Each in a task of its own, so that the page has no long one.
      start(this);
      await breath();
      restore();
      await breath();
      call("begin", "");
      if (KEEPS_LINES || this.root.querySelector("[data-hf=launcher]:is(:hover,:focus)")) call("reach", "");
      this.chat = { call };
      this.tell("ready", "", "", "", 0);
    } catch (error) {
      // The response may have been read in part: the next try fetches the program itself.
      this.wasm = undefined;
      this.hasFailed = true;
      // A line that is down comes back.
      if (++this.tries < 7) setTimeout(() => this.hasFailed && this.boot(this.settings), 1e3 << this.tries);
      return this.fail("the chat could not start.", error);
    } finally {
      this.isStarting = false;
    }
    for (const call of this.waiting.splice(0)) this.run(call);
    window.requestIdleCallback?.(() => this.warm());
  }

  // Lays the closed panel out once, unseen: at first that takes long, for the fonts, and whoever opens the panel would
  // wait for it. Safari has no such callback.
  warm() {
    const panel = this.root?.querySelector("[data-hf=panel]");
    if (!panel?.hidden) return;
    panel.hidden = false;
    panel.getBoundingClientRect();
    panel.hidden = true;
  }

  destroy() {
    this.left();
    this.doors.abort();
    this.chat.call("destroy", "");
    this.chat = this.host = this.root = null;
    this.count(0);
  }

  forget() {
    const { site, identity } = { ...this.tag.dataset, ...this.settings };
    if (site) init({ module_or_path: this.wasm }).then(() => forget(window, site, identity === "tab"));
  }

  update(options) {
    const { site, identity } = this.settings;
    this.set({ ...options, site, identity });
    this.dress(this.host, this.root);
    this.mix();
    if (options && "locale" in options) this.speak();
  }

  // Finds the colours that go with the owner's accent, before the panel is painted for the first time. Of two accents
  // the later one holds.
  async mix() {
    const { accent } = this.settings;
    if (accent === this.accent) return;
    this.accent = accent;
    const colours = {};
    try {
      if (accent) Object.assign(colours, (await import("./later/accent.js")).palette(accent, warn));
    } catch (error) {
      warn("the colours for the accent could not be loaded. " + error);
    }
    if (this.accent !== accent) return;
    this.colours = colours;
    this.paint();
  }

  paint() {
    const style = this.root?.style;
    for (const name of COLOURS) style?.setProperty(name, this.colours[name] ?? "");
  }

  // By what the owner says, then by what the visitor's browser says.
  choose() {
    const { locale } = this.settings;
    const chosen = locale && choose([locale]);
    if (locale && !chosen) hint("locale", locale, LOCALES);
    return chosen || choose(navigator.languages) || { tag: "en", file: "en" };
  }

  // Changes the language of what is shown. Of two changes the later one holds.
  async speak() {
    const chosen = (this.chosen = this.choose());
    try {
      const language = await learn(chosen);
      if (this.chosen !== chosen || !this.chat) return;
      this.language = language;
      this.chat.call("redraw", "");
    } catch (error) {
      warn("the words of " + chosen.file + " could not be loaded. " + error);
    }
  }

  // Takes over the options that are known; the others of a tag are the page's own.
  set(options) {
    for (const [name, value] of Object.entries(options)) {
      const words = WORDS[name];
      if (words && value != null && !words.includes(value)) {
        hint(name, value, words);
      } else if (OPTIONS.includes(name)) {
        this.settings[name] = value;
      } else if (!(name in this.tag.dataset)) {
        hint("option", name, OPTIONS);
      }
    }
  }

  on(event, react) {
    const all = this.listeners.get(event);
    if (!all) hint("event", event, EVENTS);
    if (!all || typeof react !== "function") return () => {};
    // The same function may listen twice, and each takes itself away.
    const listener = { react };
    all.add(listener);
    if (event === "ready" && this.chat) queueMicrotask(() => all.has(listener) && this.call(listener, {}));
    return () => void all.delete(listener);
  }

  emit(event, detail) {
    for (const listener of [...this.listeners.get(event)]) this.call(listener, detail);
  }

  call(listener, detail) {
    try {
      listener.react(detail);
    } catch (error) {
      // The page's own fault is reported as such, and stops nobody else.
      setTimeout(() => {
        throw error;
      });
    }
  }

  count(unread) {
    this.unread = unread;
    this.emit("unread", { count: unread });
  }

  fail(text, error) {
    console.error("Holdfast: " + text, ...(error ? [error] : []));
    this.emit("error", { message: text });
  }

  // What follows the screen and the phone's buttons.
  watch() {
    const { signal } = this.doors;
    this.full = matchMedia(FULL);
    this.full.addEventListener("change", () => this.fit(), { signal });
    for (const event of ["resize", "scroll"]) {
      window.visualViewport?.addEventListener(event, () => this.fit(), { signal });
    }
    this.place = new Place(this.full, signal, () => this.chat.call("close", ""));
  }

  // The panel keeps clear of a phone's keyboard, which covers the page without changing its size.
  fit() {
    const { root, full } = this;
    // To ask a page for its size makes the browser lay it out.
    if (!this.isOpen) return;
    const panel = root.querySelector("[data-hf=panel]");
    const { height, width, offsetTop, offsetLeft, scale } = window.visualViewport ?? { scale: 0 };
    // Who enlarges the page by hand looks at a part of it, which stays where it is.
    if (Math.abs(scale - 1) < 0.01) {
      // A page whose root is zoomed zooms the chat, but not what the window is measured in.
      const zoom = +getComputedStyle(document.documentElement).zoom || 1;
      const set = (name, pixels) => root.style.setProperty("--hf-" + name, pixels / zoom + "px");
      const lift = Math.max(0, document.documentElement.clientHeight - height - offsetTop);
      Object.entries({ height, width, lift, top: offsetTop, left: offsetLeft }).forEach((value) => set(...value));
      // A page that is wider than the phone is seen in part, and from where that is counted depends on its direction.
      // The panel is there to be measured once it is shown.
      if (full.matches && innerWidth > width) {
        queueMicrotask(() => set("left", 2 * offsetLeft - panel.getBoundingClientRect().left));
      }
    }
    panel.ariaModal = String(full.matches);
  }

  entered() {
    this.isOpen = true;
    this.fit(); // Before the panel is shown, so that it is laid out once.
    this.place.enter();
  }

  left() {
    this.isOpen = false;
    this.place?.leave();
  }

  // From here on: what the chat asks of the page.

  option(name) {
    const value =
      name === "server" ? new URL(this.tag.src).origin
      : name === "address" ? location.href
      : name === "title" ? document.title
      : name === "language" ? navigator.language
      : this.settings[name];
    return String(value ?? "");
  }

  text(key, count, name) {
    const { words, plural, number } = this.language;
    const text = words[key];
    const fit = typeof text === "string" ? text : text[plural().select(count)];
    return fit.replace("{count}", () => number().format(count)).replace("{name}", () => name);
  }

  time(at) {
    return this.language.time().format(at);
  }

  day(at) {
    const { date, file, near } = this.language;
    const ago = daysAgo(at);
    const text = Math.abs(ago) < 2 ? near().format(-ago, "day") : date().format(at);
    return text[0].toLocaleUpperCase(file) + text.slice(1);
  }

  // Something has happened. Scripts hear it once the chat has done all that belongs to it.
  tell(event, id, text, name, number) {
    if (event === "unread") this.unread = number;
    if (this.site.hear(event, id, text, name, number)) return;
    if (event === "open") this.entered();
    if (event === "close") this.left();
    const message = { id, text, ...(name && { name }), ...(number && { at: new Date(number) }) };
    const detail =
      event === "unread" ? { count: number }
      : event === "connection" ? { state: text }
      : event === "availability" ? { online: number > 0 }
      : event === "csat" ? { score: number, ...(text && { comment: text }) }
      : event.startsWith("chat") ? { at: new Date(number) }
      : event === "error" ? { message: text }
      : event === "message:failed" ? { id, text, reason: name }
      : event.startsWith("message") ? message
      : {};
    queueMicrotask(() => this.emit(event, detail));
  }

  // The launcher that widget.js has drawn before, as long as the page has not thrown it out, or another one.
  launcher() {
    const launcher = this.first?.isConnected ? this.first : this.draw();
    this.first = null;
    launcher.onclick = null;
    launcher.onfocus = launcher.onpointerenter = () => this.chat?.call("reach", "");
    return launcher;
  }

  // The chat's element on the page, and the one in its shadow root that carries its looks.
  dress(host, root) {
    const { position, theme, zIndex } = this.settings;
    this.host = host;
    this.root = root;
    this.fit();
    root.dataset.position = position ?? "right";
    root.dataset.theme = theme ?? "auto";
    root.lang = this.language.file;
    root.dir = RIGHT_TO_LEFT.includes(root.lang) ? "rtl" : "ltr";
    this.paint();
    if (zIndex) host.style.setProperty("--hf-z", zIndex);
    this.site.dress(root);
  }
}

// Called once, by widget.js, with the response that brings the program, what draws a launcher, and the one that it has
// drawn, if it has.
export const connect = (api, tag, wasm, draw, first) => {
  const sdk = new Sdk(api, tag, wasm, draw, first);
  const queue = api.q;
  const kept = queue.splice(0);
  queue.push = (call) => sdk.run(call);
  for (const name of NAMES) api[name] = (...args) => sdk.run([name, args]);
  if (tag.dataset.boot !== "manual" && !kept.some(([name]) => name === "boot")) sdk.run(["boot", []]);
  for (const call of kept) {
    if (!call.off) call.off = sdk.run(call);
  }
};
