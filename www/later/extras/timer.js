// A timer that ends with the chat on the page. Returns what stops it before.
export const after = (signal, span, react) => {
  const stop = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  };
  const timer = setTimeout(() => {
    stop();
    react();
  }, span);
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop);
  return stop;
};
