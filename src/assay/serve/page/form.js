// What does a person fill in, and which row does that make? One field a column, made from the model's schema; an empty field is an unknown value.

import { freshId, icon, make } from "./dom.js";
import { cell, flag, number, say, sentences } from "./words.js";

const FEW_LEVELS = 12; // that stand in a select; more are found by typing
const MANY_FIELDS = 12; // from which on fields can be searched

/** The form of a model. `ask` is called when it is sent, `changed` when a value changes. */
export class Form {
  constructor(card, row, { ask, changed }) {
    this.fields = card.columns.map((column) => field(column, row[column.name]));
    this.changed = changed;
    this.button = make("button", { type: "submit", class: "primary" }, say("ask"));
    const typical = Object.values(card.example).some((value) => value !== null); // files of the first releases keep none
    const tools = make("div", { class: "form-tools" },
      typical ? make("button", { type: "button", click: () => this.fill(card.example) }, say("example")) : null,
      make("button", { type: "button", click: () => this.fill({}) }, say("empty")));
    this.element = make("form", { class: "card form", novalidate: true, autocomplete: "off", "aria-labelledby": "form-title" },
      make("h2", { id: "form-title" }, say("form")),
      make("p", { class: "quiet" }, sentences(typical ? say("form_help") : "", say("form_unknown"))),
      tools, this.search(),
      make("div", { class: "fields" }, this.fields.map((one) => one.element)),
      make("div", { class: "send" }, this.button));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.sound()) ask();
    });
    this.element.addEventListener("input", () => changed());
  }

  /** The row as it stands in the form; what is unknown is null. */
  get row() {
    return Object.fromEntries(this.fields.map((one) => [one.column.name, one.read()]));
  }

  /** Fill in the cells of a row; what it lacks becomes unknown. */
  fill(row) {
    for (const one of this.fields) one.write(row[one.column.name] ?? null);
    this.note([]);
    this.changed();
  }

  /** Put the notes of an answer beside the fields that they begin with the name of. */
  note(notes) {
    const byLength = [...this.fields].sort((a, b) => b.column.name.length - a.column.name.length);
    for (const one of this.fields) one.tell([]);
    const own = new Map();
    for (const note of notes) {
      const of = byLength.find((one) => note.startsWith(one.column.name));
      if (of) own.set(of, [...(own.get(of) ?? []), note]);
    }
    for (const [one, said] of own) one.tell(said);
  }

  /** Put the problems of a refusal beside their fields. */
  refuse(problems) {
    this.note([]);
    for (const one of this.fields) {
      const own = problems.filter((problem) => problem.column === one.column.name);
      if (own.length) one.wrong(own.map((problem) => [problem.seen, problem.expected].filter(Boolean).join(" ")));
    }
  }

  /** Whether every field can be read; the first that cannot be gets the focus. */
  sound() {
    const bad = this.fields.filter((one) => !one.sound());
    if (bad.length) bad[0].focus();
    return bad.length === 0;
  }

  search() {
    if (this.fields.length <= MANY_FIELDS) return null;
    const id = freshId("search");
    const box = make("input", { id, type: "search", placeholder: say("find_field") });
    box.addEventListener("input", (event) => {
      event.stopPropagation();
      const wanted = box.value.trim().toLowerCase();
      for (const one of this.fields) one.element.hidden = !one.column.name.toLowerCase().includes(wanted);
    });
    return make("div", { class: "search" }, make("label", { class: "hidden", for: id }, say("find_field")), box);
  }
}

function field(column, value) {
  const id = freshId("field");
  const hint = make("p", { class: "hint", id: `${id}-hint` }, hintOf(column));
  const told = make("p", { class: "told", id: `${id}-told` });
  const input = inputOf(column, id);
  const beside = () => tell(rangeNote(column, input.read()));
  const tell = (notes, wrong = false) => {
    told.replaceChildren(...(notes.length ? [icon(wrong ? "fail" : "warn"), make("span", {}, notes.join(" "))] : []));
    told.classList.toggle("wrong", wrong);
    if (wrong) input.control.setAttribute("aria-invalid", "true");
    else input.control.removeAttribute("aria-invalid");
  };
  input.control.setAttribute("aria-describedby", `${id}-hint ${id}-told`);
  const element = make("div", { class: column.kind === "text" ? "field wide" : "field" },
    make("label", { for: id }, column.name), input.element, hint, told);
  element.addEventListener("input", beside);
  input.write(value ?? null);
  beside();
  return {
    column,
    element,
    read: input.read,
    write: (next) => {
      input.write(next);
      beside();
    },
    tell: (notes) => (notes.length ? tell(notes) : beside()),
    wrong: (notes) => tell(notes, true),
    sound: () => {
      const sound = !input.control.validity.badInput;
      if (!sound) tell([say(`unread.${column.kind === "date" ? "date" : "number"}`)], true);
      return sound;
    },
    focus: () => {
      element.hidden = false;
      input.control.focus();
    },
  };
}

