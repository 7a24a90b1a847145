/* A text as tokens that can be colored, walked through by arrow keys, and opened. */
import { el } from "./dom.mjs";

/** The node, with `show(texts)`, `add(text)`, `paint(i, {background, title, mark})`. `onopen` is
 * told the index of a token that is clicked. */
export function tokens(label, onopen = null) {
  const node = el("div", { class: "lab-tokens", role: onopen ? "toolbar" : null,
    "aria-label": label });
  const all = () => [...node.children];

  node.add = (text) => {
    const first = !node.children.length;
    const opens = onopen ? { role: "button", tabIndex: first ? 0 : -1 } : {};
    const span = el("span", opens, visible(text));
    node.append(span);
    return span;
  };
  node.show = (texts) => {
    node.replaceChildren();
    texts.forEach(node.add);
  };
  node.paint = (i, { background = "", title = "", mark = false }) => {
    const span = node.children[i];
    if (!span) return;
    span.style.background = background;
    span.title = title;
    span.classList.toggle("lab-alarm", mark);
  };
  node.choose = (i) => all().forEach((span, at) => {
    span.tabIndex = at === i ? 0 : -1;
    if (onopen) span.setAttribute("aria-pressed", at === i);
  });
  if (!onopen) return node;

  const open = (span) => {
    const i = all().indexOf(span);
    if (i >= 0) onopen(i);
  };
  node.addEventListener("click", (event) => open(event.target));
  node.addEventListener("keydown", (event) => {
    const i = all().indexOf(document.activeElement);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: node.children.length - 1 };
    if (event.key === "Enter" || event.key === " ") open(document.activeElement);
    else if (node.children[to[event.key]]) {
      node.children[i].tabIndex = -1;
      node.children[to[event.key]].tabIndex = 0;
      node.children[to[event.key]].focus();
    } else return;
    event.preventDefault();
  });
  return node;
}

/** Line ends are seen, and end the line. */
const visible = (text) => text.replace(/\n/g, "↵\n");

/** A background of one band for each of some [color, share from 0 to 1]. */
export function bands(shares) {
  const seen = shares.map(([color, share]) => {
    const part = Math.round(Math.max(0, Math.min(1, share)) * 50);
    return `color-mix(in srgb, ${color} ${part}%, transparent)`;
  });
  if (seen.length === 1) return seen[0];
  const step = 100 / seen.length;
  const stops = seen.map((one, i) => `${one} ${i * step}% ${(i + 1) * step}%`);
  return `linear-gradient(to bottom, ${stops.join(", ")})`;
}
