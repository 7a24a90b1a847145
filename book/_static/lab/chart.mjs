/* Two small drawings: lines over steps, and values on one scale. */
import { number, svg } from "./dom.mjs";

const LEFT = 44, RIGHT = 12, TOP = 12, BOTTOM = 26;
const width = () => Math.max(280, Math.min(640, innerWidth - 60));

/** Lines over steps: `lines` are {values, color, name}, null where there is no value.
 * `marks` are [first, last] stretches; `threshold` a level. */
export function lines({ lines: all, steps, height = 180, label, threshold, marks = [], below }) {
  const W = width();
  const n = Math.max(2, steps.length), values = all.flatMap(({ values: own }) => own);
  const seen = values.filter((value) => value != null && Number.isFinite(value));
  const low = Math.min(0, ...seen), high = Math.max(0.05, threshold ?? 0, ...seen) * 1.08;
  const x = (i) => LEFT + (i / (n - 1)) * (W - LEFT - RIGHT);
  const y = (v) => TOP + ((high - v) / (high - low)) * (height - TOP - BOTTOM);
  const path = (own) => own.map((v, i) => v == null ? "" :
    `${i && own[i - 1] != null ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const level = (v, name) => [
    svg("line", { x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v), class: name }),
    svg("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, number(v)),
  ];
  const every = Math.ceil(steps.length / (W < 400 ? 5 : 8));
  return svg("svg", { viewBox: `0 0 ${W} ${height}`, class: "lab-chart", role: "img",
    "aria-label": label },
    marks.map(([first, last]) => svg("rect", { class: "lab-alarm-band", x: x(first) - 3,
      y: TOP, width: x(last) - x(first) + 6, height: height - TOP - BOTTOM })),
    level(0, "lab-zero"), level(high / 1.08, "lab-grid"),
    threshold != null && level(threshold, "lab-threshold"),
    all.map(({ values: own, color, name, dots }) => [
      svg("path", { d: path(own), stroke: color, class: "lab-line" }, svg("title", {}, name)),
      dots && own.map((v, i) => svg("circle", { cx: x(i), cy: y(v), r: 3.5, fill: color })),
    ]),
    steps.map((step, i) => i % every === 0 && svg("text",
      { x: x(i), y: height - 8, "text-anchor": "middle" }, step)),
    below && svg("text", { x: 0, y: height - 8 }, below));
}

/** Values on one scale from -reach to reach: `rows` are {name, value, color, others}, where
 * `others` are ticks of controls. */
export function bars({ rows, reach, label, ends }) {
  const W = width(), start = Math.min(104, W / 3), zero = (W + start) / 2;
  const high = 46, height = rows.length * high + 46;
  const x = (v) => zero + (Math.max(-reach, Math.min(reach, v)) / reach) * (W - start - 40) / 2;
  const ticks = [-1, -0.5, 0.5, 1].map((share) => share * reach);
  return svg("svg", { viewBox: `0 0 ${W} ${height}`, class: "lab-chart", role: "img",
    "aria-label": label },
    ticks.map((v) => [
      svg("line", { x1: x(v), x2: x(v), y1: 4, y2: height - 42, class: "lab-grid" }),
      svg("text", { x: x(v), y: height - 26, "text-anchor": "middle" }, number(v, 1)),
    ]),
    svg("line", { x1: zero, x2: zero, y1: 4, y2: height - 42, class: "lab-zero" }),
    ends.map((text, i) => svg("text", { x: i ? W - 10 : 0, y: height - 6,
      "text-anchor": i ? "end" : "start" }, text)),
    rows.map(({ name, value, color, others = [] }, i) => [
      svg("text", { x: 0, y: i * high + 28 }, name),
      value != null && svg("rect", { x: Math.min(zero, x(value)), y: i * high + 12, rx: 3,
        width: Math.max(2, Math.abs(x(value) - zero)), height: 22, fill: color }),
      others.map((v) => svg("line", { x1: x(v), x2: x(v), y1: i * high + 8,
        y2: i * high + 38, class: "lab-tick" })),
    ]));
}
