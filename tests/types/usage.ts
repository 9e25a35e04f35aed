// What site owners write; it must compile.

const off: () => void = Holdfast.on("message:received", (message) => {
  const name: string = message.name ?? "Support";
  document.title = `${name}: ${message.text} (${Holdfast.getUnread()})`;
  message.at?.toLocaleTimeString();
});
off();

Holdfast.on("ready", () => Holdfast.open());
Holdfast.on("unread", ({ count }) => document.title.padEnd(count));
Holdfast.on("connection", ({ state }) => state === "offline");
Holdfast.on("message:failed", ({ reason }) => console.warn(reason));
Holdfast.boot({ site: "my-shop", theme: "dark", position: "left", zIndex: 40 });
window.Holdfast.boot();
Holdfast.update({ theme: "auto", zIndex: "40" });
Holdfast.setTheme("light");
Holdfast.prefill("About my order");
Holdfast.sendMessage("Hello");
for (const act of [Holdfast.close, Holdfast.toggle, Holdfast.show, Holdfast.hide, Holdfast.logout, Holdfast.destroy]) act();

Holdfast.identify("user-17", { name: "Lin Wei", email: "lin@example.com", plan: "pro", seats: 3, since: new Date() }, "84ea49");
Holdfast.identify(17, null, async (id) => (await fetch(`/chat-hash?of=${id}`)).text());
Holdfast.identify({ id: 17n, hash: Promise.resolve("84ea49"), name: "Lin Wei", trial: false });
Holdfast.setMetadata({ plan: "free", name: null, basket: { pieces: 2 } });
Holdfast.track("checkout");
Holdfast.track("basket", { pieces: 2 });
Holdfast.on("chat:ended", ({ at }) => at.toLocaleTimeString());
Holdfast.on("csat", ({ score, comment }) => console.info(score.toFixed(), comment?.trim()));
