// How is the model doing? What was asked of it, and whether what it sees still looks like training.

import { of, read, readText, Refusal } from "./api.js";
import { shareBar } from "./bars.js";
import { icon, make } from "./dom.js";
import { problem } from "./problem.js";
import { known, language, number, percent, say } from "./words.js";

const ICONS = { pass: "pass", watch: "warn", fail: "fail", error: "fail" };

/** The view of traffic and drift; what is switched off says so. */
export async function watchView(card, signal) {
  const place = make("div", {});
  const show = async () => {
    place.setAttribute("aria-busy", "true");
    const parts = await Promise.all([drift(card, signal), traffic(card, signal)]);
    place.removeAttribute("aria-busy");
    place.replaceChildren(...parts);
  };
  const again = make("button", { type: "button", click: show }, say("refresh"));
  await show();
  return make("div", { class: "stack" }, make("p", { class: "row" }, again), place);
}

async function drift(card, signal) {
  let view;
  try {
    const found = await read(of(card.name, "/audit/live"), signal);
    const findings = Array.isArray(found) ? found : found.findings ?? [];
    view = findings.length ? findings.map(findingView) : make("p", {}, say("nothing_yet"));
  } catch (error) {
    if (error instanceof Refusal && (error.status === 404 || error.status === 501)) view = make("p", {}, say("not_watched"));
    else view = problem(error);
  }
  return make("section", { class: "card", "aria-labelledby": "drift-title", "data-view": "drift" }, make("h2", { id: "drift-title" }, say("drift")), view);
}

function findingView(finding) {
  const said = finding.words?.[language()] ?? {};
  const sentence = said.sentence ?? finding.sentence ?? "";
  const title = said.title ?? finding.title ?? finding.check;
  const names = said.measures ?? {};
  return make("article", { class: `finding v-${finding.verdict}` },
    make("h3", {}, icon(ICONS[finding.verdict] ?? "note"), make("span", {}, title), " ",
      make("span", { class: "verdict" }, known(`verdict.${finding.verdict}`) ? say(`verdict.${finding.verdict}`) : finding.verdict)),
    sentence ? make("p", {}, sentence) : null,
    (finding.figures ?? []).filter((figure) => figure.kind === "bars").map((figure) => columnBars(figure.data)),
    measures(finding.measures ?? [], names),
    (said.notes ?? []).map((note) => make("p", { class: "quiet" }, note)));
}

/** The figure of a finding, one bar a column; the reference is told where it is crossed. */
function columnBars({ labels, values, reference }) {
  const most = Math.max(reference ?? 0, ...values) || 1;
  const beyond = (k) => typeof reference === "number" && values[k] > reference;
  const lines = labels.map((label, k) => make("li", { class: beyond(k) ? "label-bar open" : "label-bar" },
    make("span", {}, make("span", { class: "name" }, nameOf(label)), beyond(k) ? [" ", make("span", { class: "badge" }, say("verdict.watch"))] : null),
    make("span", { class: "share" }, number(values[k])),
    shareBar(values[k] / most, beyond(k))));
  return make("div", {},
    make("ul", { class: "label-bars" }, lines),
    typeof reference === "number" ? make("p", { class: "quiet" }, say("reference", { value: reference })) : null);
}

/** A label is a text, or a sentence to be of which the name of the column is shown. */
function nameOf(label) {
  return typeof label === "string" ? label : String(label?.values?.name ?? label?.key ?? "");
}

function measures(all, names) {
  if (!all.length) return null;
  const lines = all.map((one) => make("tr", {},
    make("th", { scope: "row" }, names[one.name] ?? one.name),
    make("td", { class: "num" }, number(one.value)),
    make("td", { class: "num" }, typeof one.low === "number" && typeof one.high === "number" ? `${number(one.low)} – ${number(one.high)}` : ""),
    make("td", { class: "num" }, typeof one.n === "number" ? number(one.n) : "")));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("measures") },
    make("table", { class: "data" },
      make("thead", {}, make("tr", {}, ["measure", "value", "range", "n"].map((key, k) => make("th", { scope: "col", class: k ? "num" : null }, say(`head.${key}`))))),
      make("tbody", {}, lines)));
}

// --------------------------------------------------------------------------------------------------------------- traffic

async function traffic(card, signal) {
  let view;
  try {
    view = trafficView(card, samples(await readText("/metrics", signal)));
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) view = make("p", {}, say("not_counted"));
    else view = problem(error);
  }
  return make("section", { class: "card", "aria-labelledby": "traffic-title", "data-view": "traffic" }, make("h2", { id: "traffic-title" }, say("traffic")), view);
}

function trafficView(card, found) {
  const sum = (name, fits = () => true) => found.filter((one) => one.name === name && fits(one.labels)).reduce((total, one) => total + one.value, 0);
  const mine = (how) => sum("assay_rows_total", (labels) => labels.model === card.name && labels.how === how);
  const asks = (labels) => /\/(predict|explain|counterfactual)$/.test(labels.road ?? "");
  const [answered, refused] = [mine("answered"), mine("refused")];
  const [seconds, times] = [sum("assay_request_seconds_sum", asks), sum("assay_request_seconds_count", asks)];
  const began = sum("process_start_time_seconds");
  const facts = [
    ["rows_answered", number(answered)],
    ["rows_refused", refused ? say("of_all", { n: refused, share: percent(refused / (answered + refused)) }) : "0"],
    ["questions", number(sum("assay_requests_total", asks))],
    ["mean_time", times ? say("milliseconds", { n: (1000 * seconds) / times }) : "–"],
    ["since", began ? new Intl.DateTimeFormat(language() === "zh" ? "zh" : "en-GB", { dateStyle: "medium", timeStyle: "short" }).format(1000 * began) : "–"],
  ];
  return make("div", {},
    make("dl", { class: "facts" }, facts.map(([key, value]) => make("div", {}, make("dt", {}, say(key)), make("dd", {}, value)))),
    make("p", { class: "quiet" }, say("traffic_note")));
}

/** The samples of a page in the text format of Prometheus. */
export function samples(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!match) continue;
    const labels = Object.fromEntries([...(match[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [key, value.replace(/\\(.)/g, "$1")]));
    found.push({ name: match[1], labels, value: Number(match[3]) });
  }
  return found;
}
