// How are a share, a range and a pull drawn? As SVG whose geometry is told in percent, so that it fits any width.

import { draw } from "./dom.js";

/** A share from 0 to 1 as a bar on a track. */
export function shareBar(share, strong) {
  return draw("svg", { class: "bar", "aria-hidden": "true", height: 12 },
    draw("rect", { class: "track", width: "100%", height: 12, rx: 3 }),
    draw("rect", { class: strong ? "fill" : "fill weak", width: at(share), height: 12, rx: 3 }));
}

/** An interval and the value in it on a scale from `from` to `to`. */
export function rangeBar({ low, high, value, from, to }) {
  const place = (x) => at((x - from) / (to - from || 1));
  return draw("svg", { class: "range-bar", "aria-hidden": "true", height: 36 },
    draw("line", { class: "axis", x1: 0, x2: "100%", y1: 18, y2: 18 }),
    draw("line", { class: "span", x1: place(low), x2: place(high), y1: 18, y2: 18 }),
    draw("line", { class: "end", x1: place(low), x2: place(low), y1: 9, y2: 27 }),
    draw("line", { class: "end", x1: place(high), x2: place(high), y1: 9, y2: 27 }),
    draw("circle", { class: "dot", cx: place(value), cy: 18, r: 6.5 }));
}

/** One step of a waterfall, from one running total to the next; `scale` turns a total into a share of the width. Its ends are marks, no steps. */
export function stepBar(start, stop, scale, { kind, last = false }) {
  const [a, b] = [scale(start), scale(stop)].sort((x, y) => x - y);
  const wide = Math.max(b - a, 0.004);
  const zero = scale(0);
  const mark = kind === "pos" || kind === "neg"
    ? draw("rect", { class: kind, x: at(a), width: at(wide), y: "20%", height: "60%", rx: 2 })
    : draw("line", { class: "total", x1: at(b), x2: at(b), y1: "14%", y2: "86%" });
  return draw("svg", { class: "step", "aria-hidden": "true" },
    zero > 0 && zero < 1 ? draw("line", { class: "zero", x1: at(zero), x2: at(zero), y1: 0, y2: "100%" }) : null,
    last ? null : draw("line", { class: "joint", x1: at(scale(stop)), x2: at(scale(stop)), y1: "50%", y2: "100%" }),
    kind === "first" ? null : draw("line", { class: "joint", x1: at(scale(start)), x2: at(scale(start)), y1: 0, y2: "50%" }),
    mark);
}

/** A share of the width as an attribute. */
export function at(share) {
  return `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
}
