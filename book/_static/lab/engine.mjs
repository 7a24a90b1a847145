/* The worker's other end: requests as promises, what comes in between as calls. */

export class Engine {
  constructor(base) {
    this.base = base;
    this.last = 0;
    this.waiting = new Map();
  }

  /** The worker comes with the first request: a page without a click has none. */
  get worker() {
    if (this.own) return this.own;
    this.own = new Worker(new URL("live/worker.mjs", this.base), { type: "module" });
    this.own.onmessage = ({ data }) => this.hear(data);
    this.own.onerror = () => this.fail("The model's worker did not start: this browser is " +
      "too old, or the page was opened from a folder. Serve it, or take another browser.");
    return this.own;
  }

  hear(message) {
    const request = this.waiting.get(message.id);
    if (!request) return;
    request.on[message.type]?.(message);
    if (message.type === "error") request.reject(new Error(message.message));
    else if (!["ready", "done", "stopped"].includes(message.type)) return;
    else request.resolve(message);
    this.waiting.delete(message.id);
  }

  fail(text) {
    for (const { reject } of this.waiting.values()) reject(new Error(text));
    this.waiting.clear();
    this.own = null;
  }

  /** Send a request; `on` has a function for each type of answer. Resolves to the last
   * one, of type ready, done or stopped; rejects with a sentence. */
  ask(message, on = {}) {
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { on, resolve, reject });
      this.worker.postMessage({ ...message, id });
    });
  }

  load(request, loading) { return this.ask({ type: "load", ...request }, { loading }); }
  write(request, on) { return this.ask({ type: "write", ...request }, on); }
  push(row, pushes, tag) { this.own?.postMessage({ type: "push", row, pushes, tag }); }
  stop() { this.own?.postMessage({ type: "stop" }); }
}
