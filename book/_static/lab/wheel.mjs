/* The wheel: 171 emotion words by their ratings, pleasant to the right, stirred on top. */
import { color } from "./directions.mjs";
import { el, svg } from "./dom.mjs";

const APART = 0.088, ROUNDS = 80, NAMED = 15;

/** A wheel whose words can be picked by pointer and by arrow keys. `shown` gives the
 * present push {a, b, mix}; `onpick` is told a word. Returns the node, with `update`. */
export function wheel(directions, shown, onpick) {
  const places = spread(directions);
  const words = directions.emotions.map((name, i) =>
    svg("circle", { cx: places[i][0], cy: -places[i][1], r: 0.023,
      fill: color(directions.at(name)) }, svg("title", {}, name)));
  const names = landmarks(places).map((i) => svg("text", {
    x: places[i][0], y: -places[i][1] - 0.05,
    "text-anchor": places[i][0] > 0.6 ? "end" : places[i][0] < -0.6 ? "start" : "middle",
  }, directions.emotions[i]));
  const marks = svg("g", { class: "lab-marks" });
  const drawing = svg("svg", {
    viewBox: "-1.2 -1.2 2.4 2.4", class: "lab-wheel", tabindex: 0, role: "application",
    "aria-label": "Wheel of emotions. Arrow keys move to the next word in that direction.",
  }, axes(), words, names, marks);
  const said = el("p", { class: "lab-picked", "aria-live": "polite" });
  const node = el("div", { class: "lab-wheel-box" }, drawing, said);

  const pick = ({ clientX, clientY }) => {
    const box = drawing.getBoundingClientRect(), scale = 2.4 / box.width;
    const at = [(clientX - box.left) * scale - 1.2, 1.2 - (clientY - box.top) * scale];
    onpick(directions.emotions[nearest(places, at)]);
  };
  drawing.addEventListener("pointerdown", (event) => {
    drawing.setPointerCapture(event.pointerId);
    pick(event);
  });
  drawing.addEventListener("pointermove", (event) => event.buttons && pick(event));
  drawing.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!way[event.key]) return;
    event.preventDefault();
    const from = directions.emotions.indexOf(shown().a);
    onpick(directions.emotions[next(places, from, way[event.key])]);
  });

  node.update = () => {
    const { a, b, mix } = shown();
    const of = (name) => places[directions.emotions.indexOf(name)];
    const [one, two] = [of(a), b ? of(b) : null];
    const ring = ([x, y], r) => svg("circle", { cx: x, cy: -y, r, class: "lab-ring" });
    const mixed = two && one.map((value, i) => (1 - mix) * value + mix * two[i]);
    marks.replaceChildren(...[
      two && svg("line", { x1: one[0], y1: -one[1], x2: two[0], y2: -two[1] }),
      ring(one, 0.05), two && ring(two, 0.05),
      svg("circle", { cx: (mixed ?? one)[0], cy: -(mixed ?? one)[1], r: 0.036,
        class: "lab-handle", fill: color(directions.point(shown())) }),
    ].filter(Boolean));
    said.textContent = b ? `${a} and ${b}` : a;
  };
  node.update();
  return node;
}

function axes() {
  const word = (x, y, text, turn = 0) => svg("text", { "text-anchor": "middle",
    transform: `translate(${x} ${y}) rotate(${turn})`, class: "lab-axis" }, text);
  return svg("g", { "aria-hidden": "true" },
    svg("circle", { r: 1.08, class: "lab-rim" }),
    svg("path", { d: "M-1.08 0H1.08M0 -1.08V1.08", class: "lab-cross" }),
    word(1.12, 0, "pleasant", 90), word(-1.12, 0, "unpleasant", -90),
    word(0, -1.12, "stirred"), word(0, 1.17, "still"));
}

/** Where words are drawn: near their ratings, and no two upon each other. */
function spread({ valence, arousal }) {
  const home = valence.map((v, i) => inside(v, arousal[i]));
  const places = home.map(([x, y], i) => // words with the same ratings part at once
    [x + 0.01 * Math.cos(2.4 * i), y + 0.01 * Math.sin(2.4 * i)]);
  for (let round = 0; round < ROUNDS; round++)
    places.forEach((p, i) => {
      for (let j = 0; j < i; j++) part(p, places[j]);
      p[0] += 0.02 * (home[i][0] - p[0]);
      p[1] += 0.02 * (home[i][1] - p[1]);
    });
  return places;
}

/** The square of ratings as a disk. */
const inside = (x, y) => [x * Math.sqrt(1 - (y * y) / 2), y * Math.sqrt(1 - (x * x) / 2)];

function part(p, q) {
  const dx = p[0] - q[0], dy = p[1] - q[1], far = Math.hypot(dx, dy) || 1e-9;
  if (far >= APART) return;
  const by = (APART - far) / far / 2;
  p[0] += dx * by; p[1] += dy * by; q[0] -= dx * by; q[1] -= dy * by;
}

/** Some words, far from each other, to be named: the one at the edge first. */
function landmarks(places) {
  const far = (i, j) => Math.hypot((places[i][0] - places[j][0]) * 0.6, places[i][1] - places[j][1]);
  const all = places.map((_, i) => i), found = [0];
  while (found.length < NAMED)
    found.push(all.reduce((best, i) => {
      const gap = (k) => Math.min(...found.map((j) => far(k, j)));
      return gap(i) > gap(best) ? i : best;
    }, 0));
  return found;
}

function nearest(places, [x, y]) {
  const far = places.map((p) => Math.hypot(p[0] - x, p[1] - y));
  return far.indexOf(Math.min(...far));
}

/** The nearest word in a direction: what lies aside counts double. */
function next(places, from, [x, y]) {
  const cost = places.map((p) => {
    const [dx, dy] = [p[0] - places[from][0], p[1] - places[from][1]];
    const along = dx * x + dy * y, aside = Math.abs(dx * y) + Math.abs(dy * x);
    return along > 1e-3 ? along + 2 * aside : Infinity;
  });
  const best = Math.min(...cost);
  return best === Infinity ? from : cost.indexOf(best);
}
