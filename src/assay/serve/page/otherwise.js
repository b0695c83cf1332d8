// What would have to be otherwise for another answer? The smallest changes that the model itself answers otherwise.

import { of, post } from "./api.js";
import { freshId, make } from "./dom.js";
import { problem } from "./problem.js";
import { cell, listed, number, percent, say } from "./words.js";

const RULES = ["increase_only", "decrease_only", "immutable"]; // as the server calls them
const OF_DATES = { increase_only: "increase_only.date", decrease_only: "decrease_only.date" }; // how two of them are told

/** The part of the page where another answer is asked for. `take` is given the changes that are to stand in the form. */
export function otherwiseView(card, row, answer, take, signal) {
  if (!card.can.counterfactual) return null;
  const place = make("div", { "aria-live": "polite" });
  const wish = card.labels.length ? labelWish(card, answer) : valueWish(answer);
  const rules = card.columns.map(rule);
  const count = make("span", { class: "quiet", role: "status" });
  const counted = () => {
    const n = rules.filter((one) => one.select.value).length;
    count.textContent = n ? say("rules_set", { n }) : "";
  };
  const button = make("button", { type: "submit", class: "primary" }, say("otherwise_ask"));
  const form = make("form", { novalidate: true }, wish.element,
    make("details", {}, make("summary", {}, say("rules"), " ", count),
      make("fieldset", { class: "rules", change: counted }, make("legend", { class: "hidden" }, say("rules")), rules.map((one) => one.element))),
    make("p", { class: "row" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!wish.sound()) return;
    const ruled = (way) => rules.filter((one) => one.select.value === way).map((one) => one.name);
    const bounds = Object.fromEntries(RULES.map((way) => [way, ruled(way)]));
    button.disabled = true;
    place.replaceChildren(make("p", { class: "quiet" }, say("working")));
    let view;
    try {
      view = waysView(await post(of(card.name, "/counterfactual"), { row, wanted: wish.read(), ...bounds }, signal), card, take);
    } catch (error) {
      if (signal.aborted) return;
      view = problem(error);
    }
    button.disabled = false;
    button.focus();
    place.replaceChildren(view);
  });
  return make("section", { class: "card", "aria-labelledby": "otherwise-title", "data-view": "otherwise" },
    make("h2", { id: "otherwise-title" }, say("otherwise")), make("p", { class: "quiet" }, say("otherwise_help")), form, place);
}

/** What may happen to one column; only what has an order can rise or fall. */
function rule({ name, kind, ordered }) {
  const id = freshId("rule");
  const ways = RULES.filter((way) => way === "immutable" || ordered);
  const told = (way) => say((kind === "date" && OF_DATES[way]) || way);
  const select = make("select", { id }, make("option", { value: "" }, say("free")), ways.map((way) => make("option", { value: way }, told(way))));
  return { name, select, element: make("div", { class: "rule" }, make("label", { for: id }, name), select) };
}

function labelWish(card, answer) {
  const others = card.labels.filter((label) => label !== answer.answer);
  const id = freshId("wish");
  const select = make("select", { id }, others.length > 1 ? make("option", { value: "" }, say("any_other")) : null,
    others.map((label) => make("option", { value: label }, label)));
  return { element: make("p", { class: "row" }, make("label", { for: id }, say("wish")), select), read: () => select.value, sound: () => true };
}

function valueWish(answer) {
  const [id, sideId, toldId] = [freshId("wish"), freshId("side"), freshId("told")];
  const side = make("select", { id: sideId }, make("option", { value: ">" }, say("more_than")), make("option", { value: "<" }, say("less_than")));
  const value = make("input", { id, type: "number", step: "any", inputmode: "decimal", "aria-describedby": toldId });
  value.value = String(Number(answer.interval ? answer.interval[1].toPrecision(4) : 0));
  const told = make("p", { class: "told wrong", id: toldId, role: "alert" });
  return {
    element: make("div", {}, make("p", { class: "row" },
      make("label", { for: sideId }, say("wish")), side, make("label", { class: "hidden", for: id }, say("wish_value")), value), told),
    read: () => `${side.value}${value.valueAsNumber}`,
    sound: () => {
      const sound = !Number.isNaN(value.valueAsNumber);
      told.textContent = sound ? "" : say("unread.number");
      if (!sound) value.focus();
      return sound;
    },
  };
}

function waysView(found, card, take) {
  const kinds = new Map(card.columns.map((column) => [column.name, column]));
  const kept = found.kept ?? [];
  return make("div", {},
    make("ol", { class: "ways" }, found.ways.map((way, place) => wayView(way, place, kinds, take))),
    kept.length ? make("p", { class: "quiet" }, say("kept", { names: listed(kept) })) : null,
    make("p", { class: "quiet" }, say("otherwise_note")));
}

function wayView(way, place, kinds, take) {
  const lines = way.changes.map((change) => make("li", {},
    make("span", { class: "name" }, change.name), " ",
    make("span", { class: "from" }, shown(change.from, kinds.get(change.name))),
    make("span", { "aria-hidden": "true" }, " → "), make("span", { class: "hidden" }, ` ${say("becomes")} `),
    make("b", {}, shown(change.to, kinds.get(change.name)))));
  return make("li", { class: "way" },
    make("p", {}, make("b", {}, say("way", { n: place + 1, answer: answerOf(way) }))),
    make("ul", {}, lines),
    make("p", {}, make("button", { type: "button", "aria-label": say("take_way_n", { n: place + 1 }), click: () => take(way.changes) }, say("take_way"))));
}

function answerOf(way) {
  const said = typeof way.answer === "object" && way.answer !== null ? way.answer.answer : way.answer;
  const text = typeof said === "number" ? number(said) : String(said);
  return typeof way.p === "number" ? say("answer_share", { answer: text, share: percent(way.p) }) : text;
}

function shown(value, column) {
  return cell(value, column);
}
