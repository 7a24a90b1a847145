/* Watch: a monitor whose threshold the reader sets, on a text and on what is written. */
import { lines } from "./chart.mjs";
import { button, el, field, menu, number, slider, speaker } from "./dom.mjs";
import { bands, tokens } from "./tokens.mjs";

const COLOR = "var(--lab-2)", MORE = 60;

/** The mean over each position and those before it, `window` in all, from position 1 on;
 * null where there are not yet so many. `smooth_from` of helpers/monitor. */
export function smooth(scores, window, start = 1) {
  return scores.map((_, i) => {
    if (i - start < window - 1) return null;
    const part = scores.slice(i - window + 1, i + 1);
    return part.reduce((sum, one) => sum + one, 0) / window;
  });
}

/** Stretches of positions whose mean is above the threshold: [first, last, peak]. */
export function alarms(means, threshold) {
  const found = [];
  means.forEach((mean, i) => {
    if (!(mean > threshold)) return;
    const last = found.at(-1);
    if (last?.[1] === i - 1) {
      last[1] = i;
      last[2] = Math.max(last[2], mean);
    } else found.push([i, i, mean]);
  });
  return found;
}

export function watch(lab) {
  const { state, directions, engine, texts } = lab;
  let found = { texts: [], scores: [], written: 0 };
  const samples = {};
  for (const [name, text] of Object.entries(texts.stories)) samples[`a story: ${name}`] = text;
  texts.episodes.forEach(({ kind, state: said, text }, i) =>
    (samples[`episode ${i + 1}: ${kind === "silent" ? "nobody says how they feel" : said}`] = text));
  const sample = menu(Object.keys(samples), { none: "choose", onchange: () => {
    if (!sample.value) return;
    box.value = samples[sample.value];
    state.set({ episode: box.value });
    run();
  } });
  const box = el("textarea", { rows: 5, spellcheck: false,
    value: state.values.episode || texts.stories.desperate,
    oninput: () => state.set({ episode: box.value }) });
  const emotion = menu(directions.byCluster, { value: state.values.watched,
    onchange: () => state.set({ watched: emotion.value }) });
  const bound = slider("Threshold", { min: 0, max: 0.5, step: 0.005, show: (v) => number(v, 3),
    value: state.values.threshold, oninput: (threshold) => state.set({ threshold }) });
  const wide = slider("Window, tokens", { min: 1, max: 20, step: 1, show: String,
    value: state.values.window, oninput: (window) => state.set({ window }) });
  const chart = el("div"), shown = tokens("The text that is watched");
  const told = el("ul", { class: "lab-alarms", "aria-live": "polite" }), voice = speaker();
  const go = button("Watch this text", () => run(0), { class: "lab-button lab-main" });
  const on = button("… and what the model writes next", () => run(MORE), { class: "lab-button" });

  async function run(n = 0) {
    if (!box.value.trim()) return lab.say("There is no text to watch: type one.");
    const { watched, seed, temperature } = state.values;
    found = { texts: [], scores: [], written: Infinity, watched };
    shown.show([]);
    const reads = [{ layers: directions.layer, vectors: directions.vector(watched),
      center: directions.center() }];
    await lab.busy(async (tell) => {
      await engine.write({ prompt: box.value, rows: [{ seed }], n, temperature, reads, pace: 60 }, {
        prompt: ({ texts: all }) => {
          found.texts.push(...all);
          found.written = all.length;
          shown.show(all);
        },
        progress: ({ progress }) => tell(progress),
        token: ({ text, end }) => {
          found.texts.push(text);
          shown.add(text).classList.add("lab-new");
          voice.say(text, end !== null);
        },
        reading: ({ values: [values] }) => {
          found.scores.push(...values.map((value) => value / directions.norm()));
          if (found.scores.length >= found.written) draw();
        },
      });
      draw();
      if (n && !shown.querySelector(".lab-new:not(:empty)"))
        lab.say("The model ended its text at once: give it a text that is not finished.");
    });
  }

  function draw() {
    const { window, threshold } = state.values, { scores, watched } = found;
    if (!scores.length) return;
    const means = smooth(scores, window), all = alarms(means, threshold);
    scores.forEach((score, i) => shown.paint(i, {
      background: i ? bands([[COLOR, score / Math.max(0.1, threshold * 2)]]) : "",
      title: `${number(score)}, mean of the last ${window}: ` +
        (means[i] == null ? "not yet" : number(means[i])),
      mark: all.some(([first, last]) => first <= i && i <= last),
    }));
    chart.replaceChildren(lines({ threshold, marks: all, below: "token",
      steps: scores.map((_, i) => i), label: `The mean score of ${watched} over ${window} ` +
        `tokens; ${all.length} alarms above ${number(threshold, 3)}.`,
      lines: [{ values: means, color: COLOR, name: watched }] }));
    const says = all.map(([first, last, peak]) => `${watched} at ` +
      (first === last ? `token ${first}` : `tokens ${first} to ${last}`) +
      `: ${number(peak, 3)} is above ${number(threshold, 3)}` +
      (first >= found.written ? ", while the model was writing." : "."));
    if (!says.length) says.push("No alarm.");
    if (says.join() !== [...told.children].map((item) => item.textContent).join())
      told.replaceChildren(...says.map((text) => el("li", {}, text)));
  }

  return {
    node: el("div", { class: "lab-watch" },
      el("div", { class: "lab-trio" }, field("Watch for", emotion), bound, wide),
      field("A text of ours", sample), field("A text", box),
      el("div", { class: "lab-row" }, go, on),
      chart, told, shown, voice),
    run: () => run(0),
    start: () => run(0),
    changed(keys) {
      if (keys.includes("watched")) run(0);
      else if (keys.includes("threshold") || keys.includes("window")) draw();
    },
  };
}
