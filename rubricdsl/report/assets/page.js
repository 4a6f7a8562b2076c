"use strict";
// What is shown is there without this script, but for the insides of responses in pages
// that would be too large: those are packed, and become elements when they are opened.
// Texts only ever become texts: nothing here takes a string for HTML.
(() => {
  // ------------------------------------------------------------ sortable tables

  function worth(cell) {
    const text = cell.textContent.trim().replace(/\u2212/g, "-").replace(/,/g, "");
    const number = parseFloat(text);
    return Number.isNaN(number) ? text : number;
  }
  function compare(a, b) {
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === "number" ? -1 : 1;
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (!head.textContent) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const falls = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falls ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows].map((row) => [worth(row.cells[column]), row]);
        rows.sort((a, b) => (falls ? -1 : 1) * compare(a[0], b[0]));
        table.tBodies[0].append(...rows.map((pair) => pair[1]));
      });
    });
  }

  const TAGS = new Set(
    ("caption code del details div h3 h4 ins li mark ol p q span summary table tbody td " +
      "th thead tr ul wbr").split(" "));
  const NAMES = new Set(
    ["class", "title", "scope", "dir", "role", "tabindex", "aria-label", "aria-hidden"]);
  const list = document.getElementById("list");
  if (!list) return;  // a page without responses
  const entries = [...list.children];
  const packs = new Map();

  // ----------------------------------------------------------- packed responses

  function make(record) {
    if (typeof record === "string") return document.createTextNode(record);
    const [tag, attributes, ...children] = record;
    if (!TAGS.has(tag)) throw new Error(`no element ${tag}`);
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (!NAMES.has(name)) throw new Error(`no attribute ${name}`);
      element.setAttribute(name, value);
    }
    element.append(...children.map(make));
    return element;
  }

  function unpack(number) {
    if (!packs.has(number)) packs.set(number, inflate(number));
    return packs.get(number);
  }

  async function inflate(number) {
    const text = document.getElementById(`pack-${number}`).textContent;
    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
    const stream = new Blob([bytes]).stream();
    const plain = stream.pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(plain).text());
  }

  async function fill(entry) {
    const number = entry.dataset.pack;
    if (number === undefined || entry.dataset.filled) return;
    entry.dataset.filled = "yes";
    try {
      const records = await unpack(number);
      entry.append(make(records[Number(entry.dataset.place)]));
    } catch (error) {
      const told = document.createElement("p");
      told.className = "lost";
      told.textContent = `This browser cannot unpack it (${error.message}).`;
      entry.append(told);
    }
  }

  for (const entry of entries) {
    entry.addEventListener("toggle", () => { if (entry.open) fill(entry); });
  }

  function openTarget() {
    const entry = document.getElementById(location.hash.slice(1));
    if (!entry || !entry.matches(".response")) return;
    entry.hidden = false;
    entry.open = true;
    entry.scrollIntoView();
    entry.firstElementChild.focus();
  }
  addEventListener("hashchange", openTarget);
  openTarget();

  // ---------------------------------------------------------- filter and order

  const filter = document.getElementById("filter");
  const status = document.getElementById("status");
  const order = document.getElementById("order");
  const shown = document.getElementById("shown");
  const keys = entries.map((entry, place) => ({
    entry,
    place,
    words: entry.querySelector(".ids").textContent.toLowerCase(),
    prompt: entry.querySelector(".prompt").textContent,
    missing: Number(entry.dataset.missing),
  }));
  const orders = {
    best: (a, b) => a.place - b.place,
    worst: (a, b) => b.place - a.place,
    prompt: (a, b) => a.prompt < b.prompt ? -1 : a.prompt > b.prompt ? 1 : a.place - b.place,
    missing: (a, b) => b.missing - a.missing || a.place - b.place,
  };

  function sift() {
    const wanted = filter.value.trim().toLowerCase();
    let count = 0;
    for (const { entry, words } of keys) {
      const fits = words.includes(wanted) &&
        (!status.value || entry.dataset.status === status.value);
      entry.hidden = !fits;
      count += fits;
    }
    shown.textContent = `${count} of ${keys.length} shown`;
  }
  function arrange() {
    list.append(...keys.sort(orders[order.value]).map((key) => key.entry));
  }
  filter.addEventListener("input", sift);
  status.addEventListener("change", sift);
  order.addEventListener("change", arrange);
  document.getElementById("tools").hidden = false;
  sift();

  // ------------------------------------------------------------------ keyboard

  function step(from, direction) {
    let entry = from;
    do entry = direction > 0 ? entry.nextElementSibling : entry.previousElementSibling;
    while (entry && entry.hidden);
    if (entry) entry.firstElementChild.focus();
  }
  addEventListener("keydown", (event) => {
    const inField = event.target.matches("input, select, textarea");
    if (event.altKey || event.ctrlKey || event.metaKey || inField) {
      if (event.key === "Escape" && event.target === filter) filter.blur();
      return;
    }
    const entry = event.target.closest(".response");
    if (event.key === "/") {
      event.preventDefault();
      filter.focus();
    } else if (entry && (event.key === "j" || event.key === "k")) {
      event.preventDefault();
      step(entry, event.key === "j" ? 1 : -1);
    }
  });
})();
