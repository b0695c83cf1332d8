// Why this answer? A waterfall from the base to the score, one step a column, as a table that every reader can walk through.

import { of, post } from "./api.js";
import { stepBar } from "./bars.js";
import { freshId, make } from "./dom.js";
import { problem } from "./problem.js";
import { cell, number, say, signed } from "./words.js";

const STEPS = 10; // that are drawn; smaller ones are summed up
const LONGEST = 120; // letters of a cell

/** The reasons of one row, with a choice of the label that they speak for; beside them the columns, the one that pulls most first. */
export async function reasonsView(card, row, label, signal) {
  const place = make("div", {});
  let strongest = [];
  const show = async (wanted) => {
    let view;
    try {
      const reasons = await post(of(card.name, "/explain"), { row, label: wanted }, signal);
      strongest = byPull(reasons).map((part) => part.name);
      view = waterfall(reasons, card);
    } catch (error) {
      view = problem(error);
    }
    place.replaceChildren(view);
  };
  await show(card.labels.length ? label : "");
  const element = make("section", { class: "card", "aria-labelledby": "reasons-title", "data-view": "reasons" },
    make("h2", { id: "reasons-title" }, say("reasons")), chooser(card, label, show), place);
  return { element, strongest };
}

function byPull(reasons) {
  return [...reasons.parts].sort((a, b) => Math.abs(b.pull) - Math.abs(a.pull));
}

function chooser(card, label, show) {
  if (card.labels.length < 2) return null;
  const id = freshId("label");
  const select = make("select", { id }, card.labels.map((one) => make("option", { value: one, selected: one === label }, one)));
  select.addEventListener("change", () => show(select.value));
  return make("p", { class: "row" }, make("label", { for: id }, say("reasons_for")), select);
}

/** base + sum of pulls = score, drawn step by step. */
export function waterfall(reasons, card) {
  const kinds = new Map(card.columns.map((column) => [column.name, column]));
  const parts = byPull(reasons);
  const steps = parts.length > STEPS + 1 ? [...parts.slice(0, STEPS), summed(parts.slice(STEPS))] : parts;
  const totals = [reasons.base];
  for (const step of steps) totals.push(totals.at(-1) + step.pull);
  const scale = scaled(card.labels.length ? [0, ...totals, reasons.score] : [...totals, reasons.score]);
  const lines = [ends("base", say("base"), reasons.base, scale, "first")];
  steps.forEach((step, k) => {
    const kind = step.pull < 0 ? "neg" : "pos";
    const shown = step.n ? "" : shortened(cell(step.cell, kinds.get(step.name)));
    lines.push(make("tr", { role: "row" },
      make("th", { scope: "row", role: "rowheader" }, step.name, shown ? make("span", { class: "cell" }, shown) : null),
      make("td", { class: "drawn", role: "cell" }, stepBar(totals[k], totals[k + 1], scale, { kind })),
      make("td", { class: `num ${kind}-text`, role: "cell" }, make("span", { "aria-hidden": "true" }, step.pull < 0 ? "◀ " : "▶ "), signed(step.pull))));
  });
  lines.push(ends("score", say("score"), reasons.score, scale, "last"));
  return make("div", {},
    make("p", { class: "quiet" }, say("reasons_help", { unit: reasons.unit })),
    make("ul", { class: "key" },
      make("li", {}, make("span", { class: "swatch pos", "aria-hidden": "true" }), `▶ ${say(card.labels.length ? "raises" : "raises_value")}`),
      make("li", {}, make("span", { class: "swatch neg", "aria-hidden": "true" }), `◀ ${say(card.labels.length ? "lowers" : "lowers_value")}`)),
    make("table", { class: "waterfall", role: "table" },
      make("caption", { class: "hidden" }, say("reasons_caption", { unit: reasons.unit })),
      make("thead", { class: "hidden", role: "rowgroup" }, make("tr", { role: "row" },
        make("th", { scope: "col", role: "columnheader" }, say("column")), make("td", { role: "cell" }), make("th", { scope: "col", role: "columnheader" }, say("pull")))),
      make("tbody", { role: "rowgroup" }, lines)),
    texts(reasons.texts ?? []));
}

function ends(key, name, value, scale, kind) {
  return make("tr", { class: `end ${key}`, role: "row" },
    make("th", { scope: "row", role: "rowheader" }, name),
    make("td", { class: "drawn", role: "cell" }, stepBar(value, value, scale, { kind, last: kind === "last" })),
    make("td", { class: "num", role: "cell" }, number(value)));
}

function shortened(text) {
  const letters = Array.from(text);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : text;
}

function summed(parts) {
  return { name: say("other_columns", { n: parts.length }), cell: "", pull: parts.reduce((sum, one) => sum + one.pull, 0), n: parts.length };
}

function scaled(totals) {
  const [low, high] = [Math.min(...totals), Math.max(...totals)];
  return (x) => 0.02 + (0.96 * (x - low)) / (high - low || 1);
}

/** Texts with the words that pull most marked; a sign stands before each, so that colour is not alone. */
function texts(told) {
  return told.map((one) => {
    const least = 0.2 * Math.max(0, ...one.words.map((word) => Math.abs(word.pull)));
    const letters = Array.from(one.text); // places are counted in letters, not in halves of UTF-16
    const between = (start, stop) => letters.slice(start, stop).join("");
    const pieces = [];
    let from = 0;
    for (const word of one.words.filter((w) => least && Math.abs(w.pull) >= least)) {
      if (word.start < from) continue;
      pieces.push(between(from, word.start), make("mark", { class: word.pull < 0 ? "neg" : "pos", title: signed(word.pull) },
        word.pull < 0 ? "−" : "+", between(word.start, word.stop)));
      from = word.stop;
    }
    pieces.push(between(from));
    return make("div", { class: "words" }, make("h3", {}, say("words_of", { name: one.part })), make("p", {}, pieces));
  });
}
