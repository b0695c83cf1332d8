// How are many rows answered? A file goes to the server in pieces, so that it may be of any size, and comes back as one table.

import { of, postPatiently } from "./api.js";
import { freshId, make } from "./dom.js";
import { problem } from "./problem.js";
import { headless, records, Slices, wide } from "./slices.js";
import { number, percent, say } from "./words.js";

const PIECE = 1 << 20; // bytes
const PREVIEW = 8; // rows
const LONG = 120; // letters of a cell that are shown of it
const SEEN = 200_000; // bytes that they are looked for in
const KINDS = { parquet: "application/vnd.apache.parquet", arrow: "application/vnd.apache.arrow.file", feather: "application/vnd.apache.arrow.file" };

/** The view where a file is dropped; `signal` ends what is under way. */
export function batchView(card, signal) {
  const id = freshId("file");
  const place = make("div", {});
  const input = make("input", { id, type: "file", accept: ".csv,.tsv,.txt,.parquet,.arrow,.feather,text/csv" });
  let stop = null;
  const start = async (file) => {
    stop?.abort();
    stop = new AbortController();
    await run(card, file, place, stop, signal);
    input.value = ""; // the same file may be chosen again
  };
  input.addEventListener("change", () => input.files.length && start(input.files[0]));
  const zone = make("div", { class: "drop" },
    make("p", {}, make("label", { for: id }, say("drop")), " "), input,
    make("p", { class: "quiet" }, say("drop_help", { names: card.columns.length })));
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) start(event.dataTransfer.files[0]);
  });
  signal.addEventListener("abort", () => stop?.abort());
  return make("section", { class: "card", "aria-labelledby": "batch-title" },
    make("h2", { id: "batch-title" }, say("batch")), make("p", {}, say("batch_help")), zone, place);
}

async function run(card, file, place, stop, signal) {
  const bar = make("progress", { max: file.size || 1, value: 0, "aria-label": say("progress") });
  const told = make("p", { role: "status", class: "told-progress" }, say("working"));
  const cancel = make("button", { type: "button", click: () => stop.abort() }, say("cancel"));
  const box = make("div", { class: "progress" }, make("p", {}, make("b", {}, file.name)), bar, told, make("p", {}, cancel));
  const onKey = (event) => event.key === "Escape" && stop.abort();
  document.addEventListener("keydown", onKey);
  place.replaceChildren(box);
  const gathered = { parts: [], rows: 0, preview: "", wide: false };
  try {
    await answered(card, file, gathered, stop.signal, (done) => {
      bar.value = done;
      told.textContent = say("done", { share: percent(done / (file.size || 1)), n: gathered.rows });
    });
    place.replaceChildren(finished(card, file, gathered));
  } catch (error) {
    if (signal.aborted || !box.isConnected) return; // another view, or another file, has taken the place
    const whole = stop.signal.aborted ? make("p", { role: "status" }, say("cancelled")) : problem(error, gathered.rows);
    const begun = gathered.rows ? make("p", { class: "quiet" }, say("begun", { n: gathered.rows }), " ", download(card, file, gathered)) : null;
    place.replaceChildren(whole, ...(begun ? [begun] : []));
  } finally {
    document.removeEventListener("keydown", onKey);
  }
}

/** Send a file and gather what comes back; `tell` is called with the bytes that are answered. */
async function answered(card, file, gathered, signal, tell) {
  const path = of(card.name, "/predict?columns=input");
  const ending = file.name.toLowerCase().split(".").at(-1);
  const first = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const kind = KINDS[ending] ?? (ending === "tsv" ? "text/tab-separated-values" : "text/csv");
  if (ending in KINDS || wide(first)) {
    gather(gathered, await postPatiently(path, file, kind, signal));
    return tell(file.size);
  }
  const slices = new Slices(PIECE);
  const reader = file.stream().getReader();
  let done = 0;
  const send = async (pieces) => {
    for (const piece of pieces) gather(gathered, await postPatiently(path, piece, kind, signal));
  };
  for (;;) {
    const { done: over, value } = await reader.read();
    signal.throwIfAborted();
    if (over) break;
    const pieces = slices.push(value);
    await send(pieces);
    done += value.length;
    if (pieces.length) tell(done);
  }
  await send(slices.end());
  return tell(file.size);
}

function gather(gathered, { table, own }) {
  const { rest, rows } = headless(table);
  if (!gathered.parts.length) {
    gathered.own = own;
    gathered.preview = new TextDecoder().decode(table.subarray(0, SEEN));
  }
  gathered.wide ||= table.some((byte) => byte > 127);
  gathered.parts.push(new Blob([gathered.parts.length ? rest : table]));
  gathered.rows += rows;
}

function finished(card, file, gathered) {
  // Answers are what was asked for: on the page they stand before the columns that were sent, in the file behind them.
  const turned = (row) => [...row.slice(gathered.own), ...row.slice(0, gathered.own)];
  const [head, ...rows] = records(gathered.preview, PREVIEW + 1).map(turned);
  return make("div", { class: "finished" },
    make("p", { role: "status" }, make("b", {}, say("finished", { n: gathered.rows, name: file.name }))),
    make("p", {}, download(card, file, gathered)),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("preview", { n: Math.min(PREVIEW, rows.length) }) },
      make("table", { class: "data" },
        make("caption", {}, say("preview", { n: Math.min(PREVIEW, rows.length) })),
        make("thead", {}, make("tr", {}, (head ?? []).map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, rows.map((row) => make("tr", {}, row.map((value) => make("td", {}, short(value)))))))));
}

function short(value) {
  const found = value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isNaN(found) || /^0\d/.test(value)) return value.length > LONG ? `${value.slice(0, LONG)}…` : value;
  return number(found);
}

function download(card, file, gathered) {
  const name = `${file.name.replace(/\.[^.]*$/, "")}-${card.name}.csv`;
  const mark = gathered.wide ? ["\ufeff"] : []; // without which Excel reads Chinese in the code page of the machine
  const href = URL.createObjectURL(new Blob([...mark, ...gathered.parts], { type: "text/csv" }));
  return make("a", { class: "button primary", href, download: name }, say("download"));
}
