// An answer that nobody has seen: a sound and a changing title, unless the visitor has switched them off.
import { after } from "./timer.js";

const BEAT_MS = 1000;
// Another tab may have it in sight: it says so within this span.
const PATIENCE_MS = 400;

export class Notice {
  constructor(sdk) {
    this.sdk = sdk;
    this.signal = sdk.doors.signal;
    this.key = "holdfast:" + sdk.settings.site;
    this.isQuietHere = false;
    const area = sdk.settings.identity === "tab" ? "sessionStorage" : "localStorage";
    this.storage = (act) => {
      try {
        return act(window[area]);
      } catch {
        return null; // storage is denied
      }
    };
    document.addEventListener("visibilitychange", () => document.hidden || this.rest(), { signal: this.signal });
    this.signal.addEventListener("abort", () => {
      this.rest();
      this.sound?.close();
    });
  }

  get isQuiet() {
    return (this.storage((it) => it.getItem(this.key + ":quiet")) ?? (this.isQuietHere ? "yes" : "no")) === "yes";
  }

  set isQuiet(isQuiet) {
    this.isQuietHere = isQuiet;
    this.storage((it) => it.setItem(this.key + ":quiet", isQuiet ? "yes" : "no"));
    if (isQuiet) this.rest();
  }

  hear(id, name) {
    const isSeen = this.sdk.isOpen && !document.hidden && document.hasFocus();
    const mark = () => this.storage((it) => it.setItem(this.key + ":noticed", id));
    if (isSeen) return mark();
    after(this.signal, PATIENCE_MS, () => {
      if (this.isQuiet || this.storage((it) => it.getItem(this.key + ":noticed")) === id) return;
      mark();
      this.ring();
      if (document.hidden) this.blink(this.sdk.text("newMessage", 0, name || this.sdk.text("agent", 0, "")));
    });
  }

  // Two soft tones. A page that nobody has touched may not sound, and the browser would complain about the attempt.
  ring() {
    if (navigator.userActivation && !navigator.userActivation.hasBeenActive) return;
    const sound = (this.sound ??= new AudioContext());
    sound.resume();
    for (const [pitch, after] of [[660, 0], [880, 0.14]]) {
      const tone = new OscillatorNode(sound, { frequency: pitch });
      const volume = new GainNode(sound, { gain: 0 });
      const at = sound.currentTime + after;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
      tone.connect(volume).connect(sound.destination);
      tone.start(at);
      tone.stop(at + 0.4);
    }
  }

  // The page's title and ours take turns. Where the page changes its title meanwhile, that is the one to go back to.
  blink(title) {
    if (this.beat) this.rest();
    const turn = () => {
      if (document.title !== this.shown) this.own = document.title;
      this.shown = this.shown === title ? this.own : title;
      document.title = this.shown;
    };
    this.own = this.shown = document.title;
    this.title = title;
    turn();
    this.beat = setInterval(turn, BEAT_MS);
  }

  rest() {
    clearInterval(this.beat);
    if (this.beat && document.title === this.title) document.title = this.own;
    this.beat = null;
  }
}
