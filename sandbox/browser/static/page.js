"use strict";
/* Sends what people do, and puts the parts that the server draws into the page. It knows no rule of Slack's. */
const base = new URL(".", location.href).pathname;
const me = location.search;
const byId = (id) => document.getElementById(id);
const [note, modal, messages, composer, text] = ["note", "modal", "messages", "composer", "text"].map(byId);

/* sending: one after the other, so that a form is submitted with all that was typed before */
let queue = Promise.resolve(), hiding = 0, acted = -Infinity, onTop = null, offering = 0;
function tell(said) {
  clearTimeout(hiding), Object.assign(note, { textContent: said, hidden: !said });
  if (said) hiding = setTimeout(() => tell(""), 8000);
}
const send = (act, fields) => (/say|press|submit/.test(act) && (acted = performance.now()), flush(), enqueue(act, fields));
function enqueue(act, fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
  queue = queue
    .then(() => fetch(`${base}do/${act}${me}`, { method: "POST", body }))
    .then(async (answer) => { tell(answer.ok ? "" : await answer.text()); return answer.ok; })
    .catch(() => tell("The sandbox has ended. Start it again, and open its new address."));
  return queue;
}

/* typing: sent a moment later, or before anything else is sent */
const typed = new Map();
function flush() {
  for (const [field, timer] of typed) {
    clearTimeout(timer), typed.delete(field);
    const view = field.closest("[data-view]");
    const { label, search } = field.dataset;
    if (view) enqueue(search ? "choose" : "fill", { view: view.id, label: label || search, value: field.value });
  }
}
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-search]")) typed.set(target, 0);
  if (target.matches("[data-search], [data-commands]")) return offer(target, 120);
  const field = target.closest("[data-label]"), view = field?.closest("[data-view]").id;
  if (!field || target.type === "file") return;
  const value = target.type === "checkbox" ? [...field.querySelectorAll(":checked")].map((box) => box.value).join("\n") : field.value;
  if (target.matches("select, [type=checkbox]")) return void send("fill", { view, label: field.dataset.label, value });
  clearTimeout(typed.get(field));
  typed.set(field, setTimeout(flush, 250));
});
document.addEventListener("change", ({ target }) => {
  if (target.type !== "file" || !target.files.length) return;
  const view = target.closest("[data-view]");
  send("files", { ...(view && { view: view.id, label: target.dataset.label }), file: [...target.files] });
  target.value = "";
});

/* pressing */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) menu.open = menu.contains(event.target) && !event.target.closest(".menu");
  const used = event.target.closest("button, a, [role=option], .overlay");
  if (!used) return;
  if (used.matches("[role=option]")) return pick(used);
  const { dataset } = used, view = used.closest("[data-view]"), message = used.closest("[data-ts]");
  if (dataset.asks) byId(dataset.asks).showModal();
  else if (dataset.press) send("press", { label: dataset.press, ...(view ? { view: view.id } : { ts: message.dataset.ts }) });
  else if ("submit" in dataset) send("submit", { view: view.id });
  else if ("close" in dataset) send("close", { view: view.id });
  else if ("tells" in dataset && event.target === used) send("close", { view: used.firstElementChild.id });
  else if (dataset.clear) send("fill", { view: view.id, label: dataset.clear, value: "" });
  else if (dataset.doForm) send(dataset.doForm, Object.fromEntries(new FormData(used.form)));
  else if (dataset.do) send(dataset.do, { ...dataset });
  else if (used.id === "theme") switchTheme();
  else if (dataset.in) location.assign(`?as=${new URLSearchParams(me).get("as") || ""}&in=${dataset.in}${used.hash}`), event.preventDefault();
  else if (used.matches("a[href^='?']") && modal.querySelector("[data-tells]")) {
    event.preventDefault(); // what only tells something is read by now
    send("close", { view: modal.querySelector("[data-view]").id }).then(() => location.assign(used.href));
  }
});
document.addEventListener("submit", (event) => {
  const form = event.target, fields = Object.fromEntries(new FormData(form));
  if (form.method === "dialog") return;
  event.preventDefault();
  if (form !== composer) return void send(form.dataset.do, fields).then((done) => done && (form.querySelector("input").value = ""));
  if (text.value.trim()) send("say", { text: text.value });
  text.value = "", shut(text);
});
function switchTheme() {
  const dark = document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
  document.cookie = `theme=${document.documentElement.dataset.theme}; path=${base}; SameSite=Strict`;
}

