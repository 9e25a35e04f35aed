// How it was: asked once the conversation is closed, until it is answered or goes on.
import { Kept } from "./kept.js";

const STAR = "m12 3 2.8 5.7 6.2.9-4.5 4.4 1 6.2-5.5-2.9-5.5 2.9 1-6.2L3 9.6l6.2-.9z";
const BEST = 5;

export class Rating {
  constructor(sdk, panel) {
    this.sdk = sdk;
    this.panel = panel;
    this.kept = new Kept(sdk, "rating");
  }

  // Made when it is first asked for: to count in the visitor's language is dear to begin with.
  make() {
    const { panel } = this;
    const { make, say, icon } = panel;
    this.comment = make("textarea", {
      class: "comment", hook: "comment", rows: 2, maxlength: 1000, dir: "auto", placeholder: say("rateComment"), "aria-label": say("rateComment"),
    });
    this.stars = [];
    for (let score = 1; score <= BEST; score++) {
      this.stars.push(make("input", { type: "radio", name: "score", value: score, "aria-label": say("star", score) }));
    }
    this.button = make("button", { type: "submit", class: "act", hook: "rate" }, say("rateSend"));
    this.form = make("form", { class: "rating", hook: "rating", hidden: "" },
      make("fieldset", {}, make("legend", {}, say("rateAsk")),
        make("div", { class: "stars" }, ...this.stars.map((star) => make("label", {}, star, icon(STAR))))),
      this.comment, this.button);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.rate();
    });
    this.form.addEventListener("input", () => {
      this.kept.save({ score: String(this.score()), comment: this.comment.value });
      this.show();
      // What is asked next stands below the stars.
      const list = panel.find("list");
      list.scrollTop = list.scrollHeight;
    });
    // Enter is no message here.
    this.form.addEventListener("keydown", (event) => event.key === "Enter" && event.stopPropagation());
    panel.find("list").appendChild(this.form);
    const { score = "0", comment = "" } = this.kept.load();
    if (this.stars[score - 1]) this.stars[score - 1].checked = true;
    this.comment.value = comment;
    this.show();
  }

  score() {
    return Number(this.stars.find((star) => star.checked)?.value ?? 0);
  }

  refresh() {
    const list = this.panel.find("list");
    const isClosed = this.panel.find("messages").lastElementChild?.dataset.hf === "closed";
    // Further up an earlier closing may be the last on the page.
    const isAtLast = this.isAsked || this.panel.find("jump").hidden;
    const isAsked = !!this.panel.site.state.rating && isClosed && isAtLast;
    if (!this.isAsked === !isAsked) return;
    this.isAsked = isAsked;
    if (!this.form) this.make();
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    // Who has answered by keyboard stays in the panel.
    const isInside = this.form.getRootNode().activeElement?.closest("[data-hf=rating]");
    this.form.hidden = !isAsked;
    if (!isAsked && isInside) list.focus({ preventScroll: true });
    if (isAsked && isAtEnd) list.scrollTop = list.scrollHeight;
    if (!isAsked) this.clear();
  }

  // The words are asked for once there is a score.
  show() {
    const score = this.score();
    this.stars.forEach((star, at) => star.parentElement.classList.toggle("on", at < score));
    this.comment.hidden = this.button.hidden = !score;
  }

  rate() {
    const score = this.score();
    // The mark of the rating takes the place of the form, as soon as it is kept.
    if (score) this.sdk.chat.call("rate", score + this.comment.value);
  }

  clear() {
    this.kept.clear();
    this.form.reset();
    this.show();
  }
}
