/* What is behind a token: its scores by layer, the likeliest next words, its emotions. */
import { lines } from "./chart.mjs";
import { randomDirection } from "./directions.mjs";
import { button, el, number, percent } from "./dom.mjs";

const WORDS = 8, NEAR = 8;

/** A drawer under a text. `chosen` gives the [emotion, color]s at hand. */
export function drawer(lab, chosen) {
  const { directions, engine, state } = lab;
  const body = el("div", { class: "lab-columns" });
  const title = el("h2", { tabIndex: -1 });
  const node = el("section", { class: "lab-drawer", hidden: true, "aria-label": "Behind a token",
    onkeydown: (event) => event.key === "Escape" && shut() },
    el("div", { class: "lab-row" }, title, button("Close", shut, { class: "lab-chip" })), body);
  let from = null;

  function shut() {
    if (node.hidden) return;
    node.hidden = true;
    from?.focus();
    from = null;
  }

  async function open(found, i) {
    from = document.activeElement;
    node.hidden = false;
    title.textContent = `“${found.texts[i].trim() || "space"}”, token ${i}`;
    const next = el("div", {}, el("h3", {}, "Likeliest next words"), el("p", {}, "…"));
    body.replaceChildren(byLayer(found, i), near(found, i), next);
    title.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
    try {
      next.replaceChildren(...(await words(found, i)));
    } catch (error) {
      next.replaceChildren(el("p", {}, error.message));
    }
  }

  function byLayer(found, i) {
    const { layers } = directions, own = chosen();
    const drawn = own.map(([name, color]) => ({ name, color, dots: true,
      values: layers.map((layer) => found.score(i, name, layer)) }));
    const told = drawn.map(({ name, values }) => `${name}: ${values.map((v) => number(v))}`);
    return el("div", {}, el("h3", {}, "Score by layer"),
      own.length ? lines({ lines: drawn, steps: layers, height: 230, below: "layer",
        label: `Scores at layers ${layers}. ${told.join("; ")}` })
        : el("p", {}, "Choose an emotion above."),
      el("p", { class: "lab-note" }, layers.length > 1
        ? "Each layer has its own direction and its own norm."
        : `Only layer ${directions.layer} has directions.`));
  }

  function near(found, i) {
    const sorted = directions.emotions.map((name) => [found.score(i, name), name])
      .sort(([a], [b]) => b - a);
    const top = Math.max(0.01, sorted[0][0]);
    return el("div", {}, el("h3", {}, "Emotions it lies nearest to"),
      list(sorted.slice(0, NEAR).map(([score, name]) => [name, score / top, number(score)])));
  }

  /** Next words with no push, along each emotion chosen, and along a random direction. */
  async function words(found, i) {
    const strength = state.values.strength;
    const random = randomDirection(directions.d, state.values.seed);
    const ways = [["no push", []],
      ...chosen().filter(([name]) => directions.has(name)).map(([name, color]) =>
        [`${name} ${number(strength)}`, directions.push(directions.vector(name), strength), color]),
      [`random ${number(strength)}`, directions.push(random, strength)]];
    const tops = [];
    const rows = ways.map(([, pushes]) => ({ pushes }));
    const request = { ids: found.ids.slice(0, i + 1), rows, n: 0, top: WORDS };
    await engine.write(request, { top: ({ row, top }) => (tops[row] = top) });
    return [el("h3", {}, "Likeliest next words"), el("div", { class: "lab-columns" },
      ways.map(([told, , color], row) => el("div", {}, el("h4", {}, told),
        list((tops[row] ?? []).map(({ text, logprob }) =>
          [text, Math.exp(logprob), percent(Math.exp(logprob))]),
        color))))];
  }

  return Object.assign(node, { open, shut });
}

/** Names with bars: [name, share from 0 to 1, what is written behind it]. */
export const list = (rows, color = "var(--lab-quiet)") => el("ol", { class: "lab-list" },
  rows.map(([name, share, told]) => el("li", {},
    el("i", { style: `width:${Math.max(0, share * 100).toFixed(1)}%;background:${color}` }),
    el("span", {}, name.trim() ? name : name.replace(/\n/g, "↵").replace(/ /g, "␣")),
    el("b", {}, told))));
