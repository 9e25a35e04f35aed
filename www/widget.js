// Holdfast chat. <script async src="https://chat.example/widget.js" data-site="your-site"></script>
(() => {
  const tag = document.currentScript;
  const api = (window.Holdfast = window.Holdfast || {});
  if (!tag || api.tag) return;
  api.tag = tag;
  const site = tag.dataset.site;
  if (!site) return console.error('Holdfast: the script tag needs data-site="..." with the name of your site.');

  // The server fills this in; `trunk serve` leaves it, and serves from the root.
  const folder = "__ASSETS__".replace(/^__.*/, "");
  const at = (name) => new URL(folder + "/" + name, tag.src).href;

  let begun = false;
  const load = async () => {
    if (begun) return;
    begun = true;
    try {
      const [module, wasm] = await Promise.all([
        import(at("holdfast-widget.js")),
        fetch(at("holdfast-widget_bg.wasm")),
      ]);
      if (!wasm.ok) throw new Error("HTTP " + wasm.status);
      await module.default({ module_or_path: wasm });
      module.start(tag);
    } catch (error) {
      console.error(
        "Holdfast: the chat could not start. Is " + new URL(tag.src).origin + " running and reachable? With a " +
          "Content-Security-Policy, allow it in script-src (with 'wasm-unsafe-eval') and connect-src.", error);
    }
  };
  // Safari has no requestIdleCallback.
  const idle = () => (window.requestIdleCallback ? requestIdleCallback(load, { timeout: 2000 }) : setTimeout(load, 200));
  if (document.readyState === "complete") return idle();
  addEventListener("load", idle, { once: true });
  setTimeout(idle, 8000); // a page with a hanging image never reports that it has loaded
})();
