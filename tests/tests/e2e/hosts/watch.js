// Notes everything that a page's owner would find in the console, and every shift of the layout. Runs first.
(() => {
  const complaints = [];
  const shifts = [];
  window.watched = { complaints, shifts };
  for (const name of ["log", "info", "warn", "error", "debug", "trace", "assert"]) {
    const say = console[name];
    console[name] = (...words) => {
      complaints.push(`console.${name}: ${words.join(" ")}`);
      say.apply(console, words);
    };
  }
  addEventListener("error", (event) => {
    complaints.push(`error: ${event.message || event.target.src || event.target.href}`);
  }, true);
  addEventListener("unhandledrejection", (event) => complaints.push(`rejection: ${event.reason}`));
  document.addEventListener("securitypolicyviolation", (event) => {
    complaints.push(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
  });
  if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) {
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) {
        const of = shift.sources.map((source) => source.node?.id || source.node?.nodeName || "?");
        // As browsers count it: what moves in answer to a click or a key is no surprise.
        if (!shift.hadRecentInput) shifts.push([shift.value, of.join()]);
      }
    }).observe({ type: "layout-shift", buffered: true });
  }
})();
