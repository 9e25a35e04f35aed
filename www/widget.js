// Holdfast chat. <script async src="https://chat.example/widget.js" data-site="your-site"></script>
(() => {
  const tag = document.currentScript;
  // Calls are kept until the chat is there.
  const stub = (q) => new Proxy({ q }, {
    get: (own, name) => own[name] || (typeof name == "string" && !/^(then|toJSON)$/.test(name) ? (...args) => {
      const call = [name, args];
      q.push(call);
      return name == "on" ? () => call.off ? call.off() : (call.off = 1) : name == "getUnread" ? 0 : undefined;
    } : undefined),
  });
  const api = window.Holdfast?.q ? Holdfast : (window.Holdfast = stub([]));
  if (!tag || "tag" in api) return;
  api.tag = tag;
  const { site, position, theme, accent, zIndex, boot, identity } = tag.dataset;
  const isBoot = (call) => call[0] == "boot";
  // What a page boots by itself is drawn when it does so, with the options that it gives then.
  const isManual = boot == "manual" || api.q.some(isBoot);
  if (!site && !isManual) return console.error('Holdfast: the script tag needs data-site="..." with the name of your site.');

  // The server fills in the folder.
  const at = (name) => new URL("__ASSETS__/" + name, tag.src).href;

  // The launcher stands here alone: the widget leaves it as it is, and adds to it.
  const style = `
:host{all:initial!important;position:fixed!important;right:0!important;bottom:0!important;z-index:var(--hf-z,2147483000)!important;display:block!important;width:0!important;height:0!important}
.hf{--accent:#0d5b6e;--accent-fg:#fff;--shadow:0 12px 40px rgb(9 30 38/24%),0 2px 8px rgb(9 30 38/12%);color-scheme:light}
@media (prefers-color-scheme:dark){.hf:not([data-theme=light]){--accent:#1b7389;--shadow:0 12px 40px rgb(0 0 0/55%),0 0 0 1px #2a373e;color-scheme:dark}}
.hf[data-theme=dark]{--accent:#1b7389;--shadow:0 12px 40px rgb(0 0 0/55%),0 0 0 1px #2a373e;color-scheme:dark}
.launcher{appearance:none;position:fixed;right:calc(20px + env(safe-area-inset-right,0px));bottom:calc(20px + env(safe-area-inset-bottom,0px));box-sizing:border-box;display:grid;place-items:center;width:60px;height:60px;margin:0;padding:0;border:0;border-radius:50%;background:var(--accent);color:var(--accent-fg);box-shadow:var(--shadow);cursor:pointer;touch-action:manipulation;-webkit-tap-highlight-color:transparent;transition:transform .15s}
[data-position=left] .launcher{right:auto;left:calc(20px + env(safe-area-inset-left,0px))}
.launcher:hover{transform:scale(1.05)}
.launcher:focus-visible{outline:3px solid #000;outline-offset:2px;box-shadow:0 0 0 8px #fff}
.launcher svg{box-sizing:border-box;display:block;width:28px;height:28px;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
@media (prefers-reduced-motion:reduce){.launcher{transition:none}}
@media print{.hf{display:none}}`;
  const make = (parent, name, attributes, space = "1999/xhtml") => {
    const element = document.createElementNS("http://www.w3.org/" + space, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return parent ? parent.appendChild(element) : element;
  };
  // Only a colour that later/accent.js takes, and of its two for the icon the one that can be seen. Squares of red, green
  // and blue tell well enough how light a colour is.
  const paint = (style) => {
    const pen = make(null, "canvas", {}).getContext("2d") || {};
    pen.fillStyle = accent;
    const parts = /^#(..)(..)(..)$/.exec(pen.fillStyle);
    if (!parts) return;
    const [, r, g, b] = parts.map((part) => parseInt(part, 16) ** 2);
    style.setProperty("--accent", pen.fillStyle);
    if (0.21 * r + 0.72 * g + 0.07 * b > 14e3) style.setProperty("--accent-fg", "#101a20");
  };
  const draw = () => {
    const host = make(null, "div", { id: "holdfast-chat" });
    const shadow = host.attachShadow({ mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      make(shadow, "style", {}).textContent = style; // Safari before 16.4 constructs no sheets
    }
    const root = make(shadow, "div", {
      class: "hf", "data-hf": "root", "data-position": position || "right", "data-theme": theme || "auto",
    });
    if (CSS.supports("color", accent)) paint(root.style);
    if (zIndex) host.style.setProperty("--hf-z", zIndex);
    const launcher = make(root, "button", {
      type: "button", class: "launcher", "data-hf": "launcher", "aria-label": "Open chat", "aria-expanded": "false",
    });
    const icon = make(launcher, "svg", { class: "chat", viewBox: "0 0 24 24", "aria-hidden": "true" }, "2000/svg");
    make(icon, "path", { d: "M21 11.5a8.4 8.4 0 0 1-12.2 7.5L3 21l2-5.8A8.4 8.4 0 1 1 21 11.5z" }, "2000/svg");
    document.documentElement.appendChild(host);
    return launcher;
  };

  let tries = 0;
  let isBegun;
  let launcher;
  const load = async () => {
    if (isBegun) return;
    isBegun = 1;
    try {
      // A browser may remember that a module could not be had, so another try has another name.
      const [sdk, wasm] = await Promise.all([
        import(at("sdk.js") + (tries++ ? "?" + tries : "")),
        fetch(at("holdfast-widget_bg.wasm")),
        ready,
      ]);
      if (!wasm.ok) throw Error("HTTP " + wasm.status);
      sdk.connect(api, tag, wasm, draw, launcher);
    } catch (error) {
      isBegun = 0;
      console.error("Holdfast: the chat could not start. Is " + new URL(tag.src).origin + " reachable, and allowed by " +
        "the Content-Security-Policy, in script-src (with 'wasm-unsafe-eval') and connect-src?", error);
      // A line that is down comes back, and what was asked for meanwhile is done then.
      if (tries < 7) setTimeout(load, 1e3 << tries);
    }
  };
  // What can't wait for an idle page.
  const isUrgent = ([name]) => /^(boot|open|toggle|sendMessage|logout)$/.test(name);
  api.q.push = (call) => {
    [].push.call(api.q, call);
    if (isManual ? isBoot(call) : isUrgent(call)) load();
  };
  const ready = isManual || new Promise((go) => {
    const first = () => {
      launcher = draw();
      launcher.onfocus = launcher.onpointerenter = load;
      launcher.onclick = () => api.q.push(["open", [], 1]);
      go();
    };
    // A child of the document before its body would come between the two.
    if (document.body) first();
    else document.addEventListener("DOMContentLoaded", first, { once: true });
  });
  if (isManual ? api.q.some(isBoot) : api.q.some(isUrgent)) return load();
  if (isManual) return;
  try {
    // A panel that was open, an event or a message that waits, of this tab or of another: the conversation goes on.
    const key = "holdfast:" + site;
    const saved = sessionStorage[key] + (identity == "tab" || localStorage[key + ":talk"] + localStorage[key + ":waiting"]);
    if (/"(open":true|seq":|outbox":\[\{)/.test(saved)) return load();
  } catch {} // storage is denied: there is none from an earlier page
  // Safari has no requestIdleCallback.
  const idle = () => window.requestIdleCallback?.(load, { timeout: 2000 }) ?? setTimeout(load, 200);
  if (document.readyState === "complete") return idle();
  addEventListener("load", idle, { once: true });
  setTimeout(idle, 8000); // a page with a hanging image never reports that it has loaded
})();
