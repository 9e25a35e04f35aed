// What the page can ask of the chat, and what the chat asks of the page. widget.js loads it.
import init, { forget, start } from "./holdfast-widget.js";
import { Site } from "./site.js";

// What scripts may call, as docs/embed.md and holdfast.d.ts list it.
const NAMES = [
  "boot", "update", "open", "close", "toggle", "show", "hide", "destroy", "logout", "setLocale", "setTheme", "prefill",
  "sendMessage", "getUnread", "on", "identify", "setMetadata", "track",
];
// Those that say something of the visitor, and those that belong to one.
const SAYING = ["identify", "setMetadata", "track"];
const PERSONAL = [...SAYING, "prefill", "sendMessage"];
const EVENTS = [
  "ready", "error", "open", "close", "message:sent", "message:delivered", "message:read", "message:received",
  "message:failed", "unread", "connection", "availability", "chat:started", "chat:ended", "csat",
];
const OPTIONS = ["site", "position", "theme", "locale", "identity", "accent", "zIndex"];
// What an option must be, where it is not any text.
const WORDS = {
  position: ["right", "left"],
  theme: ["auto", "light", "dark"],
  identity: ["shared", "tab"],
};

// The languages in locales/, and those from right to left.
const LOCALES = ["en", "zh-Hans", "zh-Hant", "es", "fr", "de", "pt", "ja", "ar", "ru"];
const RIGHT_TO_LEFT = ["ar"];

// Where the panel fills the screen, as in media.css.
const FULL = "(max-width: 520px), (max-height: 460px)";
// What text needs by WCAG 2.2 AA, and what it may stand on.
const CONTRAST = 4.5;
const WHITE = [255, 255, 255];
const INK = [16, 26, 32];
const LIGHT = [238, 242, 244];
const DARK = [34, 46, 53];

const warned = new Set();
const warn = (text) => {
  if (!warned.has(text)) console.warn("Holdfast: " + text);
  warned.add(text);
};

// How many letters must be changed to make one word of the other.
const distance = (a, b) => {
  let row = [...b, 0].map((_, at) => at);
  for (const [key, letter] of Object.entries([...a])) {
    const at = Number(key);
    let corner = row[0];
    row[0] = at + 1;
    for (let to = 1; to <= b.length; to++) {
      const change = corner + (letter !== b[to - 1]);
      corner = row[to];
      row[to] = Math.min(change, row[to] + 1, row[to - 1] + 1);
    }
  }
  return row[b.length];
};

const hint = (kind, name, known) => {
  const near = known.map((word) => [distance(String(name).toLowerCase(), word.toLowerCase()), word]).sort((a, b) => a[0] - b[0]);
  const [far, word] = near[0];
  const guess = far <= Math.max(2, word.length / 3) ? "did you mean " + word + "?" : "there are " + known.join(", ") + ".";
  warn("there is no " + kind + " " + JSON.stringify(String(name)) + "; " + guess);
};

// The first of these language tags that there are words for, with the file's name.
const choose = (tags) => {
  for (const tag of tags) {
    try {
      const { language, script } = new Intl.Locale(tag).maximize();
      const file = LOCALES.find((name) => name === language || name === language + "-" + script);
      if (file) return { tag, file };
    } catch {
      // A tag that is none.
    }
  }
};

// The words of a language, and the browser's ways of counting and dating in it.
const learn = async ({ tag, file }) => {
  const answer = await fetch(new URL("locales/" + file + ".json", import.meta.url));
  if (!answer.ok) throw new Error("HTTP " + answer.status);
  return {
    file,
    words: await answer.json(),
    // The words' own plural, and the numbers and hours as they are written where the visitor is.
    plural: new Intl.PluralRules(file),
    number: new Intl.NumberFormat(tag),
    time: new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit" }),
    date: new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" }),
    near: new Intl.RelativeTimeFormat(tag, { numeric: "auto" }),
  };
};

