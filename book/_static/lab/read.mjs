/* Read: a text whose tokens take the colors of the chosen emotions. */
import { button, el, field, menu, number } from "./dom.mjs";
import { drawer } from "./drawer.mjs";
import { bands, tokens } from "./tokens.mjs";

export const COLORS = ["var(--lab-1)", "var(--lab-2)", "var(--lab-3)"];
const PLACES = ["one", "two", "three"];

/** What the model holds at each token: {texts, ids, scores(token, emotion, layer)}. */
export async function readText(lab, request, tell) {
  const { directions, engine } = lab, k = directions.emotions.length;
  const found = { texts: [], ids: [], at: [] };
  const on = {
    prompt: ({ texts, ids }) => Object.assign(found, { texts, ids }),
    progress: ({ progress }) => tell?.(progress),
    reading: ({ at, T, values }) => {
      for (let t = 0; t < T; t++)
        found.at[at + t] = values.map((all) => all.subarray(t * k, (t + 1) * k));
    },
  };
  const reads = directions.reads();
  const end = await engine.write({ ...request, rows: [{}], n: 0, reads }, on);
  found.score = (i, emotion, layer = directions.layer) =>
    found.at[i][directions.place(layer)][directions.emotions.indexOf(emotion)] /
    directions.norm(layer);
  return end.type === "done" ? found : null;
}

export function read(lab) {
  const { state, directions, texts } = lab;
  let found = null;
  const box = el("textarea", { rows: 5, spellcheck: false, value: state.values.text,
    oninput: () => state.set({ text: box.value }) });
  const samples = Object.keys(texts.stories).map((name) =>
    button(name, () => take(texts.stories[name]), { class: "lab-chip" }));
  const menus = PLACES.map((place, i) => {
    const control = menu(directions.byCluster, { none: "none", value: state.values[place],
      onchange: () => state.set({ [place]: control.value }) });
    const swatch = el("i", { style: `background:${COLORS[i]}` });
    return field(["color of", swatch], control);
  });
  const shown = tokens("The text, token by token: arrow keys move, Enter opens.", open);
  const legend = el("p", { class: "lab-legend" });
  const more = drawer(lab, () => chosen().map(({ name, color }) => [name, color]));
  const go = button("Read", run, { class: "lab-button lab-main" });

  const chosen = () => PLACES.map((place, i) => ({ name: state.values[place], color: COLORS[i] }))
    .filter(({ name }) => directions.has(name));

  function take(text) {
    box.value = text;
    state.set({ text });
    run();
  }

  async function run() {
    if (!box.value.trim()) return lab.say("There is no text to read: type one, or take a story.");
    more.shut();
    await lab.busy(async (tell) => {
      const read = await readText(lab, { prompt: box.value }, tell);
      if (!read) return;
      found = read;
      shown.show(found.texts);
      paint();
    });
  }

  function paint() {
    if (!found) return;
    const emotions = chosen(), from = found.texts.length > 1 ? 1 : 0;
    const score = (i, name) => found.score(i, name);
    const places = found.at.map((_, i) => i).slice(from);
    const all = emotions.flatMap(({ name }) => places.map((i) => score(i, name)));
    const top = Math.max(0.05, ...all);
    found.texts.forEach((_, i) => {
      if (i < from || !emotions.length) return shown.paint(i, {});
      const background = bands(emotions.map(({ name, color }) => [color, score(i, name) / top]));
      const title = emotions.map(({ name }) => `${name} ${number(score(i, name))}`).join("\n");
      shown.paint(i, { background, title });
    });
    legend.replaceChildren(...emotions.map(({ name, color }) => el("span", { class: "lab-scale" },
      el("b", {}, name), "0",
      el("i", { style: `background:linear-gradient(to right, transparent, ${bands([[color, 1]])})` }),
      number(top))), el("small", {}, `share of the mean residual norm at layer ${directions.layer}; ` +
        "the first token is left out"));
  }

  function open(i) {
    shown.choose(i);
    more.open(found, i);
  }

  return {
    node: el("div", { class: "lab-read" },
      field("A text", box),
      el("div", { class: "lab-row" }, go, el("span", { class: "lab-chips" },
        el("span", {}, "or a story: "), samples)),
      el("div", { class: "lab-row lab-menus" }, menus),
      shown, legend, more),
    run,
    start() {
      box.value ||= texts.stories.afraid;
      run();
    },
    changed(keys) {
      if (keys.some((key) => PLACES.includes(key))) paint();
    },
  };
}
