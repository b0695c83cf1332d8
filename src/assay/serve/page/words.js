// In which language does the page speak, and how are numbers written in it?

const KEPT = "assay.lang";
let all = { en: {}, zh: {} };
let lang = "en";

/** Fetch the sentences and settle the language: what was chosen before, else that of the browser. */
export async function learnWords() {
  const reply = await fetch("/page/words.json", { credentials: "same-origin" });
  if (!reply.ok) throw new Error(`words.json: ${reply.status}`);
  all = await reply.json();
  speak(kept() ?? ((navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en"));
}

/** The language in use. */
export function language() {
  return lang;
}

/** Speak another language from now on, and remember it. */
export function choose(next) {
  speak(next);
  try {
    localStorage.setItem(KEPT, next);
  } catch {
    // A browser that keeps nothing speaks the language of the visit only.
  }
}

/** A sentence with its values; {n:row|rows} gives the word for one or for several. */
export function say(key, values = {}) {
  const template = all[lang][key] ?? all.en[key];
  if (template === undefined) throw new Error(`no sentence '${key}'`);
  return template.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (_, name, one, several) => {
    if (one !== undefined) return values[name] === 1 ? one : several;
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value);
  });
}

/** Whether there is such a sentence. */
export function known(key) {
  return key in all.en;
}

/** A number as people read it: four significant digits, whole numbers whole. */
export function number(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const whole = Number.isInteger(value) && Math.abs(value) < 1e15;
  const size = Math.abs(value);
  const odd = size >= 1e9 || (size !== 0 && size < 1e-4);
  const options = odd && !whole
    ? { notation: "scientific", maximumSignificantDigits: 3 }
    : whole || size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
  return minus(new Intl.NumberFormat(lang, options).format(value));
}

/** A number with its sign. */
export function signed(value) {
  const rounded = Number(value.toPrecision(3));
  return rounded < 0 ? number(rounded) : `+${number(rounded)}`;
}

/** A share as a percentage; what is not certain is never said to be. */
export function percent(share) {
  if (typeof share !== "number" || !Number.isFinite(share)) return "–";
  if (share < 1 && share > 0.9995) return "> 99.9 %";
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  const digits = share < 0.1 || share > 0.9 || Math.abs(share - 0.5) < 0.01 ? 1 : 0; // near the ends and the border of two answers
  return `${new Intl.NumberFormat(lang, { maximumFractionDigits: digits }).format(100 * share)} %`;
}

/** Names in a row, with the comma of the language. */
export function listed(names) {
  return names.map(String).join(lang === "zh" ? "、" : ", ");
}

/** Sentences one after the other; empty ones are left out, and Chinese ones need no space. */
export function sentences(...said) {
  return said.filter(Boolean).join(lang === "zh" ? "" : " ");
}

/** A cell as people read it: flags in the words of the table, or as yes and no; nothing as unknown. */
export function cell(value, column) {
  if (value === null || value === undefined || value === "") return say("unknown");
  if (column?.kind === "flag") {
    const [yes, no] = !column.levels || column.levels[0] === "1" ? [say("yes"), say("no")] : column.levels;
    return flag(value, column) ? yes : no;
  }
  return typeof value === "number" ? number(value) : String(value);
}

/** Whether the cell of a flag says yes. */
export function flag(value, column) {
  return value === true || value === 1 || value === "1" || value === column?.levels?.[0];
}

function kept() {
  try {
    const found = localStorage.getItem(KEPT);
    return found === "en" || found === "zh" ? found : null;
  } catch {
    return null;
  }
}

function speak(next) {
  lang = next;
  document.documentElement.lang = next;
}

function minus(text) {
  return text.replace("-", "−");
}