// A colour as CSS knows it, in red, green and blue; nothing for a word that is none.
const colour = (text) => {
  if (!CSS.supports("color", text)) return;
  const pen = document.createElement("canvas").getContext("2d");
  pen.fillStyle = text;
  // A colour that is seen through comes in another form, and can't be judged.
  const hex = /^#(..)(..)(..)$/.exec(pen.fillStyle);
  return hex?.slice(1).map((part) => parseInt(part, 16));
};

const luminance = (rgb) => {
  const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one, other) => {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

// The colour itself where it stands out from `ground`, or the nearest on its way to `end` that does.
const against = (rgb, ground, end) => {
  for (let step = 0; step <= 20; step++) {
    const mixed = rgb.map((part, at) => Math.round(part + ((end[at] - part) * step) / 20));
    if (contrast(mixed, ground) >= CONTRAST) return mixed;
  }
  return end;
};

// The sheet's variables for an accent of the owner's. Light accents get dark words; only what carries neither is changed.
const palette = (rgb) => {
  const isLight = contrast(rgb, WHITE) < CONTRAST && contrast(rgb, INK) >= CONTRAST;
  const accent = isLight ? rgb : against(rgb, WHITE, INK);
  const css = (rgb) => "rgb(" + rgb.join(" ") + ")";
  return {
    "--accent": css(accent),
    "--accent-fg": css(isLight ? INK : WHITE),
    "--head": css(accent),
    "--hint-light": css(against(rgb, LIGHT, INK)),
    "--hint-dark": css(against(rgb, DARK, WHITE)),
    "--veil": isLight ? "rgb(255 255 255 / 40%)" : "rgb(0 0 0 / 20%)",
  };
};

const daysAgo = (at) => {
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(at)) / 864e5);
};

// The chat of one page: one at most is running.
class Sdk {
  constructor(api, tag, wasm, draw, first) {
    this.api = api;
    this.tag = tag;
    this.wasm = wasm;
    this.draw = draw;
    this.first = first;
    this.settings = {};
    this.listeners = new Map(EVENTS.map((event) => [event, new Set()]));
    this.waiting = [];
    this.chat = null;
    this.isStarting = false;
    this.unread = 0;
    this.site = new Site(this);
  }

