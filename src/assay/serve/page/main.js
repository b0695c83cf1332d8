// Which model is asked, which view is open, and in which language? The page as a whole; each view stands in a file of its own.

import { of, read } from "./api.js";
import { batchView } from "./batch.js";
import { make } from "./dom.js";
import { oneView } from "./one.js";
import { problem } from "./problem.js";
import { choose, language, learnWords, number, say } from "./words.js";
import { watchView } from "./watch.js";

const VIEWS = ["one", "many", "health"];
const main = document.getElementById("main");
const state = { models: [], card: null, kept: { row: {}, asked: "" }, stop: new AbortController() };

async function start() {
  await learnWords();
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  document.getElementById("language").addEventListener("click", () => {
    choose(language() === "en" ? "zh" : "en");
    open(false);
  });
  document.getElementById("model").addEventListener("change", (event) => {
    const address = new URL(location.href);
    address.searchParams.set("model", event.target.value);
    history.replaceState(null, "", address);
    open(true);
  });
  addEventListener("hashchange", () => show());
  await open(true);
}

/** Learn what there is to know of the model in the language in use, and show it. */
async function open(fresh) {
  frame();
  try {
    const { models, default: own } = await read("/models");
    state.models = models;
    const wanted = new URL(location.href).searchParams.get("model");
    const name = [wanted, own, models[0]?.name].find((one) => models.some((model) => model.name === one));
    state.card = await read(of(name, ""));
  } catch (error) {
    main.replaceChildren(problem(error));
    return;
  }
  if (fresh) state.kept = { row: state.card.example, asked: "" };
  frame();
  await show();
}

/** Draw the view that the address names. */
async function show() {
  if (!state.card) return;
  state.stop.abort();
  state.stop = new AbortController();
  const { card, kept } = state;
  const { signal } = state.stop;
  const name = view();
  for (const link of document.querySelectorAll("#views a[data-view]")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    const made = name === "one" ? oneView(card, kept, signal) : name === "many" ? batchView(card, signal) : await watchView(card, signal);
    if (signal.aborted) return;
    main.replaceChildren(make("h1", { class: name === "one" ? "hidden" : null }, say(`view.${name}`)), made);
  } catch (error) {
    if (!signal.aborted) main.replaceChildren(problem(error));
  }
}

/** Head, ways between views, and foot. */
function frame() {
  const { card, models } = state;
  document.title = card ? `${card.name} – Assay` : "Assay";
  document.getElementById("skip").textContent = say("skip");
  const button = document.getElementById("language");
  button.textContent = language() === "en" ? "中文" : "English";
  button.lang = language() === "en" ? "zh" : "en";
  if (!card) return;
  document.getElementById("about").textContent = say("about", { name: card.name, target: card.target });
  const picker = document.getElementById("picker");
  picker.hidden = models.length < 2;
  picker.querySelector("label").textContent = say("model");
  document.getElementById("model").replaceChildren(...models.map((one) => make("option", { value: one.name, selected: one.name === card.name }, one.name)));
  const views = document.getElementById("views");
  views.setAttribute("aria-label", say("views"));
  views.replaceChildren(
    ...VIEWS.map((name) => make("a", { href: `#${name}`, "data-view": name, "aria-current": name === view() ? "page" : null }, say(`view.${name}`))),
    make("a", { href: `${of(card.name, "/report")}?lang=${language()}`, target: "_blank", rel: "noopener" }, say("report"),
      make("span", { class: "hidden" }, ` ${say("new_tab")}`), make("span", { "aria-hidden": "true" }, " ↗")));
  const facts = say("foot", { name: card.name, version: card.version, n: card.rows });
  document.getElementById("foot").replaceChildren(make("p", {}, facts), make("p", { title: card.sha256 }, say("foot_note")));
}

function view() {
  const name = location.hash.slice(1);
  return VIEWS.includes(name) ? name : "one";
}

start().catch((error) => {
  // Without words even the refusal cannot be said in the reader's language.
  main.replaceChildren(make("p", { class: "problem", role: "alert" }, "The page could not be opened; load it again. 页面无法打开，请重新加载。"));
  throw error;
});
