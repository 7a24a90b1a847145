/* Push: the model writes while the reader turns the wheel; controls write beside it. */
import { control, named } from "./control.mjs";
import { color, randomDirection } from "./directions.mjs";
import { button, choice, el, field, slider, speaker } from "./dom.mjs";
import { bands, tokens } from "./tokens.mjs";

const PACE = 60; // ms a token at least, so that there is time to turn the wheel
const PROMPTS = {
  tiny: { text: "Amina sat on a stone by the river. She", chat: "How was your day?" },
  smollm2: { text: "When I opened the door this morning, I",
    chat: "My train is late. What should I do?" },
};

export function push(lab) {
  const { state, directions, engine } = lab, { values } = state;
  const given = PROMPTS[lab.loaded];
  const box = el("textarea", { rows: 2, spellcheck: false,
    value: state.values.prompt || given[mode() === "ask" ? "chat" : "text"],
    oninput: () => state.set({ prompt: box.value }) });
  const kind = choice("What the model goes on from",
    { begin: "go on from a beginning", ask: "answer a question" }, mode(), (key) => {
      state.set({ ask: key === "ask" ? "yes" : "", prompt: "" });
      box.value = given[key === "ask" ? "chat" : "text"];
    });
  const turn = control(lab);
  const seed = el("input", { type: "number", min: 0, step: 1, value: values.seed,
    onchange: () => state.set({ seed: Math.abs(Math.floor(+seed.value)) || 0 }) });
  const warmth = slider("Temperature", { min: 0, max: 1.5, step: 0.1, value: values.temperature,
    oninput: (temperature) => state.set({ temperature }) });
  const size = slider("Tokens", { min: 20, max: 200, step: 20, value: values.length,
    show: String, oninput: (length) => state.set({ length }) });
  const go = button("Write", run, { class: "lab-button lab-main" });
  const heads = ["your push", "no push", "a random direction"].map((text) => el("h2", {}, text));
  const boxes = heads.map((head) => tokens(`Text under ${head.textContent}`));
  const voice = speaker();
  let tags = [];

  function mode() { return state.values.ask ? "ask" : "begin"; }

  /** The pushes of the three rows as they are set now, and a tag for them. */
  function pushes() {
    const now = { ...state.values };
    const own = directions.push(directions.direction(now), now.strength);
    const random = directions.push(randomDirection(directions.d, now.seed), now.strength);
    const look = [[color(directions.point(now)), now.strength / 0.6]];
    tags.push({ background: bands(look), title: named(now) });
    heads[0].textContent = `your push: ${named(now)}`;
    return { rows: [own, [], random], tag: tags.length - 1 };
  }

  async function run() {
    const text = box.value;
    if (!text.trim()) return lab.say("There is nothing to go on from: type a beginning.");
    await lab.busy(async (tell) => {
      tags = [];
      const { rows, tag } = pushes(), { seed: drawn, temperature, length } = state.values;
      boxes.forEach((one) => one.show(mode() === "ask" ? [] : [text]));
      boxes.forEach((one) => one.firstChild?.classList.add("lab-prompt"));
      await engine.write({
        [mode() === "ask" ? "chat" : "prompt"]: text, n: length, temperature, pace: PACE,
        rows: rows.map((own, row) => ({ pushes: own, seed: drawn, tag: row ? null : tag })),
      }, { progress: ({ progress }) => tell(progress), token });
      voice.say("", true);
    });
  }

  function token({ row, text, tag, end }) {
    if (text) boxes[row].add(text);
    if (!row && text) boxes[0].paint(boxes[0].children.length - 1, tags[tag] ?? {});
    if (!row) voice.say(text, end !== null);
    if (end === "stop") boxes[row].add(" ■").title = "Here the model ended its text.";
  }

  return {
    node: el("div", { class: "lab-push" },
      turn,
      el("div", {},
        el("div", { class: "lab-row" }, kind), field("Your words", box),
        el("div", { class: "lab-row" }, go,
          button("Another seed", () => {
            seed.value = state.values.seed + 1;
            state.set({ seed: +seed.value });
            run();
          }),
          el("details", { class: "lab-more" }, el("summary", {}, "More"),
            field("Seed", seed), warmth, size)),
        heads.map((head, i) => el("div", { class: i ? "lab-other" : "lab-own" }, head, boxes[i])),
        voice)),
    run,
    start: run,
    changed(keys) {
      const turned = turn.changed(keys);
      if (!turned || !lab.running || lab.shown !== "push") return;
      const { rows, tag } = pushes();
      engine.push(0, rows[0], tag);
      engine.push(2, rows[2], null);
    },
  };
}
