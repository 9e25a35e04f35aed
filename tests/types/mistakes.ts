// What site owners get wrong. Every line must be an error: one that compiles makes this file fail.

// @ts-expect-error a misspelt function
Holdfast.opne();
// @ts-expect-error a misspelt event
Holdfast.on("mesage:sent", () => {});
// @ts-expect-error no listener
Holdfast.on("ready");
// @ts-expect-error what comes with this event is no text
Holdfast.on("unread", (count: string) => count);
// @ts-expect-error failures have a reason and no name
Holdfast.on("message:failed", ({ name }) => name);
// @ts-expect-error a misspelt option
Holdfast.boot({ postion: "left" });
// @ts-expect-error an unknown word
Holdfast.update({ position: "top" });
// @ts-expect-error a site is chosen when the chat is put onto the page
Holdfast.update({ site: "another" });
// @ts-expect-error a number is no message
Holdfast.sendMessage(7);
// @ts-expect-error a count is no text
const unread: string = Holdfast.getUnread();
// @ts-expect-error messages can't be changed
Holdfast.on("message:sent", (message) => (message.text = ""));

// @ts-expect-error nobody in particular
Holdfast.identify();
// @ts-expect-error an object without an id
Holdfast.identify({ name: "Lin Wei" });
// @ts-expect-error a name is a text
Holdfast.identify("user-17", { name: 17 });
// @ts-expect-error a hash is a text, or what gets one
Holdfast.identify("user-17", {}, 84);
// @ts-expect-error metadata have names
Holdfast.setMetadata("pro");
// @ts-expect-error what is tracked has a name
Holdfast.track({ pieces: 2 });
// @ts-expect-error a score comes as a number
Holdfast.on("csat", ({ score }) => score.trim());
