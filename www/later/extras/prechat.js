// What the visitor is asked before their first message. The composer stays where it is: the message and the answers go
// together, and the message waits until the answers are there.
import { json } from "../identify.js";
import { Kept } from "./kept.js";

const COMPLETE = { name: "name", email: "email", phone: "tel", company: "organization" };
// As the server keeps them.
const LONGEST = 256;

export class Prechat {
  constructor(sdk, panel) {
    this.sdk = sdk;
    this.panel = panel;
    this.kept = new Kept(sdk, "form");
    const { make } = panel;
    this.form = make("form", { class: "prechat", hook: "prechat", novalidate: "", hidden: "" });
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", (event) => this.changed(event.target));
    // Enter leads on from a line, and is no message.
    this.form.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.stopPropagation();
      if (event.isComposing || event.target.localName === "textarea") return;
      event.preventDefault();
      const fields = [...this.form.elements];
      (fields[fields.indexOf(event.target) + 1] ?? panel.find("composer")).focus();
    });
    const greeting = panel.find("greeting");
    greeting.parentNode.insertBefore(this.form, greeting.nextSibling);
    // Before the chat hears of it.
    panel.root.addEventListener("keydown", (event) => this.guard(event), true);
    panel.root.addEventListener("click", (event) => this.guard(event), true);
  }

  // Asked is where nothing was said yet, neither here nor on another page.
  refresh() {
    const { state, last } = this.panel.site;
    const questions = state.prechat ?? [];
    const isSaid = this.panel.find("greeting").hidden;
    const isAsked = questions.length > 0 && !last && !isSaid;
    if (isSaid && !this.form.hidden) this.kept.clear();
    this.form.hidden = !isAsked;
    this.panel.root.toggleAttribute("data-asks", isAsked);
    const asked = json(questions);
    if (!isAsked || this.asked === asked) return;
    this.asked = asked;
    const values = this.kept.load();
    this.form.textContent = "";
    questions.forEach((question, at) => this.form.appendChild(this.ask(question, at, values[question.name])));
  }

  ask({ name, label, kind, required }, at, value) {
    const { make, say } = this.panel;
    const id = "hf-ask-" + at;
    const isBox = kind === "consent";
    const field = make(kind === "long" ? "textarea" : "input", {
      id,
      name,
      ...(kind === "long" ? { rows: 2 } : { type: isBox ? "checkbox" : kind }),
      ...(!isBox && { maxlength: LONGEST, dir: "auto", autocomplete: COMPLETE[kind === "email" ? "email" : name] ?? "on" }),
      ...(required && { required: "" }),
      "aria-describedby": id + "-fault",
    });
    if (isBox) field.checked = value === "yes";
    else field.value = value ?? "";
    const text = required || isBox ? label : say("optional", 0, label);
    const words = make("label", { for: id, dir: "auto" }, text);
    const fault = make("div", { class: "fault", id: id + "-fault", role: "alert" });
    return make("div", { class: isBox ? "ask box" : "ask" }, ...(isBox ? [field, words] : [words, field]), fault);
  }

  changed(field) {
    const values = {};
    for (const { name, type, checked, value } of this.form.elements) values[name] = type !== "checkbox" ? value : checked ? "yes" : "";
    this.kept.save(values);
    // What is being mended is looked at again at once, what is being written for the first time only later.
    if (field.ariaInvalid === "true") this.check(field);
  }

  check(field) {
    const { say } = this.panel;
    const isEmpty = field.required && (field.type === "checkbox" ? !field.checked : !/\S/.test(field.value));
    const fault = isEmpty ? say(field.type === "checkbox" ? "tickBox" : "fillIn") : field.validity.typeMismatch ? say("badEmail") : "";
    field.setAttribute("aria-invalid", String(!!fault));
    this.panel.root.querySelector("#" + field.id + "-fault").textContent = fault;
    return !fault;
  }

  // A message that is about to be sent: it goes on where all is answered.
  guard(event) {
    if (this.form.hidden) return;
    const composer = this.panel.find("composer");
    const isSent =
      event.type === "click"
        ? event.target.closest("[data-hf=send]")
        : event.target === composer && event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
    if (!isSent || !/\S/.test(composer.value)) return;
    const fields = [...this.form.elements];
    const wrong = fields.filter((field) => !this.check(field));
    if (wrong.length) {
      event.preventDefault();
      event.stopPropagation();
      wrong[0].scrollIntoView({ block: "center" });
      return wrong[0].focus();
    }
    const profile = { fields: {} };
    for (const { name, type, checked, value } of fields) {
      const answer = type === "checkbox" ? (checked ? "yes" : "") : value.replace(/\s+/g, " ").replace(/^ | $/g, "");
      if (answer) (name === "name" || name === "email" ? profile : profile.fields)[name] = answer;
    }
    this.sdk.chat.call("learn", json({ profile }));
  }
}
