// What the chat asks of the browser; sdk.js adds what it asks of the page.

// What an observer of the browser has to say is told after a pause, and not once it was given up.
const observe = (Observer, react, pause, nodes, options) => {
  let due;
  const tell = () => {
    due = null;
    react();
  };
  const observer = new Observer(() => (due ??= setTimeout(tell, pause)));
  for (const node of nodes) observer.observe(node, options);
  const disconnect = () => {
    observer.disconnect();
    clearTimeout(due);
  };
  return { disconnect };
};

export class Browser {
  window() {
    return window;
  }

  document() {
    return document;
  }

  // After the styles that are there: those of the launcher are widget.js's.
  adorn(shadow, style) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      shadow.adoptedStyleSheets = [...shadow.adoptedStyleSheets, sheet];
    } catch {
      shadow.appendChild(document.createElement("style")).textContent = style; // Safari before 16.4 constructs no sheets
    }
  }

  // Notices when the page has thrown the chat out: some frameworks own the whole document, and old pages empty it and write
  // another one. A page that does so again and again is not fought with at the speed of the processor, and one that is being
  // written has its root by then.
  stays(host, onRemoved) {
    const look = () => host.isConnected || (document.documentElement && onRemoved());
    return observe(MutationObserver, look, 100, [document, document.documentElement], { childList: true });
  }

  // Not within the browser's own round of sizes: what changes one there is an error on the page.
  resizes(element, onResized) {
    return observe(ResizeObserver, onResized, 0, [element]);
  }

  // Asks whether the server can be reached. Of a request that is given up nobody hears any more.
  reach(url, onEnd) {
    const request = new AbortController();
    const { signal } = request;
    // Without credentials it shares no connection with a page that comes from the server itself; some of them may be dead.
    const ask = () => fetch(url, { signal, cache: "no-store", credentials: "omit" });
    // One that was kept from the network before swallows a request, and the next goes another way.
    const again = new Promise((due) => setTimeout(due, 500)).then(ask);
    const end = (isAnswered) => {
      if (signal.aborted) return;
      request.abort();
      onEnd(isAnswered);
    };
    Promise.race([ask(), again]).then(({ ok }) => end(ok), () => end(false));
    return request;
  }
}
