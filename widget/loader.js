// What starts the program, in place of wasm-bindgen's own, which looks for ways that nobody takes here. It is joined to the
// built glue where the widget is made small; `trunk serve` keeps the other. `response` is what widget.js has asked for; later tries ask by themselves, and take any type of content.
let program;
const load = async ({ module_or_path: response }) => {
  const imports = __wbg_get_imports();
  const bytes = async () => (await fetch(new URL("holdfast-widget_bg.wasm", import.meta.url))).arrayBuffer();
  const { instance, module } = response
    ? await WebAssembly.instantiateStreaming(response, imports)
    : await WebAssembly.instantiate(await bytes(), imports);
  return __wbg_finalize_init(instance, module);
};
const fail = (error) => {
  program = undefined;
  throw error;
};
export default (options) => (program ??= load(options).catch(fail));
