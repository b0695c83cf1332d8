// At which values of one column is the model asked, to see how its answer moves? Pure: no page, no server.

const POINTS = 25;
const MOST_LEVELS = 40;
const DAY = 86_400_000;

/** Whether there is anything to try in a column. */
export function triable(column) {
  return Boolean(column.levels?.length) || (ranged(column) && column.low !== column.high);
}

/** The values that are tried, the row's own among them; `own` is its place, -1 where it is unknown. */
export function tried(column, value) {
  const values = column.levels ? levels(column, value) : column.kind === "date" ? dates(column, value) : numbers(column, value);
  return { values, own: values.findIndex((one) => one === (typeof one === "string" && value !== null ? String(value) : value)) };
}

function ranged(column) {
  return column.low !== null && column.high !== null && (column.kind === "number" || column.kind === "date");
}

function levels(column, value) {
  const some = column.levels.slice(0, MOST_LEVELS);
  return value === null || some.includes(String(value)) ? some : [...some, String(value)];
}

function numbers(column, value) {
  const { low, high } = column;
  const whole = [low, high, column.example, value].every((x) => x === null || Number.isInteger(x));
  const places = whole ? Math.min(POINTS, high - low + 1) : POINTS;
  const made = Array.from({ length: places }, (_, k) => low + ((high - low) * k) / (places - 1));
  const rounded = made.map((x) => (whole ? Math.round(x) : Number(x.toPrecision(5))));
  return sorted(value === null ? rounded : [...rounded, value], (a, b) => a - b);
}

function dates(column, value) {
  const [low, high] = [Date.parse(column.low), Date.parse(column.high)];
  const places = Math.min(POINTS, Math.round((high - low) / DAY) + 1);
  const made = Array.from({ length: places }, (_, k) => low + ((high - low) * k) / (places - 1));
  const days = made.map((time) => new Date(Math.round(time / DAY) * DAY).toISOString().slice(0, 10));
  return sorted(value === null ? days : [...days, String(value)], (a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

function sorted(values, order) {
  return [...new Set(values)].sort(order);
}
