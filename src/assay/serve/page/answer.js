// What does the model say of this row? The answer, how sure it is, and what else cannot be ruled out.

import { rangeBar, shareBar } from "./bars.js";
import { icon, make } from "./dom.js";
import { listed, number, percent, say } from "./words.js";

const SHOWN = 8; // labels that are drawn; the rest can be opened

/** The answer to one row as a part of the page. */
export function answerView(answer, card) {
  return make("div", { class: "answer" },
    make("p", { class: "big", "data-part": "answer" }, headline(answer)),
    make("p", { class: "lead" }, subline(answer, card)),
    body(answer, card),
    notes(answer));
}

/** The answer as one sentence, for those who listen. */
export function answerSentence(answer, card) {
  return `${say("answer")}: ${headline(answer)}. ${subline(answer, card)} ${leftOpen(answer, card)} ${(answer.notes ?? []).join(" ")}`.replace(/\s+/g, " ").trim();
}

/** The answer in a few words: a label, several, or a value. */
export function headline(answer) {
  const said = answer.answer;
  if (Array.isArray(said)) {
    if (!said.length) return say(answer.probabilities ? "no_label" : "nothing_found");
    return typeof said[0] === "object" ? counted(said) : listed(said);
  }
  return typeof said === "number" ? number(said) : String(said);
}

/** The labels by probability, the likeliest first. */
export function ranked(answer) {
  return Object.entries(answer.probabilities ?? {}).sort((a, b) => b[1] - a[1]);
}

function subline(answer, card) {
  if (answer.probabilities && typeof answer.answer === "string") return say("probability", { share: percent(answer.probabilities[answer.answer]) });
  if (answer.interval) return say("interval", { low: number(answer.interval[0]), high: number(answer.interval[1]), level: level(card), target: card.target });
  if (typeof answer.p === "number" && typeof answer.score === "number") return say("odd", { share: percent(answer.p) });
  return "";
}

function body(answer, card) {
  if (answer.interval) return scale(answer, card);
  return answer.probabilities ? labels(answer, card) : null;
}

function labels(answer, card) {
  const open = new Set((answer.set ?? []).map(String));
  const lines = ranked(answer).map(([label, share]) => make("li", { class: open.has(label) ? "label-bar open" : "label-bar" },
    make("span", {}, make("span", { class: "name" }, label), open.has(label) ? [" ", make("span", { class: "badge" }, say("open"))] : null),
    make("span", { class: "share" }, percent(share)),
    shareBar(share, open.has(label))));
  const rest = lines.slice(SHOWN);
  return make("div", {},
    make("ul", { class: "label-bars" }, lines.slice(0, SHOWN)),
    rest.length ? make("details", {}, make("summary", {}, say("other_labels", { n: rest.length })), make("ul", { class: "label-bars" }, rest)) : null,
    make("p", { class: "set", "data-part": "set" }, leftOpen(answer, card)));
}

function leftOpen(answer, card) {
  if (!Array.isArray(answer.set) || (answer.set.length && typeof answer.set[0] === "object")) return "";
  if (answer.set.length === 0) return answer.probabilities ? say("set_none") : "";
  const likely = (label) => answer.probabilities?.[label] ?? 0;
  const names = listed([...answer.set].sort((a, b) => likely(b) - likely(a)));
  return say(answer.set.length === 1 ? "set_one" : "set_some", { names, level: level(card) });
}

function scale(answer, card) {
  const [low, high] = answer.interval;
  const value = typeof answer.value === "number" ? answer.value : Number(answer.answer);
  const room = (high - low || Math.abs(value) || 1) * 0.12;
  const [from, to] = [Math.min(low, value) - room, Math.max(high, value) + room];
  return make("div", { class: "range" }, rangeBar({ low, high, value, from, to }),
    make("p", { class: "ends", "aria-hidden": "true" }, make("span", {}, number(low)), make("b", {}, number(value)), make("span", {}, number(high))),
    answer.set?.length ? make("p", { class: "set", "data-part": "set" }, leftOpen(answer, card)) : null);
}

function notes(answer) {
  if (!answer.notes?.length) return null;
  return make("div", { class: answer.out_of_range ? "notes warned" : "notes" },
    icon(answer.out_of_range ? "warn" : "note"),
    make("ul", {}, answer.notes.map((note) => make("li", {}, note)),
      answer.out_of_range ? make("li", {}, say("out_of_range")) : null));
}

function level(card) {
  return typeof card?.level === "number" ? percent(card.level) : say("most");
}

function counted(boxes) {
  const n = new Map();
  for (const box of boxes) n.set(box.label, (n.get(box.label) ?? 0) + 1);
  return listed([...n].map(([label, times]) => `${label} × ${times}`));
}
