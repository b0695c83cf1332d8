// What does a person see who asks about one row? The form beside the answer, its reasons, and what would change it.

import { answerSentence, answerView } from "./answer.js";
import { of, post, Refusal } from "./api.js";
import { make } from "./dom.js";
import { Form } from "./form.js";
import { otherwiseView } from "./otherwise.js";
import { problem } from "./problem.js";
import { reasonsView } from "./reasons.js";
import { whatIfView } from "./whatif.js";
import { say } from "./words.js";

/** The view of one row. `kept` holds the row and whether it was asked about, across a change of the language. */
export function oneView(card, kept, signal) {
  const live = make("p", { class: "hidden", role: "status", "aria-live": "polite", "data-part": "live" });
  const panel = make("div", { class: "stack", id: "answer" }, make("section", { class: "card waiting" }, make("h2", {}, say("answer")), make("p", { class: "quiet" }, say("waiting"))));
  const old = make("p", { class: "stale", hidden: true }, say("stale"));
  let turn = null;

  const changed = () => {
    kept.row = form.row;
    old.hidden = turn === null || JSON.stringify(kept.row) === kept.asked;
  };
  const ask = async () => {
    turn?.abort();
    turn = new AbortController();
    const mine = turn;
    signal.addEventListener("abort", () => mine.abort());
    const row = form.row;
    kept.row = row;
    kept.asked = JSON.stringify(row);
    old.hidden = true;
    form.button.setAttribute("aria-busy", "true");
    try {
      const reply = await post(of(card.name, "/predict"), { rows: [row] }, mine.signal);
      const answer = reply.answers[0];
      form.note(answer.notes ?? []);
      await show(row, answer, mine.signal);
      live.textContent = answerSentence(answer, card);
    } catch (error) {
      if (mine.signal.aborted) return;
      panel.replaceChildren(problem(error));
      if (error instanceof Refusal) form.refuse(error.problems);
    } finally {
      if (mine === turn) form.button.removeAttribute("aria-busy");
    }
    if (!inSight(panel)) panel.scrollIntoView({ block: "start" });
  };
  const show = async (row, answer, until) => {
    const first = make("section", { class: "card", "aria-labelledby": "answer-title", "data-view": "answer" },
      make("h2", { id: "answer-title" }, `${say("answer")}: ${card.target}`), old, answerView(answer, card));
    panel.replaceChildren(first);
    let strongest = [];
    if (card.can.explain) {
      const reasons = await reasonsView(card, row, typeof answer.answer === "string" ? answer.answer : "", until);
      panel.append(reasons.element);
      strongest = reasons.strongest;
    }
    const take = (cells) => {
      form.fill({ ...form.row, ...cells });
      ask();
    };
    const more = [
      whatIfView({ card, row, answer, strongest, take: (column, value) => take({ [column.name]: value }), signal: until }),
      otherwiseView(card, row, answer, (changes) => take(Object.fromEntries(changes.map((one) => [one.name, typed(one, card)]))), until),
    ];
    panel.append(...more.filter(Boolean));
  };
  const form = new Form(card, kept.row, { ask, changed });
  if (kept.asked) ask();
  return make("div", { class: "two" }, form.element, panel, live);
}

/** A changed cell as the form takes it: numbers come back as they are written. */
function typed(change, card) {
  const column = card.columns.find((one) => one.name === change.name);
  return column?.kind === "number" && change.to !== null && change.to !== "" ? Number(change.to) : change.to;
}

function inSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return top < innerHeight * 0.7 && bottom > 0;
}
