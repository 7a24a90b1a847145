/* Twins: does a push make the model say so more to everything, or tell less apart? */
import { bars } from "./chart.mjs";
import { control, named } from "./control.mjs";
import { color, randomDirection } from "./directions.mjs";
import { button, el, field, menu, number } from "./dom.mjs";

const RANDOM = 8;
const BOXES = ["case", "twin", "yes", "no"];

/** The words of a text in an order that a seed sets, but for the last `kept`. */
export function shuffled(text, seed, kept = 0) {
  const words = text.trim().split(/\s+/), tail = words.splice(words.length - kept);
  const keys = randomDirection(words.length, seed);
  const order = words.map((_, i) => i).sort((i, j) => keys[i] - keys[j]);
  return [...order.map((i) => words[i]), ...tail].join(" ");
}

export function twins(lab) {
  const { state, directions, engine, texts } = lab, { pairs, answers, chat } = texts.twins;
  const usual = { ...pairs[0], yes: answers[0], no: answers[1] };
  const boxes = Object.fromEntries(BOXES.map((key) => [key,
    el(key.length === 4 ? "textarea" : "input", { rows: 5, spellcheck: false,
      value: state.values[key] || usual[key],
      oninput: () => state.set({ [key]: boxes[key].value }) })]));
  const sample = menu(pairs.map((pair, i) => `${i + 1}. ${pair.case.slice(0, 60)}`), {
    none: "choose", onchange: () => sample.selectedIndex && take(pairs[sample.selectedIndex - 1]) });
  const turn = control(lab, { folded: true });
  const go = button("Ask both", run, { class: "lab-button lab-main" });
  const drawn = el("div", { class: "lab-results", "aria-live": "polite" });

  function take({ case: one, twin }) {
    [boxes.case.value, boxes.twin.value] = [one, twin];
    state.set({ case: one, twin });
    run();
  }

  /** Log-odds of the first answer over the second after a text, one for each row. */
  async function odds(text, rows, tell) {
    const found = rows.map(() => null);
    const request = { [chat ? "chat" : "prompt"]: text, rows, n: 0,
      choices: [boxes.yes.value, boxes.no.value] };
    const end = await engine.write(request, {
      progress: ({ progress }) => tell(progress),
      scores: ({ row, scores: [yes, no] }) => (found[row] = yes - no),
    });
    return end.type === "done" ? found : null;
  }

  async function run() {
    const empty = BOXES.find((key) => !boxes[key].value.trim());
    if (empty) return lab.say("Both questions and both answers need words.");
    const now = { ...state.values };
    const random = Array.from({ length: RANDOM }, (_, i) =>
      randomDirection(directions.d, now.seed * 1000 + i));
    const all = [[], directions.push(directions.direction(now), now.strength),
      ...random.map((vector) => directions.push(vector, now.strength))];
    const rows = all.map((pushes) => ({ pushes }));
    await lab.busy(async (tell) => {
      const one = await odds(boxes.case.value, rows, (share) => tell(share / 2));
      const two = one && await odds(boxes.twin.value, rows, (share) => tell((1 + share) / 2));
      if (!two) return;
      const mixed = [];
      for (const { value } of [boxes.case, boxes.twin]) // "... decided to" stays at its place
        mixed.push(await odds(shuffled(value, now.seed, chat ? 0 : 3), [{}], () => {}));
      if (mixed[1]) show(one, two, now, mixed[0][0] - mixed[1][0]);
    });
  }

  function show(one, two, now, words) {
    const criterion = one.map((value, i) => (value + two[i]) / 2);
    const sensitivity = one.map((value, i) => value - two[i]);
    const most = Math.max(...[...criterion, ...sensitivity, words].map(Math.abs));
    const reach = 2 * Math.max(1, Math.ceil(most / 2));
    const paint = color(directions.point(now));
    const [yes, no] = [boxes.yes.value.trim(), boxes.no.value.trim()];
    const part = (title, values, says, ends, rivals = []) => {
      const shift = values.slice(2).map((value) => value - values[0]);
      const own = values[1] - values[0];
      const more = shift.filter((value) => Math.abs(value) >= Math.abs(own)).length;
      return el("section", {}, el("h2", {}, title), el("p", { class: "lab-note" }, says),
        bars({ reach, ends, label: `${title}: no push ${number(values[0])}, your push ` +
          `${number(values[1])}, random pushes ${values.slice(2).map((v) => number(v)).join(", ")}` +
            rivals.map(({ name, value }) => `, ${name} ${number(value)}`).join(""),
          rows: [
            { name: "no push", value: values[0], color: "var(--lab-quiet)" },
            { name: "your push", value: values[1], color: paint, others: values.slice(2) },
            ...rivals] }),
        el("p", {}, `Your push moves it by ${number(own)} nats; ${more} of ${RANDOM} random `,
          "directions of the same strength move it at least as far."));
    };
    drawn.classList.remove("lab-stale");
    drawn.replaceChildren(
      el("p", { class: "lab-under" }, `Under ${named(now)}. Gray ticks: ${RANDOM} random directions.`),
      part("Criterion", criterion, `The mean of both: how much it leans to “${yes}”, whatever ` +
        "is asked.", [`“${no}”`, `“${yes}”`]),
      part("Sensitivity", sensitivity, "The case minus its twin: whether it tells them apart.",
        ["the wrong way round", "tells them apart"],
        [{ name: "words mixed up", value: words, color: "var(--lab-faint)" }]),
      el("p", { class: "lab-note" }, "What is left with the words of both mixed up is about words, " +
        "not sense. One pair is an anecdote: ask many."));
  }

  return {
    node: el("div", { class: "lab-twins" },
      turn,
      el("div", {},
        field("A pair of ours", sample),
        el("div", { class: "lab-pair" },
          field(chat ? "A question that calls for care" : "A task that cannot be done", boxes.case),
          field(chat ? "Its safe twin" : "Its twin that can", boxes.twin)),
        el("div", { class: "lab-pair" },
          field("Answer", boxes.yes), field("against", boxes.no)),
        el("div", { class: "lab-row" }, go), drawn)),
    run,
    start: run,
    changed(keys) {
      const stale = turn.changed(keys) || keys.some((key) => BOXES.includes(key));
      if (stale) drawn.classList.add("lab-stale");
    },
  };
}
