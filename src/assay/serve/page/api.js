// How does the page ask the server, and what does it make of a refusal?

import { language, say } from "./words.js";

const PATIENCE = 6; // times that a table is sent again
const LONGEST = 30; // seconds between two of them

/** A refusal as the server words it: what was seen, what was expected, what to do; and the single problems. */
export class Refusal extends Error {
  constructor(status, parts, problems = [], seconds = 0) {
    super(parts.seen);
    this.status = status;
    this.parts = parts;
    this.problems = problems;
    this.seconds = seconds; // after which the server asks to try again; 0 where it asks for nothing
  }
}

/** The address of something of one model. */
export function of(model, path) {
  return `/models/${encodeURIComponent(model)}${path}`;
}

/** What a road tells, as JSON. Raises Refusal. */
export async function read(path, signal) {
  return (await ask(path, { signal })).json();
}

/** The same as text. */
export async function readText(path, signal) {
  return (await ask(path, { signal })).text();
}

/** What a question is answered, as JSON; `more` are headers. Raises Refusal. */
export async function post(path, question, signal, more = {}) {
  const reply = await ask(path, {
    method: "POST",
    body: JSON.stringify(question),
    headers: { "Content-Type": "application/json", Accept: "application/json", ...more },
    signal,
  });
  return reply.json();
}

async function postTable(path, body, kind, signal) {
  const reply = await ask(path, { method: "POST", body, headers: { "Content-Type": kind, Accept: "text/csv" }, signal });
  return { table: new Uint8Array(await reply.arrayBuffer()), own: Number(reply.headers.get("x-assay-own-columns")) || 0 };
}

/** The answers to a table, as CSV, and how many of its columns are those that were sent; from a server that may be busy or asked too often for a while. Raises Refusal. */
export async function postPatiently(path, body, kind, signal) {
  for (let turn = 0; ; turn += 1) {
    try {
      return await postTable(path, body, kind, signal);
    } catch (error) {
      if (!(error instanceof Refusal) || error.seconds === 0 || turn === PATIENCE) throw error;
      await pause(Math.min(error.seconds * 2 ** turn, LONGEST), signal);
    }
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}

async function ask(path, options) {
  let reply;
  try {
    reply = await fetch(path, {
      ...options,
      credentials: "same-origin",
      redirect: "error",
      headers: { "Accept-Language": language(), ...options.headers },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Refusal(0, { seen: say("gone.seen"), expected: "", do: say("gone.do") });
  }
  if (!reply.ok) throw await refusal(reply);
  return reply;
}

async function refusal(reply) {
  if (reply.status === 401) return new Refusal(401, { seen: say("signed_out.seen"), expected: "", do: say("signed_out.do") });
  const text = await reply.text();
  let said = null;
  try {
    said = JSON.parse(text);
  } catch {
    // Whoever stands between (a proxy) may answer with a page of its own: its status is told instead.
  }
  const parts = said?.error?.seen ? said.error : { seen: say("status", { status: String(reply.status) }), expected: "", do: "" };
  return new Refusal(reply.status, parts, said?.problems ?? [], Number(reply.headers.get("retry-after")) || 0);
}
