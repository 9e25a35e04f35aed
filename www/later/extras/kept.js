// What a visitor has entered and not sent: kept in the tab until it is, and forgotten with the visitor.
import { json } from "../identify.js";

const read = (storage, key) => {
  try {
    return window[storage].getItem(key);
  } catch {
    return null; // storage is denied
  }
};

export class Kept {
  constructor(sdk, name) {
    const { site, identity } = sdk.settings;
    this.key = "holdfast:" + site + ":" + name;
    // By the last logout, what was entered before it is known as a former visitor's.
    this.exit = () => read(identity === "tab" ? "sessionStorage" : "localStorage", "holdfast:" + site + ":exit");
  }

  load() {
    try {
      const { exit, values } = JSON.parse(read("sessionStorage", this.key)) ?? {};
      if (exit === (this.exit() ?? undefined)) return values ?? {};
      this.clear();
      return {};
    } catch {
      return {}; // somebody else wrote it
    }
  }

  save(values) {
    try {
      sessionStorage.setItem(this.key, json({ exit: this.exit() ?? undefined, values }));
    } catch {
      // It stays on the page for as long as that lives.
    }
  }

  clear() {
    try {
      sessionStorage.removeItem(this.key);
    } catch {
      // Nothing was stored.
    }
  }
}
