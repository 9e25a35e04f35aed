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
