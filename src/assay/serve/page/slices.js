// Where can a CSV file be cut, so that each piece is a table of its own? Pure: bytes in, pieces out.

const [QUOTE, END] = [0x22, 0x0a];

/**
 * Cuts the bytes of a CSV file into pieces of whole records, each behind the first record again. It counts quotes, so that a line end within
 * a cell is no cut; bytes are looked at, not letters, as in UTF-8, GB 18030 and Latin alike no letter holds these bytes.
 */
export class Slices {
  constructor(most) {
    this.most = most;
    this.head = null;
    this.held = new Uint8Array(0);
    this.seen = 0; // bytes of `held` that were looked at
    this.quoted = false;
    this.cut = 0; // behind the last whole record
  }

  /** Take more bytes; gives the pieces that are full. */
  push(bytes) {
    this.held = joined(this.held, bytes);
    const full = [];
    while (this.seen < this.held.length) {
      const byte = this.held[this.seen];
      this.seen += 1;
      if (byte === QUOTE) this.quoted = !this.quoted;
      if (byte !== END || this.quoted) continue;
      if (this.head === null) this.headIs(this.seen);
      else {
        this.cut = this.seen;
        if (this.cut >= this.most) full.push(this.piece());
      }
    }
    return full;
  }

  /** What is left at the end of the file: the last piece, or none. */
  end() {
    if (this.head === null) {
      this.headIs(this.held.length);
      return [joined(this.head, new Uint8Array(0))];
    }
    this.cut = this.held.length;
    return this.cut ? [this.piece()] : [];
  }

  headIs(stop) {
    const head = this.held.slice(0, stop);
    this.head = head.at(-1) === END ? head : joined(head, Uint8Array.of(END));
    this.held = this.held.slice(stop);
    this.seen = 0;
  }

  piece() {
    const made = joined(this.head, this.held.subarray(0, this.cut));
    this.held = this.held.slice(this.cut);
    this.seen -= this.cut;
    this.cut = 0;
    return made;
  }
}

/** Whether bytes begin as UTF-16 does, whose letters hold the bytes of quotes and line ends. */
export function wide(bytes) {
  return bytes.length > 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
}

/** The records of a small CSV text, as lists of cells; at most `most`. */
export function records(text, most) {
  const found = [];
  let [row, held, quoted] = [[], "", false];
  for (let k = 0; k < text.length && found.length < most; k += 1) {
    const ch = text[k];
    if (quoted) {
      if (ch !== '"') held += ch;
      else if (text[k + 1] === '"') {
        held += '"';
        k += 1;
      } else quoted = false;
    } else if (ch === '"') quoted = true;
    else if (ch === ",") {
      row.push(held);
      held = "";
    } else if (ch === "\n") {
      found.push([...row, held]);
      [row, held] = [[], ""];
    } else if (ch !== "\r") held += ch;
  }
  if (found.length < most && (held || row.length)) found.push([...row, held]);
  return found;
}

/** The bytes behind the first record, and how many records stand in them. */
export function headless(bytes) {
  let [quoted, start, lines] = [false, -1, 0];
  for (let k = 0; k < bytes.length; k += 1) {
    if (bytes[k] === QUOTE) quoted = !quoted;
    if (bytes[k] !== END || quoted) continue;
    if (start < 0) start = k + 1;
    else lines += 1;
  }
  if (start < 0) return { rest: new Uint8Array(0), rows: 0 };
  return { rest: bytes.subarray(start), rows: lines + (bytes.length > start && bytes.at(-1) !== END ? 1 : 0) };
}

function joined(a, b) {
  const made = new Uint8Array(a.length + b.length);
  made.set(a);
  made.set(b, a.length);
  return made;
}
