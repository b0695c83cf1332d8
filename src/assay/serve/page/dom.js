// How is a piece of the page made? Always as elements and text nodes: what a model or a file says is never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element; attributes that are true stand without a value, those that are null or false are left out, functions listen. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. Geometry stands in attributes, since the policy of the page takes no style attributes. */
export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** An icon: a file of its own, laid over the colour of the text around it; its meaning stands beside it in words. */
export function icon(name) {
  return make("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** A new id, for labels and descriptions. */
export function freshId(start) {
  count += 1;
  return `${start}-${count}`;
}

let count = 0;

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
