"use strict";
// Everything here comes from the data in the page, and texts only ever become texts.
// Answers are kept in the browser as far as it lets a page from a file do that, and
// leave it in one way: as a file that is saved.
(() => {
  const sheet = JSON.parse(document.getElementById("sheet").textContent);
  const main = document.getElementById("main");
  const store = `rubricdsl-human:${sheet.annotator}:${sheet.name}`;
  const known = new Map(sheet.items.map((item) => [item.id, item]));
  const answers = new Map();
  let group = 0;
  let unsaved = false;

  const groups = [];
  for (const item of sheet.items) {
    const last = groups[groups.length - 1];
    if (last && last[0].about === item.about) last.push(item);
    else groups.push([item]);
  }

  function make(tag, properties, ...children) {
    const element = document.createElement(tag);
    Object.assign(element, properties || {});
    element.append(...children);
    return element;
  }

  // ------------------------------------------------------------------ what is kept

  function take(row) {
    const item = known.get(row.id);
    if (!item || row.annotator !== sheet.annotator) return;
    if (row.answer && !item.answers.includes(row.answer)) return;
    const kept = {};
    for (const name of ["answer", "quote", "comment"]) {
      if (typeof row[name] === "string" && row[name].trim()) kept[name] = row[name];
    }
    answers.set(item.id, kept);
  }
  function rows(all) {
    const found = [];
    for (const item of sheet.items) {
      const given = answers.get(item.id);
      if (given && (all || given.answer)) {
        found.push(JSON.stringify({ id: item.id, annotator: sheet.annotator, ...given }));
      }
    }
    return found;
  }
  function read(text) {
    for (const line of text.split("\n")) {
      if (!line.trim()) continue;
      try { take(JSON.parse(line)); } catch { /* a line of another file */ }
    }
  }
  function keep() {
    unsaved = true;
    try { localStorage.setItem(store, rows(true).join("\n")); } catch { /* no room, or not allowed */ }
    tell();
  }
  function set(item, name, value) {
    const given = answers.get(item.id) || {};
    if (value.trim()) given[name] = value;
    else delete given[name];
    answers.set(item.id, given);
    keep();
  }
  function save() {
    const text = rows(false).map((row) => `${row}\n`).join("");
    const file = new Blob([text], { type: "application/x-ndjson" });
    const link = make("a", { href: URL.createObjectURL(file), download: `${sheet.name}.answers.jsonl` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    unsaved = false;
  }
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  // ----------------------------------------------------------------- what is shown

  const progress = make("progress", { max: sheet.items.length });
  progress.setAttribute("aria-label", "answered");
  const count = make("span");
  count.setAttribute("role", "status");
  const place = make("span");
  const body = make("div", { className: "columns" });
  const chooser = make("input", { type: "file", accept: ".jsonl", hidden: true });
  chooser.addEventListener("change", async () => {
    for (const file of chooser.files) read(await file.text());
    chooser.value = "";
    keep();
    show();
  });
  function button(label, act) {
    const made = make("button", { type: "button", textContent: label });
    made.addEventListener("click", act);
    return made;
  }
  const isAnswered = (item) => Boolean((answers.get(item.id) || {}).answer);

  function tell() {
    const done = sheet.items.filter(isAnswered).length;
    progress.value = done;
    count.textContent = `${done} of ${sheet.items.length} answered`;
    for (const field of body.querySelectorAll("fieldset")) {
      field.classList.toggle("answered", isAnswered(known.get(field.dataset.id)));
    }
  }
  function choice(item, answer, number) {
    const given = answers.get(item.id) || {};
    const input = make("input", {
      type: "radio", name: item.id, value: answer, checked: given.answer === answer });
    input.addEventListener("change", () => set(item, "answer", answer));
    const key = number < 9 ? [" ", make("kbd", { textContent: String(number + 1) })] : [];
    return make("label", {}, input, ` ${answer}`, ...key);
  }
  function area(item, name, label) {
    const text = make("textarea", { value: (answers.get(item.id) || {})[name] || "", rows: 1 });
    text.addEventListener("input", () => set(item, name, text.value));
    return make("label", { className: "more" }, label, text);
  }
  function asked(item) {
    const field = make("fieldset", {},
      make("legend", { textContent: item.statement }),
      make("ul", { className: "details" },
        ...item.details.map((line) => make("li", { textContent: line }))),
      make("div", { className: "choices" },
        ...item.answers.map((answer, number) => choice(item, answer, number))));
    field.dataset.id = item.id;
    if (item.quotes) {
      const quote = area(item, "quote", "Quote from the response");
      const text = quote.querySelector("textarea");
      field.append(quote, button("Quote what is selected above", () => {
        const selected = String(getSelection());
        if (selected.trim()) { text.value = selected; set(item, "quote", selected); }
      }));
      // A button that took the focus would lose the selection in some browsers.
      field.lastChild.addEventListener("mousedown", (event) => event.preventDefault());
    }
    field.append(area(item, "comment", "Comment (as you like)"));
    field.addEventListener("keydown", (event) => {
      if (event.target.tagName === "TEXTAREA" || event.ctrlKey || event.metaKey || event.altKey) return;
      const chosen = field.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
      if (!/^[1-9]$/.test(event.key) || !chosen) return;
      event.preventDefault();
      chosen.click();
      const next = field.nextElementSibling;
      (next ? next.querySelector("input") : chosen).focus();
    });
    return field;
  }
  function show() {
    const items = groups[group];
    if (!items) return;
    const [instructions, parts] = sheet.texts[items[0].about];
    const texts = make("section", { className: "texts" });
    texts.setAttribute("aria-label", "what is judged");
    if (instructions) texts.append(make("h2", { textContent: "Instructions" }),
      make("p", { className: "text", textContent: instructions }));
    for (const [title, text] of parts) {
      texts.append(make("h2", { textContent: title }),
        make("div", { className: "text", textContent: text, dir: "auto" }));
    }
    const questions = make("section", {}, ...items.map(asked));
    questions.setAttribute("aria-label", "statements");
    body.replaceChildren(texts, questions);
    place.textContent = `text ${group + 1} of ${groups.length}`;
    tell();
  }
  function go(step) {
    group = Math.min(Math.max(group + step, 0), groups.length - 1);
    show();
    scrollTo(0, 0);
    const first = body.querySelector("input[type=radio]");
    if (first) first.focus();
  }
  addEventListener("keydown", (event) => {
    if (event.target.tagName === "TEXTAREA" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "n") go(1);
    else if (event.key === "p") go(-1);
    else if (event.key === "s") save();
    else return;
    event.preventDefault();
  });

  main.append(
    make("header", {},
      make("h1", { textContent: `Is this true of the response? (${sheet.annotator})` }),
      count, progress, button("Previous", () => go(-1)), place, button("Next", () => go(1)),
      button("Save answers", save), button("Load answers", () => chooser.click()), chooser),
    make("p", { className: "help" },
      "Keys: ", make("kbd", { textContent: "1" }), " to ", make("kbd", { textContent: "9" }),
      " answer, ", make("kbd", { textContent: "n" }), " and ", make("kbd", { textContent: "p" }),
      " turn to the next and the previous text, ", make("kbd", { textContent: "s" }),
      " saves. Save your answers to a file and send it back: nothing leaves this page by itself."),
    body);
  try { read(localStorage.getItem(store) || ""); } catch { /* not allowed */ }
  const open = groups.findIndex((items) => !items.every(isAnswered));
  group = Math.max(open, 0);
  show();
})();
