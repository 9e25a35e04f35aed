// The demo shop's basket: kept in the browser alone, nothing is ever ordered.
(() => {
  const KEY = "shop-basket";
  const euro = (cents) =>
    new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" }).format(cents / 100);
  const load = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) || [];
    } catch {
      return [];
    }
  };
  const save = (items) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(items));
    } catch {
      // Storage is denied: the basket lasts as long as the page.
    }
    show(items);
  };
  const cell = (row, content, name) => {
    const td = row.insertCell();
    td.append(content);
    if (name) td.className = name;
  };
  const show = (items) => {
    const pieces = items.reduce((sum, item) => sum + item.pieces, 0);
    document.querySelector(".count").textContent = pieces || "";
    const body = document.querySelector("#basket tbody");
    if (!body) return;
    body.replaceChildren();
    for (const item of items) {
      const row = body.insertRow();
      const remove = document.createElement("button");
      remove.className = "link";
      remove.textContent = "Remove";
      remove.setAttribute("aria-label", `Remove ${item.name}`);
      remove.onclick = () => save(items.filter((other) => other !== item));
      cell(row, item.name);
      cell(row, String(item.pieces), "number");
      cell(row, euro(item.cents * item.pieces), "number");
      cell(row, remove, "number");
    }
    const sum = items.reduce((total, item) => total + item.cents * item.pieces, 0);
    document.querySelector("#sum").textContent = euro(sum);
    document.querySelector("#empty").hidden = pieces > 0;
    document.querySelector("#filled").hidden = pieces === 0;
  };
  for (const button of document.querySelectorAll("[data-add]")) {
    button.addEventListener("click", () => {
      const items = load();
      const known = items.find((item) => item.name === button.dataset.add);
      if (known) known.pieces += 1;
      else items.push({ name: button.dataset.add, cents: Number(button.dataset.cents), pieces: 1 });
      save(items);
      button.textContent = "In your basket";
    });
  }
  show(load());
})();
