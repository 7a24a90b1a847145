/* Which models there are, and how one is brought into the page. */
import { Directions } from "./directions.mjs";
import { button, choice, el } from "./dom.mjs";

const ABOUT = {
  tiny: "a toy that we trained: its world is small and known",
  smollm2: "an open model of 135 million parameters, in a 4-bit copy",
};
const mb = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** The part of the laboratory that picks and loads a model: `loaded` is its name once it
 * runs, with its `directions` and `texts`. */
export class Models {
  constructor(lab, base) {
    Object.assign(this, { lab, base, loaded: null });
    this.node = el("div", { class: "lab-models" });
    this.list();
  }

  /** Which models are on this site; the list is a few hundred bytes. */
  async list() {
    try {
      this.all = await (await fetch(new URL("models/index.json", this.base))).json();
    } catch {
      return this.lab.say("No models are beside this page. `make book` puts them there, and a " +
        "page opened from a folder cannot run them: serve it.");
    }
    this.draw();
    this.lab.say("Nothing is loaded before you click.");
  }

  get chosen() {
    return this.all.find(({ name }) => name === this.lab.state.values.model) ?? this.all[0];
  }

  draw() {
    if (!this.all) return;
    const { name, title, size, weights, directions, file } = this.chosen;
    const options = Object.fromEntries(this.all.map((one) => [one.name, one.title]));
    const ready = this.loaded === name;
    const offer = weights && directions && button(
      ready ? "Loaded" : `Load ${title} (${mb(size)})`, () => this.load(), {
        class: "lab-button lab-main lab-load", disabled: ready });
    const picker = !weights && directions && el("label", { class: "lab-field" },
      `This site was built without ${title}. If you have ${file}, give it here; it stays ` +
      "on your computer.",
      el("input", { type: "file", accept: ".gguf", onchange: ({ target }) =>
        target.files[0] && this.load(target.files[0]) }));
    const gone = !directions && el("p", {}, `This site was built without ${title}: take tiny, ` +
      "or build the book where the model is in the cache.");
    this.node.replaceChildren(
      choice("Model", options, name, (model) => this.lab.state.set({ model })),
      el("span", { class: "lab-note" }, ABOUT[name]), ...[offer, picker, gone].filter(Boolean));
  }

  async load(file) {
    const model = this.chosen, { name, title } = model;
    const folder = new URL(`models/${name}/`, this.base);
    this.stopped = new AbortController();
    const { signal } = this.stopped;
    this.lab.close();
    this.draw();
    await this.lab.busy(async (tell) => {
      const manifest = file ? { name, size: model.size, sha256: model.sha256,
        pieces: [{ file: file.name, size: model.size, sha256: model.sha256 }] }
        : new URL("manifest.json", folder).href;
      this.directions = await Directions.fetch(new URL("directions.safetensors", folder), signal);
      this.texts = await (await fetch(new URL("texts.json", folder), { signal })).json();
      const end = await this.lab.engine.load({ manifest, file }, ({ bytes, size }) => {
        tell(bytes / size);
        this.lab.say(`${title}: ${mb(bytes)} of ${mb(size)}`);
      });
      if (end.type !== "ready") return this.lab.say("Stopped: load again to go on from there.");
      if (this.chosen !== model) return;
      this.loaded = name;
      this.lab.say(`${title} runs in this page: ${end.nLayers} layers of width ${end.d}.` +
        (end.simd ? "" : " This browser lacks SIMD: expect it to be slow.") +
        (end.checked ? "" : " Its checksum could not be compared here."));
    });
    this.draw();
    if (this.loaded) this.lab.open();
  }
}