function hintOf(column) {
  if (column.low !== null && column.high !== null) {
    const [low, high] = [column.low, column.high].map((x) => (typeof x === "number" ? number(x) : x.replaceAll("-", "\u2011")));
    return say("usual", { low, high });
  }
  if (column.levels && column.kind !== "flag" && column.levels.length > FEW_LEVELS) return say("levels", { n: column.levels.length });
  return "";
}

function rangeNote(column, value) {
  if (value === null || column.low === null || column.high === null) return [];
  return value < column.low || value > column.high ? [say("beyond")] : [];
}

function inputOf(column, id) {
  if (column.kind === "number") return numberInput(id);
  if (column.kind === "flag") return flagInput(id, column);
  if (column.kind === "date") return plainInput(id, { type: "date" });
  if (column.kind === "text") return textInput(id);
  if (column.kind === "picture") return pictureInput(id);
  if (column.levels && column.levels.length <= FEW_LEVELS) return levelInput(id, column);
  return searchedInput(id, column.levels ?? []);
}

function numberInput(id) {
  const control = make("input", { id, type: "number", step: "any", inputmode: "decimal", placeholder: say("unknown") });
  return {
    element: control,
    control,
    read: () => (control.value === "" ? null : control.valueAsNumber),
    write: (value) => {
      control.value = value === null ? "" : String(value);
    },
  };
}

function plainInput(id, attributes) {
  const control = make("input", { id, placeholder: say("unknown"), ...attributes });
  return written(control, control);
}

function textInput(id) {
  const control = make("textarea", { id, rows: 4, placeholder: say("unknown") });
  return written(control, control);
}

function written(element, control) {
  return {
    element,
    control,
    read: () => (control.value === "" ? null : control.value),
    write: (value) => {
      control.value = value === null ? "" : String(value);
    },
  };
}

function searchedInput(id, levels) {
  const list = make("datalist", { id: `${id}-levels` }, levels.map((level) => make("option", { value: level })));
  const control = make("input", { id, list: levels.length ? list.id : null, placeholder: say("unknown") });
  return written(make("div", {}, control, list), control);
}

/** Yes and no, in the words of the table where it has words. */
function flagInput(id, column) {
  const [yes, no] = column.levels ?? ["1", "0"];
  const control = make("select", { id },
    make("option", { value: "" }, say("unknown")), ...[yes, no].map((value) => make("option", { value }, cell(value, column))));
  return {
    element: control,
    control,
    read: () => (control.value === "" ? null : control.value),
    write: (value) => {
      control.value = value === null ? "" : flag(value, column) ? yes : no;
    },
  };
}

/** Few levels: a select; a value that training hardly saw can still be written. */
function levelInput(id, column) {
  const [UNKNOWN, OTHER] = ["u", "o"];
  const control = make("select", { id },
    make("option", { value: UNKNOWN }, say("unknown")),
    column.levels.map((level, place) => make("option", { value: String(place) }, cell(level))),
    make("option", { value: OTHER }, say("other_value")));
  const other = make("input", { "aria-label": say("other_of", { name: column.name }), hidden: true });
  const show = () => {
    other.hidden = control.value !== OTHER;
  };
  control.addEventListener("change", () => {
    show();
    if (!other.hidden) other.focus();
  });
  return {
    element: make("div", { class: "level" }, control, other),
    control,
    read: () => {
      if (control.value === UNKNOWN) return null;
      return control.value === OTHER ? other.value || null : column.levels[Number(control.value)];
    },
    write: (value) => {
      const place = value === null ? -1 : column.levels.indexOf(String(value));
      control.value = value === null ? UNKNOWN : place < 0 ? OTHER : String(place);
      other.value = value !== null && place < 0 ? String(value) : "";
      show();
    },
  };
}

function pictureInput(id) {
  const control = make("input", { id, type: "file", accept: "image/*" });
  const seen = make("img", { class: "seen", alt: say("picture"), hidden: true });
  let held = null;
  const show = (next) => {
    held = next;
    seen.hidden = held === null;
    if (held === null) seen.removeAttribute("src");
    else seen.src = held;
  };
  control.addEventListener("change", () => {
    if (!control.files.length) return show(null);
    const reader = new FileReader();
    reader.addEventListener("load", () => show(reader.result));
    reader.readAsDataURL(control.files[0]);
    return undefined;
  });
  return {
    element: make("div", {}, control, seen),
    control,
    read: () => held,
    write: (value) => {
      if (value === null) control.value = "";
      show(typeof value === "string" && value.startsWith("data:image/") ? value : null);
    },
  };
}
