/* The atlas: every emotion vector of a model from all sides, from results that ship.
 *
 * The address holds model and emotion; nothing but a table of text is loaded. */
import { lines } from "./chart.mjs";
import { color } from "./directions.mjs";
import { button, choice, el, field, menu, number } from "./dom.mjs";
import { wheel } from "./wheel.mjs";

const STATIC = new URL("../", import.meta.url);
const START = { model: "smollm2", emotion: "desperate" };
const TITLES = { tiny: "tiny", smollm2: "SmolLM2-135M-Instruct" };

/** What the page shows of a model, as scripts/atlas.py writes it. */
class Atlas {
  constructor(table) {
    Object.assign(this, table);
    this.rows = this.emotions;
    this.emotions = this.rows.map(({ emotion }) => emotion);
    this.valence = this.rows.map(({ valence }) => valence);
    this.arousal = this.rows.map(({ arousal }) => arousal);
    this.byCluster = {};
    for (const { emotion, cluster } of this.rows) (this.byCluster[cluster] ??= []).push(emotion);
  }

  row(emotion) { return this.rows[this.emotions.indexOf(emotion)]; }
  at(emotion) { return [this.row(emotion).valence, this.row(emotion).arousal]; }
  point({ a }) { return this.at(a); }
  tint(emotion) { return color(this.at(emotion)); }
}

class Page {
  constructor(root) {
    this.status = el("p", { class: "lab-status", role: "status" });
    this.main = el("div", { class: "lab-atlas" });
    this.known = {};
    root.replaceChildren(this.status, this.main);
    addEventListener("popstate", () => this.follow());
    this.begin();
  }

  async begin() {
    try {
      const index = await (await fetch(new URL("models/index.json", STATIC))).json();
      this.models = index.filter(({ atlas }) => atlas).map(({ name }) => name);
    } catch {
      this.models = [];
    }
    if (!this.models.length)
      return this.say("No atlas is beside this page. `make book` puts it there, and a page " +
        "opened from a folder cannot read it: serve it.");
    await this.follow();
  }

  say(text) { this.status.textContent = text; }

  /** Show what the address asks for. */
  async follow() {
    const asked = new URLSearchParams(location.search);
    const model = asked.get("model") ?? START.model;
    this.model = this.models.includes(model) ? model : this.models[0];
    const name = this.model;
    try {
      this.known[name] ??= new Atlas(await (await fetch(
        new URL(`models/${name}/atlas.json`, STATIC))).json());
    } catch {
      return this.say(`The atlas of ${TITLES[name] ?? name} could not be loaded: try again.`);
    }
    if (name !== this.model) return; // the reader went on meanwhile
    this.atlas = this.known[name];
    const emotion = asked.get("emotion") ?? START.emotion;
    this.emotion = this.atlas.emotions.includes(emotion) ? emotion : this.atlas.emotions[0];
    this.say("");
    this.draw();
  }

  go(changes) {
    const next = new URLSearchParams({ model: this.model, emotion: this.emotion, ...changes });
    history.pushState(null, "", `?${next}`);
    return this.follow();
  }

  draw() {
    const { atlas, emotion, model } = this, row = atlas.row(emotion);
    if (this.drawn !== model) this.frame();
    this.round.update();
    this.names.value = emotion;
    this.title.replaceChildren(el("i", { style: `background:${atlas.tint(emotion)}` }), emotion);
    this.about.textContent = `cluster: ${row.cluster}; our ratings: valence ` +
      `${number(row.valence)}, arousal ${number(row.arousal)}`;
    this.tried.href = `laboratory.html#${new URLSearchParams({ model, show: "push", a: emotion })}`;
    this.parts.replaceChildren(...[
      this.neighbors(row), this.words(row), this.curve(row), this.written(row),
      this.passages(row)].flat());
  }