  // One call of the page. What needs a running chat waits for it, in order.
  run([name, args, isByPerson]) {
    if (name === "on") return this.on(...args);
    if (name === "getUnread") return this.unread;
    if (!NAMES.includes(name)) return hint("function", name, NAMES);
    if (name === "boot" && !this.chat && !this.isStarting) return this.boot(...args);
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
      const [language] = await Promise.all([learn(this.choose()), init({ module_or_path: this.wasm })]);
      // Who is another than the last visitor is so from the first picture on.
      await this.loading;
      this.language = language;
      this.doors = new AbortController();
      this.watch();
      this.chat = start(this);
      this.tell("ready", "", "", "", 0);
    } catch (error) {
      // The response may have been read in part: the next try fetches the program itself.
      this.wasm = undefined;
      this.hasFailed = true;
      return this.fail("the chat could not start.", error);
    } finally {
      this.isStarting = false;
    }
    for (const call of this.waiting.splice(0)) this.run(call);
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
    if (site) init({ module_or_path: this.wasm }).then(() => forget(site, identity === "tab"));
  }

  update(options) {
    const { site, identity } = this.settings;
    this.set({ ...options, site, identity });
    this.dress(this.host, this.root);
    if (options && "locale" in options) this.speak();
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
      warn("the words of " + chosen.file + " could not be loaded; the language stays. " + error);
    }
  }

  // Takes over the options that are known; the others of a tag are the page's own.
  set(options) {
    for (const [name, value] of Object.entries(options)) {
      const words = WORDS[name];
      if (words && value != null && !words.includes(value)) {
        warn(name + " is one of " + words.join(", ") + ", not " + JSON.stringify(value) + ".");
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
    addEventListener("popstate", () => this.went(), { signal });
  }

  // The panel keeps clear of a phone's keyboard, which covers the page without changing its size.
  fit() {
    const { root, full } = this;
    const { height, offsetTop, scale } = window.visualViewport ?? { scale: 0 };
    // Who enlarges the page by hand looks at a part of it, which stays where it is.
    if (Math.abs(scale - 1) < 0.01) {
      root.style.setProperty("--hf-height", height + "px");
      root.style.setProperty("--hf-top", offsetTop + "px");
      root.style.setProperty("--hf-lift", Math.max(0, document.documentElement.clientHeight - height - offsetTop) + "px");
    }
    root.querySelector("[data-hf=panel]").ariaModal = String(full.matches);
  }

  // A panel that fills the screen is a place of its own: the back button leaves it. Only after the visitor did
  // something, since browsers pass over places that a page makes by itself. Pages often watch `history.pushState`.
  entered() {
    this.isOpen = true;
    this.hasPlace = history.state?.holdfast;
    if (this.hasPlace || !this.full.matches || !navigator.userActivation?.hasBeenActive) return;
    History.prototype.pushState.call(history, { ...history.state, holdfast: true }, "");
    this.hasPlace = true;
  }

  left() {
    this.isOpen = false;
    this.hasPlace = false;
    if (history.state?.holdfast) history.back();
  }

  // The page's own places come and go with the panel open; only the way out of the panel's own closes it.
  went() {
    if (this.hasPlace && !history.state?.holdfast) this.chat.call("close", "");
  }

  // Where the panel fills the screen, nothing behind it takes the focus.
  trap(event) {
    if (event.key !== "Tab" || !this.isOpen || !this.full.matches) return;
    const all = this.root.querySelectorAll("button, input, textarea, a[href], [tabindex]");
    const stops = [...all].filter((stop) => stop.getClientRects().length);
    const at = stops.indexOf(this.root.getRootNode().activeElement);
    const next = at + (event.shiftKey ? -1 : 1);
    if (at >= 0 && stops[next]) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0).focus();
  }

  // From here on: what the chat asks of the page.

  option(name) {
    return name === "server" ? new URL(this.tag.src).origin : String(this.settings[name] ?? "");
  }

  text(key, count, name) {
    const { words, plural, number } = this.language;
    const text = words[key];
    const fit = typeof text === "string" ? text : text[plural.select(count)];
    return fit.replace("{count}", () => number.format(count)).replace("{name}", () => name);
  }

  time(at) {
    return this.language.time.format(at);
  }

  day(at) {
    const { date, file, near } = this.language;
    const ago = daysAgo(at);
    const text = Math.abs(ago) < 2 ? near.format(-ago, "day") : date.format(at);
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
    const { first } = this;
    this.first = null;
    if (first) first.onclick = first.onfocus = first.onpointerenter = null;
    return first?.isConnected ? first : this.draw();
  }

  // The chat's element on the page, and the one in its shadow root that carries its looks.
  dress(host, root) {
    const { position, theme, accent, zIndex } = this.settings;
    if (this.root !== root) root.addEventListener("keydown", (event) => this.trap(event));
    this.host = host;
    this.root = root;
    this.fit();
    root.dataset.position = position ?? "right";
    root.dataset.theme = theme ?? "auto";
    root.lang = this.language.file;
    root.dir = RIGHT_TO_LEFT.includes(root.lang) ? "rtl" : "ltr";
    const rgb = accent && colour(accent);
    if (accent && !rgb) warn("accent is a colour without transparency, such as #0a7d4f, not " + JSON.stringify(accent) + ".");
    for (const [name, value] of Object.entries(palette(rgb || INK))) root.style.setProperty(name, rgb ? value : "");
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
    if (call.off) continue;
    const off = sdk.run(call);
    call.off = off;
  }
};
