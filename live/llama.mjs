/* A Llama-like language model, block by block, on the kernels of kernels.c or kernels.mjs.
 *
 * Weights, caches and scratch lie in one WebAssembly memory; numbers named `h`, `x`, `k` ...
 * are places in it, in bytes. The residual stream of the rows at hand is at `h` [T, d]. */
import { plainKernels } from "./kernels.mjs";
import { MATRICES, readWeights } from "./weights.mjs";

const PAGE = 65536;
const TYPES = {
  BF16: { matmul: "matmul_bf16", row: "row_bf16", bytes: (cols) => cols * 2 },
  Q8_0: { matmul: "matmul_q80", row: "row_q80", bytes: (cols) => (cols / 32) * 34 },
  Q4_1: { matmul: "matmul_q41", bytes: (cols) => (cols / 32) * 20 },
  F32: {},
};
export const CHUNK = 32; // rows at a time

export class Llama {
  /** `kernels`: the bytes of kernels.wasm, null for plain JavaScript. `fill` writes the
   * weights, `size` bytes, into a Uint8Array, and may take its time. `files`: see
   * readWeights. Throws an Error in plain words where the browser has no room. */
  static async create(kernels, size, fill, files = null) {
    const llama = new Llama();
    llama.memory = new WebAssembly.Memory({ initial: 16 });
    const imports = { env: { memory: llama.memory } };
    llama.kernels = kernels
      ? (await WebAssembly.instantiate(kernels, imports)).instance.exports
      : plainKernels(llama.memory);
    llama.top = llama.kernels.__heap_base.value;
    const start = llama.alloc(size);
    const bytes = new Uint8Array(llama.memory.buffer, start, size);
    await fill(bytes);
    llama.prepare(readWeights(bytes, files), start);
    return llama;
  }

  /** Room for n bytes at a multiple of 16. Earlier views of the memory may be stale. */
  alloc(n) {
    const at = Math.ceil(this.top / 16) * 16;
    const lack = at + n - this.memory.buffer.byteLength;
    try {
      if (lack > 0) this.memory.grow(Math.ceil(lack / PAGE));
    } catch {
      const mb = Math.ceil((at + n) / 1e6);
      throw new Error(`This browser has no room for ${mb} MB: close other tabs, take a ` +
        "shorter text or a smaller model.");
    }
    this.top = at + n;
    return at;
  }

  floats(at, n) {
    return new Float32Array(this.memory.buffer, at, n);
  }

  prepare(model, start) {
    Object.assign(this, model);
    const find = (part, layer) => {
      const { type, at } = model.find(part, layer);
      if (!TYPES[type]) throw new Error(`Weights of type ${type} are not read.`);
      return { ...TYPES[type], at: start + at };
    };
    const gain = (part, layer) => {
      const { row, at } = find(part, layer);
      if (!row) return at; // numbers already
      const numbers = this.alloc(this.d * 4);
      this.kernels[row](numbers, at, this.d);
      return numbers;
    };
    this.embedding = find("embed");
    this.norm = gain("norm");
    this.blocks = Array.from({ length: this.nLayers }, (_, layer) => ({
      norm1: gain("norm1", layer), norm2: gain("norm2", layer),
      ...Object.fromEntries(MATRICES.map((part) => [part, find(part, layer)])),
    }));
    this.angles();
    this.qWide = this.heads * this.hd;
    this.kWide = this.kvHeads * this.hd;
    const widths = {
      h: this.d, x: this.d, q: this.qWide, a: this.qWide, k: this.kWide, v: this.kWide,
      gate: this.mlp, up: this.mlp, scores: this.vocab,
    };
    for (const [name, wide] of Object.entries(widths)) this[name] = this.alloc(CHUNK * wide * 4);
    this.weights = this.alloc(this.context * 4);
    this.keep();
  }

  /** Cosines and sines of the rotary embedding, in single precision as in transformers. */
  angles() {
    const n = this.hd / 2, size = this.context * n;
    this.cos = this.alloc(size * 4);
    this.sin = this.alloc(size * 4);
    const cos = this.floats(this.cos, size), sin = this.floats(this.sin, size);
    for (let i = 0; i < n; i++) {
      const frequency = Math.fround(1 / Math.fround(this.theta ** ((2 * i) / this.hd)));
      for (let p = 0; p < this.context; p++) {
        const angle = Math.fround(p * frequency);
        cos[p * n + i] = Math.cos(angle);
        sin[p * n + i] = Math.sin(angle);
      }
    }
  }