  /** What stays while emotions change: switch, wheel, menu, title. */
  frame() {
    const { atlas, model } = this;
    const options = Object.fromEntries(this.models.map((name) => [name, TITLES[name] ?? name]));
    this.round = wheel(atlas, () => ({ a: this.emotion }), (name) => this.go({ emotion: name }));
    this.names = menu(atlas.byCluster, { value: this.emotion,
      onchange: () => this.go({ emotion: this.names.value }) });
    const step = (by) => () => {
      const at = atlas.emotions.indexOf(this.emotion) + by, n = atlas.emotions.length;
      this.go({ emotion: atlas.emotions[(at + n) % n] });
    };
    this.title = el("h2", { class: "lab-name" });
    this.about = el("p", { class: "lab-note" });
    this.tried = el("a", { class: "lab-try" }, "Push it in the laboratory");
    this.parts = el("div", { class: "lab-parts", "aria-live": "polite" });
    this.main.replaceChildren(
      el("div", { class: "lab-row" },
        choice("Model", options, model, (name) => this.go({ model: name }))),
      el("div", { class: "lab-push" },
        el("div", {}, this.round, field("Emotion", this.names),
          el("div", { class: "lab-row" },
            button("Previous", step(-1), { class: "lab-chip" }),
            button("Next", step(1), { class: "lab-chip" }))),
        el("div", {}, el("div", { class: "lab-row" }, this.title, this.tried), this.about,
          this.parts)));
    this.drawn = model;
  }

  neighbors({ near, far }) {
    const list = (pairs) => el("ul", { class: "lab-near" }, pairs.map(([name, cosine]) =>
      el("li", {}, button(name, () => this.go({ emotion: name }), { class: "lab-chip",
        style: `border-left: 5px solid ${this.atlas.tint(name)}` }),
        el("b", {}, number(cosine)))));
    return part("Neighbors", `Cosine of the vectors at layer ${this.atlas.layer}.`,
      el("div", { class: "lab-columns" },
        el("div", {}, el("h4", {}, "nearest"), list(near)),
        el("div", {}, el("h4", {}, "farthest"), list(far))));
  }

  words({ words, rank }) {
    const { lens, tokens } = this.atlas;
    const own = rank ? `Among all ${tokens.toLocaleString("en")} tokens its own word is number ` +
      `${rank.toLocaleString("en")}.` : "Its own word shares its first token with another.";
    return part("Words under the lens", "Which emotion words the unembedding makes of the vector " +
      `at layer ${lens}, likeliest first, each word's own height over all vectors taken off. ${own}`,
      el("p", { class: "lab-chips" }, words.map((word) => word === this.emotion
        ? el("code", {}, el("b", {}, word)) : el("code", {}, word))));
  }

  curve({ curve }) {
    const { layers, held } = this.atlas, tint = this.atlas.tint(this.emotion);
    const told = layers.map((layer, i) => `${layer}: ${number(curve[i])}`).join("; ");
    return part("Over the layers", "How often a held-out story of this emotion scores above one " +
      `of another (AUC; dashed: chance; “emb”: the words' embeddings alone). Of ${held} held-out ` +
      "stories only a few are this emotion's own: read the shape, not the third digit.",
      lines({ lines: [{ values: curve, color: tint, name: this.emotion, dots: true }],
        steps: layers, threshold: 0.5, below: "", height: 190,
        label: `AUC by layer. ${told}` }));
  }

  written({ written }) {
    const { prompts, plain, random, strength } = this.atlas;
    const ways = (i) => [["no push", plain[i], "var(--lab-faint)"],
      [`${this.emotion}, ${number(strength)}`, written[i], this.atlas.tint(this.emotion)],
      [`a random direction, ${number(strength)}`, random[i], "var(--lab-faint)"]];
    return part("Written under its push", "The likeliest words, with the vector added at layer " +
      `${this.atlas.layer} at every token. What a random push does as well is not about emotion.`,
      prompts.map((prompt, i) => el("div", { class: "lab-written" },
        el("p", {}, el("b", {}, prompt)),
        el("div", { class: "lab-columns" }, ways(i).map(([name, text, tint]) =>
          el("div", { style: `border-top: 3px solid ${tint}` },
            el("h4", {}, name), el("p", {}, text || "(nothing: it ends at once)")))))));
  }

  passages({ passages }) {
    return part("Held-out stories that score highest", "One for each topic, in full, with the " +
      "emotion that each was written for: no vector was made from them.",
      passages.map(([i, score]) => {
        const { text, emotion } = this.atlas.texts[i], own = emotion === this.emotion;
        return el("blockquote", {}, el("p", {}, text), el("p", { class: "lab-note" },
          `cosine ${number(score)}; written for `,
          own ? el("b", {}, `${emotion}, as asked`) : el("b", {}, emotion)));
      }));
  }
}

const part = (title, note, ...content) => el("section", {},
  el("h3", {}, title), el("p", { class: "lab-note" }, note), content);

for (const root of document.querySelectorAll(".lab[data-atlas]")) root.atlas = new Page(root);
