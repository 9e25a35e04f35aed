// How the site stands, and what the panel can do without until it was opened: later/extras.js, which is loaded then.

// What names a window of its own, so that it is known again after a reload.
export const OWN_WINDOW = "holdfast-window:";

export class Site {
  constructor(sdk) {
    this.sdk = sdk;
    this.state = {};
    // The newest number of the conversation, 0 where nothing was said.
    this.last = 0;
    this.tries = 0;
  }

  // What has happened. Returns whether only the panel is concerned.
  hear(event, id, text, name, number) {
    if (event === "site") {
      this.state = JSON.parse(text);
      this.last = number;
      this.greet();
    }
    // An answer may be unseen, a conversation is marked as such, and it may be seen only now that the line is there.
    const isWanted = /^(open|message)/.test(event) || (this.hasFailed && text === "online");
    if (isWanted) this.loading ??= this.load();
    this.loading?.then((extras) => extras?.hear(event, id, text, name, number));
    return event === "site";
  }

  // Without them the chat goes on: they are tried again when the panel is opened, or when the line is back.
  async load() {
    this.hasFailed = false;
    try {
      // A browser may remember that a module could not be had, so another try has another name.
      const { Extras } = await import(new URL("later/extras.js" + (this.tries++ ? "?" + this.tries : ""), import.meta.url));
      return (this.extras = new Extras(this.sdk, this));
    } catch {
      this.hasFailed = true;
      this.loading = null;
    }
  }

  // The chat has another element on the page, or the page another chat.
  dress(root) {
    const { sdk } = this;
    if (this.doors !== sdk.doors) this.loading = this.extras = null;
    this.doors = sdk.doors;
    this.root = root;
    if (window.name === OWN_WINDOW + sdk.settings.site) queueMicrotask(() => sdk.run(["open", []]));
    this.greet();
    this.extras?.dress();
  }

  // The owner's words in an empty conversation, or ours.
  greet() {
    const { words } = this.sdk.language;
    const { closed, away, greeting } = this.state;
    const own = closed ? away : greeting;
    const [hello, invitation] = this.root.querySelectorAll("[data-hf=greeting] > :not(svg)");
    hello.hidden = !!own;
    // Each line is a paragraph of its own, since browsers keep a last word from standing alone in one paragraph only.
    invitation.textContent = "";
    for (const line of (own || words.invitation).split("\n")) {
      invitation.appendChild(document.createElement("p")).textContent = line || "\n";
    }
  }
}
