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
