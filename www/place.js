import { breath } from "./breath.js";

// What a phone's back button makes of a panel that fills the screen: it closes it. Where a browser does not say when, the panel
// is a place in the history.
export class Place {
  // `full` says whether the panel fills the screen, and `close` closes it.
  constructor(full, signal, close) {
    Object.assign(this, { full, close });
    addEventListener("popstate", (event) => this.went(event), { signal, capture: true });
  }

  async enter() {
    this.isOpen = true;
    this.isHere = !!history.state?.holdfast;
    if (!this.full.matches) return;
    if (window.CloseWatcher) {
      this.watcher = new CloseWatcher();
      this.watcher.onclose = this.close;
      return;
    }
    if (!this.isHere) {
      // Browsers pass over places that a page makes by itself.
      if (!navigator.userActivation?.hasBeenActive) return;
      // A browser takes its time over a place.
      await breath();
      if (!this.isOpen || this.isHere) return;
      // Pages often watch `history.pushState`.
      History.prototype.pushState.call(history, { ...history.state, holdfast: true }, "");
      this.isHere = true;
    }
    this.name = history.length + location.href;
  }

  // A browser takes its time over a step, too, and would take back where the page goes meanwhile.
  async leave() {
    this.isOpen = false;
    this.watcher?.destroy();
    await breath();
    if (!this.isOpen && history.state?.holdfast) history.back();
  }

  // The page's own places come and go with the panel open; only the way out of the panel's own closes it. A page that hears
  // of that way takes it for one of its own, and may load again what it shows (as Turbo does).
  went(event) {
    const isHere = !!history.state?.holdfast;
    if (isHere === this.isHere) return;
    this.isHere = isHere;
    if (this.name === history.length + location.href) event.stopImmediatePropagation();
    if (!isHere && this.isOpen) this.close();
  }
}
