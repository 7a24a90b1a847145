/* Emotion vectors as scripts/laboratory.py writes them, and what is made of them. */

/** A float16 as a number. */
const HALF = (bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  if (exponent === 0) return (sign * fraction) / 2 ** 24;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
};

export class Directions {
  /** Fetch a model's directions; throws an Error in plain words. */
  static async fetch(url, signal) {
    const response = await fetch(url, { signal }).catch(() => null);
    signal?.throwIfAborted();
    if (!response?.ok)
      throw new Error("The directions of this model are not on this site, so there is " +
        "nothing to read or push along. Take the other model.");
    return new Directions(await response.arrayBuffer());
  }

  constructor(buffer) {
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const bytes = (name) => buffer.slice(...header[name].data_offsets.map((at) => at + 8 + length));
    Object.assign(this, JSON.parse(header.__metadata__.about));
    this.d = header.vectors.shape[2];
    this.vectors = Float32Array.from(new Uint16Array(bytes("vectors")), HALF);
    this.centers = new Float32Array(bytes("center"));
    this.norms = new Float32Array(bytes("norm"));
    this.unitLength();
    this.byCluster = Object.groupBy
      ? Object.groupBy(this.emotions, (_, i) => this.cluster[i]) : grouped(this);
  }

  /** Rounding to 16 bits changed lengths a little: they are 1 again. */
  unitLength() {
    for (let at = 0; at < this.vectors.length; at += this.d) {
      const row = this.vectors.subarray(at, at + this.d), length = Math.hypot(...row);
      row.forEach((value, i) => (row[i] = value / length));
    }
  }

  has(emotion) { return this.emotions.includes(emotion); }
  place(layer) { return this.layers.indexOf(layer); }
  norm(layer = this.layer) { return this.norms[this.place(layer)]; }

  center(layer = this.layer) {
    const at = this.place(layer) * this.d;
    return this.centers.slice(at, at + this.d);
  }

  /** All vectors at a layer, one after the other. */
  all(layer = this.layer) {
    const size = this.emotions.length * this.d, at = this.place(layer) * size;
    return this.vectors.subarray(at, at + size);
  }

  vector(emotion, layer = this.layer) {
    const i = this.emotions.indexOf(emotion);
    return this.all(layer).slice(i * this.d, (i + 1) * this.d);
  }

  /** The direction of a push: one emotion, or two mixed (`mix` 1: all of the second). */
  direction({ a, b, mix }) {
    if (!b || b === a) return this.vector(a);
    const [one, two] = [this.vector(a), this.vector(b)];
    return one.map((value, i) => (1 - mix) * value + mix * two[i]);
  }

  /** Where an emotion lies by our ratings: [valence, arousal], each from -1 to 1. */
  at(emotion) {
    const i = this.emotions.indexOf(emotion);
    return [this.valence[i], this.arousal[i]];
  }

  /** Where a push lies on the wheel. */
  point({ a, b, mix }) {
    const one = this.at(a), two = b ? this.at(b) : one;
    return one.map((value, i) => (1 - mix) * value + mix * two[i]);
  }

  /** What the engine wants for a push. */
  push(vector, strength) {
    return strength ? [{ vector, layers: this.layer, strength, norm: this.norm() }] : [];
  }

  /** Read-outs of all emotions at every layer that has vectors. */
  reads(layers = this.layers) {
    return layers.map((layer) => ({
      layers: layer, vectors: this.all(layer), center: this.center(layer),
    }));
  }
}

function grouped({ emotions, cluster }) {
  const groups = {};
  emotions.forEach((name, i) => (groups[cluster[i]] ??= []).push(name));
  return groups;
}

/** A random direction: normal numbers from a seed. */
export function randomDirection(d, seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: d }, () =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

/** The color of a place on the wheel: its angle is the hue. */
export function color([valence, arousal]) {
  const hue = (135 - (Math.atan2(arousal, valence) * 180) / Math.PI + 360) % 360;
  const reach = Math.min(1, Math.hypot(valence, arousal));
  return `oklch(0.66 ${(0.05 + 0.12 * reach).toFixed(3)} ${hue.toFixed(0)})`;
}
