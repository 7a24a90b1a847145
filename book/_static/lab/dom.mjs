/* Small makers of elements: no framework. */

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.setAttribute("class", value);
    else if (key in node && !(node instanceof SVGElement) && key !== "list") node[key] = value;
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return node;
}

export const el = (tag, props = {}, ...children) =>
  fill(document.createElement(tag), props, children);

export const svg = (tag, props = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);

/** A control under its label. */
export const field = (label, control, extra = {}) =>
  el("label", { class: "lab-field", ...extra }, el("span", {}, label), control);

/** A slider with its value beside it. `show` writes the value. */
export function slider(label, { value, oninput, show = (v) => v.toFixed(2), ...range }) {
  const out = el("b", {}, show(value)); // an output would take the label
  const input = el("input", {
    type: "range", ...range, value,
    oninput: () => {
      out.textContent = show(+input.value);
      oninput(+input.value);
    },
  });
  const node = el("label", { class: "lab-field lab-slider" }, el("span", {}, label, out), input);
  node.set = (to) => {
    input.value = to;
    out.textContent = show(+to);
  };
  return node;
}

/** A menu: options are names, or {group: names}; `none` is an empty first choice. */
export function menu(options, { none, ...props }) {
  const option = (name) => el("option", { value: name }, name);
  const all = Array.isArray(options)
    ? options.map(option)
    : Object.entries(options).map(([label, names]) =>
        el("optgroup", { label }, names.map(option)));
  const { value, ...rest } = props;
  const node = el("select", rest, none != null && el("option", { value: "" }, none), all);
  node.value = value ?? "";
  return node;
}

/** Buttons of which one is chosen: a radio group that looks like a switch. */
export function choice(legend, options, value, onchoose) {
  const name = `lab-${Math.random().toString(36).slice(2)}`;
  const all = Object.entries(options).map(([key, label]) =>
    el("label", {},
      el("input", { type: "radio", name, value: key, checked: key === value,
        onchange: () => onchoose(key) }),
      el("span", {}, label)));
  return el("fieldset", { class: "lab-choice" },
    el("legend", { class: "lab-hidden" }, legend), all);
}

export const button = (text, onclick, extra = {}) =>
  el("button", { type: "button", class: "lab-button", onclick, ...extra }, text);

/** A region that a screen reader reads out, sentence by sentence, as text streams in. */
export function speaker() {
  const node = el("div", { class: "lab-hidden", role: "log", "aria-live": "polite" });
  let pending = "";
  const say = (text, whole = false) => {
    pending += text;
    const end = whole ? pending.length : pending.search(/[.!?]["”’]?\s[^]*$/) + 1;
    if (end <= 0) return;
    const said = pending.slice(0, end).trim();
    if (said) node.append(el("p", {}, said));
    pending = pending.slice(end);
    while (node.childNodes.length > 20) node.firstChild.remove();
  };
  return Object.assign(node, { say });
}

/** A number as the pages write it: no zero before the point, a true minus. */
export function number(value, digits = 2) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return "0";
  return text.replace(/^(-?)0\./, "$1.").replace("-", "−");
}

/** A probability in percent. */
export function percent(p) {
  if (p > 0.999) return "> 99.9 %";
  return p < 0.001 ? "< .1 %" : `${number(100 * p, p < 0.1 ? 1 : 0)} %`;
}
