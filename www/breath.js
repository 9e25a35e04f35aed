// Lets the browser do what waits, such as answering a finger. Its timers would be slow on a page in the background.
export const breath = () =>
  new Promise((go) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => go(port1.close());
    port2.postMessage(0);
  });
