// Where the panel fills the screen, nothing behind it takes the focus.
export const trap = (sdk, root) =>
  root.addEventListener("keydown", (event) => {
    // WebKitGTK has no name for it with Shift.
    if ((event.key !== "Tab" && event.code !== "Tab") || !sdk.isOpen || !sdk.full.matches) return;
    const all = root.querySelectorAll("button, input, textarea, a[href], [tabindex]");
    const stops = [...all].filter((stop) => stop.getClientRects().length);
    const at = stops.indexOf(root.getRootNode().activeElement);
    const next = at + (event.shiftKey ? -1 : 1);
    if (at >= 0 && stops[next]) return;
    event.preventDefault();
    stops.at(event.shiftKey ? -1 : 0).focus();
  });
