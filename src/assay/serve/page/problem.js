// How is a person told what went wrong? In three parts: what was seen, what was expected, what to do.

import { Refusal } from "./api.js";
import { icon, make } from "./dom.js";
import { number, say } from "./words.js";

const SHOWN = 20;

/** A box with what went wrong; it is read out as soon as it is there. Raises again what is no refusal. */
export function problem(error, firstRow = 0) {
  if (!(error instanceof Refusal)) throw error;
  const { parts, problems, status } = error;
  return make("div", { class: "problem", role: "alert" },
    icon("fail"),
    make("div", {},
      make("p", {}, make("b", {}, parts.seen)),
      parts.expected ? make("p", {}, parts.expected) : null,
      parts.do ? make("p", {}, parts.do) : null,
      status === 401 ? make("p", {}, make("a", { href: "/" }, say("sign_in"))) : null,
      listed(problems, firstRow)));
}

function listed(problems, firstRow) {
  if (!problems.length) return null;
  const lines = problems.slice(0, SHOWN).map((one) => make("li", {},
    one.row ? make("span", { class: "quiet" }, `${say("row", { n: one.row + firstRow })} `) : null,
    [one.seen, one.expected, one.do].filter(Boolean).join(" ")));
  const rest = problems.length - SHOWN;
  if (rest > 0) lines.push(make("li", { class: "quiet" }, say("more_problems", { n: rest, shown: number(SHOWN) })));
  return make("ul", {}, lines);
}
