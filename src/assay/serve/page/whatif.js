// How would the answer move, if one value were another? Asked once for all values that are tried; the slider then only looks up.

import { of, post } from "./api.js";
import { headline, ranked } from "./answer.js";
import { at, shareBar } from "./bars.js";
import { draw, freshId, make } from "./dom.js";
import { triable, tried } from "./grid.js";
import { problem } from "./problem.js";
import { cell, number, percent, say } from "./words.js";

// Rows that nobody asked about: a server that sums up its traffic leaves them out.
const TRIAL = { "X-Assay-Purpose": "trial" };

/** The part of the page where one value is moved, at first that of the `strongest` column. `take` is given a column and a value for the form. */
export function whatIfView({ card, row, answer, strongest, take, signal }) {
  const columns = card.columns.filter(triable);
  if (!columns.length || (!answer.probabilities && !answer.interval)) return null;
  const [id, labelId] = [freshId("moved"), freshId("moved-label")];
  const place = make("div", { class: "moved" });
  const choice = make("select", { id }, columns.map((column) => make("option", { value: column.name }, column.name)));
  choice.value = strongest.find((name) => columns.some((column) => column.name === name)) ?? columns[0].name;
  const label = labelChoice(card, answer, labelId);
  let turn = 0;
  const show = async () => {
    turn += 1;
    const mine = turn;
    const column = columns.find((one) => one.name === choice.value);
    place.setAttribute("aria-busy", "true");
    let view;
    try {
      view = await moved({ card, row, column, label: label?.value ?? null, take, signal });
    } catch (error) {
      view = problem(error);
    }
    if (mine !== turn) return;
    place.removeAttribute("aria-busy");
    place.replaceChildren(view);
  };
  choice.addEventListener("change", show);
  label?.addEventListener("change", show);
  show().catch((error) => {
    if (!signal.aborted) throw error;
  });
  return make("section", { class: "card", "aria-labelledby": "whatif-title", "data-view": "whatif" },
    make("h2", { id: "whatif-title" }, say("whatif")),
    make("p", { class: "row" }, make("span", { class: "pair" }, make("label", { for: id }, say("whatif_column")), choice),
      label ? make("span", { class: "pair" }, make("label", { for: labelId }, say("whatif_label")), label) : null),
    place);
}

function labelChoice(card, answer, id) {
  const names = ranked(answer).map(([name]) => name);
  if (names.length < 2) return null;
  return make("select", { id }, names.map((name) => make("option", { value: name }, name)));
}

async function moved({ card, row, column, label, take, signal }) {
  const { values, own } = tried(column, row[column.name]);
  const rows = values.map((value) => ({ ...row, [column.name]: value }));
  const reply = await post(of(card.name, "/predict"), { rows, on_error: "row" }, signal, TRIAL);
  const points = values
    .map((value, k) => ({ value, own: k === own, answer: reply.answers[k] }))
    .filter((point) => point.answer && !point.answer.error);
  if (!points.length) return make("p", { class: "quiet" }, say("whatif_none"));
  const world = { column, points, label, take, start: Math.max(0, points.findIndex((point) => point.own)) };
  return column.levels ? picker(world) : slider(world);
}

function spoken({ column, label }, point) {
  const said = { name: column.name, value: cell(point.value, column), answer: headline(point.answer) };
  if (label !== null) return say("whatif_label_said", { ...said, label, share: percent(point.answer.probabilities[label]) });
  return say("whatif_value_said", { ...said, low: number(point.answer.interval[0]), high: number(point.answer.interval[1]) });
}

function taking(world, chosen) {
  return make("button", { type: "button", click: () => world.take(world.column, chosen().value) }, say("take"));
}

// ----------------------------------------------------------------------------------------------------- numbers and dates

