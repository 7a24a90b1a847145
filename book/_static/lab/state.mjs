/* All that the reader chose, kept in the address: a link holds the whole of it.
 *
 * On a chapter's page an instrument begins as the chapter says, and leaves the address
 * alone: there it names a heading. */

export const START = {
  model: "tiny", show: "read",
  text: "", one: "afraid", two: "calm", three: "",
  a: "happy", b: "", mix: 0.5, strength: 0.2,
  prompt: "", ask: "", seed: 1, temperature: 0.5, length: 80,
  case: "", twin: "", yes: "", no: "",
  watched: "desperate", threshold: 0.06, window: 8, episode: "",
};

export class State extends EventTarget {
  constructor(own = null) {
    super();
    this.own = own;
    this.values = { ...START, ...read(own ?? location.hash) };
    if (own == null) addEventListener("hashchange", () => {
      const next = { ...START, ...read(location.hash) };
      const changed = Object.keys(START).filter((key) => next[key] !== this.values[key]);
      this.values = next;
      if (changed.length) this.tell(changed, true);
    });
  }

  /** Take over changes and write them into the address. */
  set(changes) {
    const changed = Object.keys(changes).filter((key) => this.values[key] !== changes[key]);
    if (!changed.length) return;
    Object.assign(this.values, changes);
    clearTimeout(this.timer);
    // Browsers allow a hundred changes of the address in half a minute.
    if (this.own == null) this.timer = setTimeout(() => this.write(), 300);
    this.tell(changed, false);
  }

  write() {
    clearTimeout(this.timer);
    history.replaceState(null, "", this.hash || location.pathname + location.search);
  }

  /** The state as the end of an address. */
  get hash() {
    const told = new URLSearchParams();
    for (const [key, value] of Object.entries(this.values))
      if (value !== START[key]) told.set(key, value);
    return told.size ? `#${told}` : "";
  }

  /** The address that holds the present state. */
  get link() {
    if (this.own != null) return new URL(`laboratory.html${this.hash}`, location).href;
    this.write();
    return location.href;
  }

  tell(changed, arrived) {
    this.dispatchEvent(new CustomEvent("change", { detail: { changed, arrived } }));
  }
}

/** What an address says; what it cannot say is left out. */
function read(hash) {
  const found = {};
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!Object.hasOwn(START, key)) continue;
    const value = typeof START[key] === "number" ? Number(text) : text;
    if (value === value) found[key] = value;
  }
  return found;
}
