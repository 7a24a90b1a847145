/* The laboratory: a model that is loaded on a click, and four instruments on it.
 *
 * Every element of class `lab` becomes one. Where it has `data-show`, it shows that
 * instrument alone, as a chapter may want it, and begins in its `data-state`. */
import { button, el } from "./dom.mjs";
import { Engine } from "./engine.mjs";
import { Models } from "./models.mjs";
import { push } from "./push.mjs";
import { read } from "./read.mjs";
import { State } from "./state.mjs";
import { twins } from "./twins.mjs";
import { watch } from "./watch.mjs";

const STATIC = new URL("../", import.meta.url);
const INSTRUMENTS = {
  read: [read, "Read", "See what each word of a text calls up inside the model."],
  push: [push, "Push", "Turn a wheel of emotions while the model writes."],
  twins: [twins, "Twins", "Ask a risky question and its safe twin, under any push."],
  watch: [watch, "Watch", "Set an alarm on an emotion, and let the model go on."],
};

export class Laboratory {
  constructor(root) {
    this.root = root;
    this.only = root.dataset.show;
    this.state = new State(root.dataset.state ?? null);
    if (this.only) this.state.values.show = this.only;
    if (!INSTRUMENTS[this.state.values.show]) this.state.set({ show: "read" });
    this.engine = new Engine(STATIC);
    this.status = el("p", { class: "lab-status", role: "status" });
    this.bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": "Progress" });
    this.halt = button("Stop", () => this.stop(), { hidden: true });
    this.main = el("div", { class: "lab-main-part" }, this.promise());
    this.models = new Models(this, STATIC);
    root.replaceChildren(this.models.node,
      el("div", { class: "lab-row lab-state" }, this.bar, this.halt, this.status), this.main);
    this.state.addEventListener("change", ({ detail }) => this.changed(detail));
  }

  get loaded() { return this.models.loaded; }
  get directions() { return this.models.directions; }
  get texts() { return this.models.texts; }
  get shown() { return this.only ?? this.state.values.show; }

  say(text) { this.status.textContent = text; }

  /** What the instruments do, before there is a model. */
  promise() {
    const all = Object.entries(INSTRUMENTS).filter(([key]) => !this.only || key === this.only);
    return el("ul", { class: "lab-promise" }, all.map(([, [, name, says]]) =>
      el("li", {}, el("b", {}, name), says)));
  }

  /** No instruments: the model is another one, or on its way. */
  close() {
    this.models.loaded = null;
    this.main.replaceChildren(this.promise());
  }

  /** The instruments, once a model is there. */
  open() {
    this.tools = {};
    const { state } = this, known = (key) => this.directions.has(state.values[key]);
    for (const key of ["one", "two", "three", "b"]) if (!known(key)) state.set({ [key]: "" });
    for (const key of ["a", "watched"])
      if (!known(key)) state.set({ [key]: this.directions.emotions[0] });
    const keys = this.only ? [this.only] : Object.keys(INSTRUMENTS);
    this.tools = Object.fromEntries(keys.map((key) => [key, INSTRUMENTS[key][0](this)]));
    this.tabs = keys.map((key) => el("button", { type: "button", role: "tab", id: `lab-tab-${key}`,
      "aria-controls": "lab-panel", onclick: () => state.set({ show: key }),
      onkeydown: (event) => this.turn(event, keys) }, INSTRUMENTS[key][1]));
    this.panel = el("div", { id: "lab-panel", role: "tabpanel" });
    const share = button("Copy link", () => this.share(share), { class: "lab-chip" });
    const tabs = el("div", { class: "lab-tabs" },
      el("div", { role: "tablist", "aria-label": "Instruments", hidden: Boolean(this.only) },
        this.tabs), share);
    this.main.replaceChildren(tabs, this.panel);
    this.show();
  }

  show() {
    const key = this.shown, tool = this.tools[key];
    this.tabs.forEach((tab) => {
      const own = tab.id === `lab-tab-${key}`;
      tab.setAttribute("aria-selected", own);
      tab.tabIndex = own ? 0 : -1;
    });
    this.panel.setAttribute("aria-labelledby", `lab-tab-${key}`);
    this.panel.replaceChildren(el("p", { class: "lab-lead" }, INSTRUMENTS[key][2]), tool.node);
    if (!tool.started) tool.start();
    tool.started = true;
  }

  turn(event, keys) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (keys.indexOf(this.shown) + step + keys.length) % keys.length;
    this.state.set({ show: keys[at] });
    this.tabs[at].focus();
  }

  changed({ changed, arrived }) {
    if (changed.includes("model")) {
      const own = { text: "", prompt: "", case: "", twin: "", yes: "", no: "", episode: "" };
      if (!arrived) this.state.set(own);
      this.stop();
      this.close();
      return this.models.draw();
    }
    if (!this.loaded) return;
    if (arrived) return this.open(); // another link: everything is made anew from it
    for (const tool of Object.values(this.tools)) tool.changed(changed);
    if (!changed.includes("show")) return;
    this.stop();
    this.show();
  }

  /** Run a piece of work with bar, stop button and errors in sentences. */
  async busy(work) {
    const own = (this.running = {});
    const tell = (share) => {
      if (this.running === own) this.bar.value = share;
    };
    this.bar.value = 0;
    this.bar.hidden = this.halt.hidden = false;
    this.root.setAttribute("aria-busy", true);
    if (this.loaded) this.say("");
    try {
      await work(tell);
    } catch (error) {
      this.say(error.name === "AbortError" ? "Stopped: load again." : error.message);
    }
    if (this.running !== own) return; // another piece of work took its place
    this.running = null;
    this.bar.hidden = this.halt.hidden = true;
    this.root.removeAttribute("aria-busy");
  }

  stop() {
    this.models.stopped?.abort();
    this.engine.stop();
  }

  async share(from) {
    try {
      await navigator.clipboard.writeText(this.state.link);
      from.textContent = "Copied";
      setTimeout(() => (from.textContent = "Copy link"), 2000);
    } catch {
      this.say(`The link: ${this.state.link}`);
    }
  }
}

for (const root of document.querySelectorAll(".lab:not([data-atlas])")) root.laboratory = new Laboratory(root);