function slider(world) {
  const { column, points, start } = world;
  const id = freshId("slider");
  const said = make("output", { for: id, class: "said", "data-part": "moved" });
  const dot = draw("circle", { class: "dot", r: 6.5 });
  const input = make("input", { id, type: "range", min: 0, max: points.length - 1, step: 1, value: start });
  const frame = framed(world);
  const move = () => {
    const place = Number(input.value);
    dot.setAttribute("cx", at(place / (points.length - 1 || 1)));
    dot.setAttribute("cy", at(1 - frame.height(points[place])));
    input.setAttribute("aria-valuetext", cell(points[place].value, column));
    said.textContent = spoken(world, points[place]);
  };
  input.addEventListener("input", move);
  move();
  return make("div", {},
    make("div", { class: "plot" },
      make("div", { class: "y-axis", "aria-hidden": "true" }, frame.ticks.map((tick) => make("span", {}, tick))),
      curve(world, frame, dot)),
    make("div", { class: "x-axis" },
      make("label", { class: "hidden", for: id }, say("slider_of", { name: column.name })), input,
      make("p", { class: "ends", "aria-hidden": "true" }, make("span", {}, cell(points[0].value, column)), make("span", {}, cell(points.at(-1).value, column)))),
    said,
    make("p", { class: "row" }, taking(world, () => points[Number(input.value)])));
}

function curve({ points, start }, frame, dot) {
  const x = (k) => ((100 * k) / (points.length - 1 || 1)).toFixed(3);
  const y = (share) => (100 * (1 - share)).toFixed(3);
  const line = points.map((point, k) => `${x(k)},${y(frame.height(point))}`).join(" ");
  const ahead = points.map((point, k) => [k, frame.band(point)]).filter(([, band]) => band);
  const band = [...ahead.map(([k, [low]]) => `${x(k)},${y(low)}`), ...ahead.reverse().map(([k, [, high]]) => `${x(k)},${y(high)}`)].join(" ");
  return draw("svg", { class: "curve", role: "img", "aria-label": say("curve") },
    [0, 0.5, 1].map((share) => draw("line", { class: "grid", x1: 0, x2: "100%", y1: at(share), y2: at(share) })),
    points[start].own ? draw("line", { class: "own", x1: `${x(start)}%`, x2: `${x(start)}%`, y1: 0, y2: "100%" }) : null,
    draw("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", width: "100%", height: "100%", x: 0, y: 0 },
      band ? draw("polygon", { class: "band", points: band }) : null,
      draw("polyline", { class: "line", points: line })),
    dot);
}

/** How a point becomes a height between 0 and 1, and what stands beside the axis. */
function framed({ points, label }) {
  if (label !== null) {
    return { height: (point) => point.answer.probabilities[label], band: () => null, ticks: ["100 %", "50 %", "0 %"] };
  }
  const [low, high] = [Math.min(...points.map((p) => p.answer.interval[0])), Math.max(...points.map((p) => p.answer.interval[1]))];
  const share = (value) => (value - low) / (high - low || 1);
  return {
    height: (point) => share(valueOf(point.answer)),
    band: (point) => point.answer.interval.map(share),
    ticks: [high, (low + high) / 2, low].map(number),
  };
}

function valueOf(answer) {
  return typeof answer.value === "number" ? answer.value : Number(answer.answer);
}

// ---------------------------------------------------------------------------------------------------------------- levels

function picker(world) {
  const { column, points, label } = world;
  const name = freshId("pick");
  const said = make("p", { class: "said", role: "status", "data-part": "moved" });
  const frame = framed(world);
  let chosen = points.find((point) => point.own) ?? points[0];
  const lines = points.map((point) => {
    const radio = make("input", { type: "radio", name, checked: point === chosen });
    radio.addEventListener("change", () => {
      chosen = point;
      said.textContent = spoken(world, point);
    });
    const share = label === null ? number(valueOf(point.answer)) : percent(frame.height(point));
    return make("label", { class: point.own ? "pick own" : "pick" }, radio,
      make("span", { class: "name" }, cell(point.value, column), point.own ? make("span", { class: "quiet" }, ` (${say("now")})`) : null),
      make("span", { class: "share" }, share), shareBar(frame.height(point), true));
  });
  said.textContent = spoken(world, chosen);
  return make("div", {},
    make("fieldset", { class: "picks" }, make("legend", { class: "hidden" }, column.name), lines),
    said, make("p", { class: "row" }, taking(world, () => chosen)));
}
