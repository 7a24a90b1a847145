/* The functions of kernels.c in plain JavaScript: the same names and arguments, places in
 * memory as byte offsets. To read, to test against, and for browsers without SIMD. */

/** Every float16 as a number (weights hold no infinity). */
const HALVES = Float32Array.from({ length: 65536 }, (_, bits) => {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  if (exponent === 0) return (sign * fraction) / 2 ** 24;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
});
const SCRATCH = 0; // below the weights, where the compiled kernels have theirs

/** All kernels over a WebAssembly.Memory. Weights are multiplied as they are, and
 * activations are not rounded to integers. */
export function plainKernels(memory) {
  // The memory, by the size of what is in it. Hot loops copy the name: a local is faster.
  let bytes, halves, words, floats;
  const half = (at) => HALVES[bytes[at] | (bytes[at + 1] << 8)];

  function row_bf16(out, w, cols) {
    const to = out >>> 2, from = w >>> 1, W = words, H = halves;
    for (let i = 0; i < cols; i++) W[to + i] = H[from + i] << 16;
  }

  /** A block of Q8_0: d (float16) and 32 times q of 8 bits; d q. */
  function row_q80(out, w, cols) {
    for (let to = out >>> 2, end = to + cols; to < end; to += 32, w += 34) {
      const d = half(w);
      for (let j = 0; j < 32; j++) floats[to + j] = d * ((bytes[w + 2 + j] << 24) >> 24);
    }
  }

  /** A block of Q4_1: d and m (float16) and 32 times q of 4 bits; d q + m. */
  function row_q41(out, w, cols) {
    for (let to = out >>> 2, end = to + cols; to < end; to += 32, w += 20) {
      const d = half(w), m = half(w + 2);
      for (let j = 0; j < 16; j++) {
        const pair = bytes[w + 4 + j];
        floats[to + j] = d * (pair & 15) + m;
        floats[to + j + 16] = d * (pair >> 4) + m;
      }
    }
  }

  /** The dot product of n floats at a and n at b (indices, not bytes). */
  function dot(a, b, n) {
    const F = floats;
    let even = 0, odd = 0;
    for (let i = 0; i < n; i += 2) {
      even += F[a + i] * F[b + i];
      odd += F[a + i + 1] * F[b + i + 1];
    }
    return even + odd;
  }

  /** out[T, rows] (+)= x[T, cols] times w[rows, cols], transposed. */
  const matmul = (readRow, rowBytes) => (out, w, x, T, rows, cols, add) => {
    for (let o = 0; o < rows; o++) {
      readRow(SCRATCH, w + o * rowBytes(cols), cols);
      for (let t = 0; t < T; t++) {
        const at = (out >>> 2) + t * rows + o;
        const sum = dot(SCRATCH >>> 2, (x >>> 2) + t * cols, cols);
        floats[at] = add ? floats[at] + sum : sum;
      }
    }
  };

  function rmsnorm(out, x, gain, T, d, eps) {
    for (let t = 0; t < T; t++) {
      const from = (x >>> 2) + t * d, to = (out >>> 2) + t * d;
      const scale = 1 / Math.sqrt(dot(from, from, d) / d + eps);
      for (let i = 0; i < d; i++)
        floats[to + i] = floats[from + i] * scale * floats[(gain >>> 2) + i];
    }
  }

  /** Turns T rows from position `at` on. A GGUF pairs neighbors, Hugging Face halves. */
  function rope(x, cos, sin, T, heads, hd, at, neighbors) {
    const n = hd / 2;
    for (let t = 0; t < T; t++)
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < n; i++) {
          const start = (x >>> 2) + (t * heads + h) * hd, a = start + (neighbors ? 2 * i : i);
          const b = neighbors ? a + 1 : a + n, angle = (at + t) * n + i;
          const c = floats[(cos >>> 2) + angle], s = floats[(sin >>> 2) + angle];
          const u = floats[a], v = floats[b];
          floats[a] = u * c - v * s;
          floats[b] = v * c + u * s;
        }
  }

  /** T queries from position `at` on, over the keys and values k, v [.., kvHeads * hd]. */
  function attend(out, q, k, v, w, T, heads, kvHeads, hd, at) {
    const step = kvHeads * hd, weights = w >>> 2;
    for (let t = 0; t < T; t++)
      for (let h = 0; h < heads; h++) {
        const start = (t * heads + h) * hd, head = Math.floor((h * kvHeads) / heads) * hd;
        const n = at + t + 1, to = (out >>> 2) + start;
        let top = -Infinity, all = 0;
        for (let p = 0; p < n; p++) {
          const score = dot((q >>> 2) + start, (k >>> 2) + p * step + head, hd) / Math.sqrt(hd);
          floats[weights + p] = score;
          top = Math.max(top, score);
        }
        for (let p = 0; p < n; p++)
          all += floats[weights + p] = Math.exp(floats[weights + p] - top);
        floats.fill(0, to, to + hd);
        for (let p = 0; p < n; p++) {
          const share = floats[weights + p] / all, value = (v >>> 2) + p * step + head;
          for (let i = 0; i < hd; i++) floats[to + i] += share * floats[value + i];
        }
      }
  }

  function swiglu(gate, up, n) {
    for (let i = 0; i < n; i++) {
      const x = floats[(gate >>> 2) + i];
      floats[(gate >>> 2) + i] = (x / (1 + Math.exp(-x))) * floats[(up >>> 2) + i];
    }
  }

  const kernels = {
    row_bf16, row_q80, rmsnorm, rope, attend, swiglu,
    matmul_bf16: matmul(row_bf16, (cols) => cols * 2),
    matmul_q80: matmul(row_q80, (cols) => (cols / 32) * 34),
    matmul_q41: matmul(row_q41, (cols) => (cols / 32) * 20),
  };
  const current = (kernel) => (...given) => {
    if (bytes?.buffer !== memory.buffer) // it has grown
      [bytes, halves, words, floats] = [Uint8Array, Uint16Array, Uint32Array, Float32Array]
        .map((View) => new View(memory.buffer));
    kernel(...given);
  };
  const all = Object.entries(kernels).map(([name, kernel]) => [name, current(kernel)]);
  return { ...Object.fromEntries(all), __heap_base: { value: 65536 } };
}
