// What a widget could leave behind: the page's own names, and everything that the language and the browser offer.
(() => {
  window.inventory = () => {
    // The browsers' drivers work with names of their own.
    const names = Object.getOwnPropertyNames(window).filter((name) => !/^(se_|ret_nodes$)/.test(name));
    const parts = new Map();
    const add = (path, owner) => {
      for (const key of Reflect.ownKeys(owner)) {
        const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key);
        parts.set(`${path}.${String(key)}`, [value, get, set]);
      }
    };
    for (const name of names) {
      const owner = Object.getOwnPropertyDescriptor(window, name).value;
      if (typeof owner === "function" && owner.prototype) add(`${name}.prototype`, owner.prototype);
      if (typeof owner === "function" || ["JSON", "Math", "Reflect", "console"].includes(name)) add(name, owner);
    }
    return { names, parts };
  };
  // The names of the parts that are other ones each time that somebody asks.
  window.unsteady = (one, two) => [...two.parts]
    .filter(([path, is]) => !is.every((part, index) => Object.is(part, one.parts.get(path)?.[index])))
    .map(([path]) => path);
  // The names that are new, and the parts that are not what they were.
  window.changes = (before, after) => ({
    names: after.names.filter((name) => !before.names.includes(name)),
    parts: [...after.parts].filter(([path, is]) => {
      const was = before.parts.get(path);
      return !path.startsWith("Holdfast.") && !(was && is.every((part, index) => Object.is(part, was[index])));
    }).map(([path]) => path),
  });
  // Where everything on the page lies, and what is hit at the points of a grid.
  window.layout = () => [...document.body.querySelectorAll("*")].filter((it) => it.nodeName !== "SCRIPT").map((it) => {
    const { x, y, width, height } = it.getBoundingClientRect();
    return `${it.nodeName}#${it.id} ${x} ${y} ${width} ${height}`;
  });
  const step = 8;
  window.hits = () => {
    const found = [];
    for (let y = 1; y < innerHeight; y += step) {
      for (let x = 1; x < innerWidth; x += step) {
        const hit = document.elementFromPoint(x, y);
        found.push([x, y, hit ? `${hit.nodeName}#${hit.id}` : "nothing"]);
      }
    }
    return found;
  };
})();