  /** What is in memory now stays; `release` frees what came after the last `keep`. */
  keep() { this.kept = this.top; }
  release(to = this.kept) { this.kept = this.top = to; }

  /** A key-value cache for one text of up to n tokens: one stretch, block by block. */
  cache(n) {
    const bytes = n * this.kWide * 4, at = this.alloc(2 * this.nLayers * bytes);
    const keys = (layer) => at + 2 * layer * bytes, values = (layer) => keys(layer) + bytes;
    return { keys, values, length: 0 };
  }

  /** The first n positions of one cache into another, blocks 0 to `layer`. */
  copyCache(from, to, n, layer) {
    const bytes = new Uint8Array(this.memory.buffer), size = n * this.kWide * 4;
    for (let l = 0; l <= layer; l++)
      for (const part of ["keys", "values"])
        bytes.copyWithin(to[part](l), from[part](l), from[part](l) + size);
  }

  /** The residual stream [T, d] of the rows at hand: a view, good until the next alloc. */
  stream(T) {
    return this.floats(this.h, T * this.d);
  }

  /** Start anew: the embeddings of `ids` become the residual stream. */
  embed(ids) {
    const { row, bytes, at } = this.embedding;
    ids.forEach((id, t) =>
      this.kernels[row](this.h + t * this.d * 4, at + id * bytes(this.d), this.d));
  }

  multiply(out, w, x, T, rows, cols, add = 0) {
    this.kernels[w.matmul](out, w.at, x, T, rows, cols, add);
  }

  /** Run one block on the T rows at hand.
   *
   * `spans` say which rows are whose: {cache, row, T, at}, T rows from `row` on that
   * stand at positions `at`, `at` + 1 ... of the text of `cache`. */
  block(layer, spans, T) {
    const { kernels: K, d, hd, heads, kvHeads, mlp, qWide, kWide, h, x, q, k, v, a } = this;
    const b = this.blocks[layer], { cos, sin, gate, up, neighbors, eps } = this;
    K.rmsnorm(x, h, b.norm1, T, d, eps);
    this.multiply(q, b.q, x, T, qWide, d);
    this.multiply(k, b.k, x, T, kWide, d);
    this.multiply(v, b.v, x, T, kWide, d);
    for (const s of spans) {
      const row = s.row * kWide * 4, qRow = s.row * qWide * 4, size = s.T * kWide * 4;
      const keys = s.cache.keys(layer), values = s.cache.values(layer), to = s.at * kWide * 4;
      K.rope(q + qRow, cos, sin, s.T, heads, hd, s.at, neighbors);
      K.rope(k + row, cos, sin, s.T, kvHeads, hd, s.at, neighbors);
      const bytes = new Uint8Array(this.memory.buffer);
      bytes.copyWithin(keys + to, k + row, k + row + size);
      bytes.copyWithin(values + to, v + row, v + row + size);
      K.attend(a + qRow, q + qRow, keys, values, this.weights, s.T, heads, kvHeads, hd, s.at);
    }
    this.multiply(h, b.o, a, T, d, qWide, 1);
    K.rmsnorm(x, h, b.norm2, T, d, eps);
    this.multiply(gate, b.gate, x, T, mlp, d);
    this.multiply(up, b.up, x, T, mlp, d);
    K.swiglu(gate, up, T * mlp);
    this.multiply(h, b.down, gate, T, d, mlp, 1);
  }

  /** Logits [T, vocab] of T rows at hand from `row` on, as a copy for each. */
  logits(T, row = 0) {
    this.kernels.rmsnorm(this.x, this.h + row * this.d * 4, this.norm, T, this.d, this.eps);
    this.multiply(this.scores, this.embedding, this.x, T, this.vocab, this.d);
    const { scores, vocab } = this;
    return Array.from({ length: T }, (_, t) => this.floats(scores + t * vocab * 4, vocab).slice());
  }
}