/* choosing: a listbox below a field */
const listOf = (field) => byId(field.getAttribute("aria-controls"));
const listOpen = (field) => field.getAttribute?.("aria-expanded") === "true";
function offer(field, wait = 0, thenPick = false) {
  clearTimeout(offering);
  const mine = offering = setTimeout(async () => {
    const whole = field.value === field.getAttribute("value") ? "" : field.value;
    const offered = field === text ? commands(field.value) : await options(field, whole);
    if (mine !== offering) return;
    offering = show(field, offered);
    if (thenPick && offered.length) pick(listOf(field).firstChild);
  }, wait);
}
function commands(start) {
  const known = [...byId("known").children].map(({ value, label }) => ({ value, text: value, about: label }));
  return start.startsWith("/") ? known.filter(({ value }) => value.startsWith(start) && value !== start) : [];
}
async function options(field, whole) {
  if (whole.length < Number(field.dataset.least)) return [];
  const asked = new URLSearchParams({ view: field.closest("[data-view]").id, label: field.dataset.search, typed: whole });
  const found = await (await fetch(`${base}options${me ? me + "&" : "?"}${asked}`)).json();
  return found.length ? found : [{ value: "", text: "No results" }];
}
function show(field, offered) {
  const list = listOf(field);
  list.replaceChildren(...offered.map((one, number) => {
    const item = Object.assign(document.createElement("li"), { id: `${list.id}-${number}`, role: "option", textContent: one.text });
    item.ariaDisabled = String(!one.value), Object.assign(item.dataset, { value: one.value, text: one.text });
    if (one.about) item.append(Object.assign(document.createElement("small"), { textContent: one.about }));
    return item;
  }));
  list.hidden = !offered.length || document.activeElement !== field;
  field.setAttribute("aria-expanded", String(!list.hidden));
  mark(field, field === text ? null : list.firstChild);
  return 0;
}
function mark(field, chosen) {
  for (const item of listOf(field).children) item.setAttribute("aria-selected", String(item === chosen));
  field.setAttribute("aria-activedescendant", chosen ? chosen.id : "");
  chosen?.scrollIntoView({ block: "nearest" });
}
const shut = (field) => { clearTimeout(offering); offering = show(field, []); };
function pick(item) {
  if (!item.dataset.value) return;
  const field = document.querySelector(`[aria-controls="${CSS.escape(item.parentElement.id)}"]`);
  field.value = item.dataset.text, typed.delete(field), shut(field);
  if (field === text) return text.focus();
  send("fill", { view: field.closest("[data-view]").id, label: field.dataset.search, value: item.dataset.value });
}
document.addEventListener("mousedown", (event) => event.target.closest("[role=option]") && event.preventDefault());
document.addEventListener("click", ({ target }) => target.matches("[data-search]") && offer(target));
document.addEventListener("focusout", ({ target: field }) => {
  if (!field.matches("[data-search], [data-commands]")) return;
  shut(field), flush();
  if (field !== text) queue.then(() => field === document.activeElement || (field.value = field.getAttribute("value") ?? ""));
});
document.addEventListener("keydown", (event) => {
  const field = event.target, top = modal.querySelector("[data-view]");
  if (event.key === "Escape" && top && !document.querySelector("dialog[open]") && !listOpen(field)) return void send("close", { view: top.id });
  if (!field.matches("[role=combobox]")) return;
  const items = [...listOf(field).children], at = items.findIndex((item) => item.ariaSelected === "true");
  if (event.key === "Escape") shut(field);
  else if (event.key === "Enter" && field !== text && (offering || at < 0)) offer(field, 0, Boolean(offering));
  else if (event.key === "Enter" && at >= 0) pick(items[at]);
  else if (!event.key.startsWith("Arrow") || !/Up|Down/.test(event.key)) return;
  else if (!listOpen(field)) offer(field);
  else mark(field, items[(at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1) + items.length) % items.length]);
  event.preventDefault();
});

/* drawing: changes the page where the server's drawing differs; what somebody types in stays */
const OWN = new Set(["open", "aria-expanded", "aria-activedescendant"]);
function morph(from, to) {
  if (from.isEqualNode(to) || from.hasAttribute("data-keep")) return;
  for (const { name } of [...from.attributes]) if (!OWN.has(name) && !to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (!OWN.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  const { value, checked } = to; // before its text or its options move
  children(from, to);
  if (!from.matches("input:not([type=file]), textarea, select") || from === document.activeElement || typed.has(from)) return;
  Object.assign(from, { value, checked });
}
function children(from, to) {
  const named = new Map([...from.children].filter(({ id }) => id).map((child) => [child.id, child]));
  let at = from.firstChild;
  for (const node of [...to.childNodes]) {
    const old = node.id ? named.get(node.id) : at && !at.id && at.nodeName === node.nodeName ? at : null;
    if (!old || old.nodeName !== node.nodeName) { from.insertBefore(node, at); continue; }
    if (old === at) at = at.nextSibling;
    else from.insertBefore(old, at);
    if (old.nodeType === Node.ELEMENT_NODE) morph(old, node);
    else if (old.data !== node.data) old.data = node.data;
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}
function draw(parts) {
  const below = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  const was = document.activeElement, label = modal.contains(was) ? was.dataset.label || was.dataset.search : null;
  const known = new Set([...messages.querySelectorAll(".message")].map(({ id }) => id));
  const drawn = (innerHTML) => Object.assign(document.createElement("template"), { innerHTML }).content;
  for (const [name, html] of Object.entries(parts)) children(byId(name), drawn(html));
  if (below) messages.scrollTop = messages.scrollHeight;
  const fresh = [...messages.querySelectorAll(".message")].filter(({ id }) => !known.has(id));
  const answer = fresh.findLast((one) => one.matches(".ephemeral")) || (performance.now() - acted < 5000 ? fresh.at(-1) : null);
  answer?.scrollIntoView({ block: "nearest" }); // on a phone the window scrolls
  const top = modal.querySelector("[data-view]"), invalid = modal.querySelector("[aria-invalid]");
  byId("workspace").inert = Boolean(top);
  if ((top && top.id) !== onTop) top ? (top.querySelector("input, textarea") || top).focus() : text.focus({ preventScroll: true });
  else if (top && !document.body.contains(was)) ([...top.querySelectorAll("input, textarea")].find((field) => label && (field.dataset.label || field.dataset.search) === label) || top).focus();
  else if (invalid && was && was.matches("[data-submit]")) invalid.focus();
  onTop = top && top.id;
}
draw({}), location.hash || (messages.scrollTop = messages.scrollHeight);
new EventSource(`${base}events${me}`).onmessage = ({ data }) => draw(JSON.parse(data));
