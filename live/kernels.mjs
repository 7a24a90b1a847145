/* The functions of kernels.c in plain JavaScript: the same names and arguments, places in
 * memory as byte offsets. To read, to test against, and for browsers without SIMD. */

/** All kernels over a WebAssembly.Memory. Weights are multiplied as they are, unrounded. */
export function plainKernels(memory) {
  const floats = (p, n) => new Float32Array(memory.buffer, p, n);

  const row_bf16 = (out, w, cols) => {
    const bits = new Uint32Array(memory.buffer, out, cols);
    const halves = new Uint16Array(memory.buffer, w, cols);
    for (let i = 0; i < cols; i++) bits[i] = halves[i] << 16;
  };

  /** A block of Q8_0: d (float16) and 32 times q of 8 bits; d q. */
  const row_q80 = (out, w, cols) => {
    const to = floats(out, cols), view = new DataView(memory.buffer);
    for (let i = 0; i < cols; i += 32, w += 34) {
      const d = half(view.getUint16(w, true));
      for (let j = 0; j < 32; j++) to[i + j] = d * view.getInt8(w + 2 + j);
    }
  };

  /** A block of Q4_1: d and m (float16) and 32 times q of 4 bits; d q + m. */
  const row_q41 = (out, w, cols) => {
    const to = floats(out, cols), view = new DataView(memory.buffer);
    for (let i = 0; i < cols; i += 32, w += 20) {
      const d = half(view.getUint16(w, true)), m = half(view.getUint16(w + 2, true));
      for (let j = 0; j < 16; j++) {
        const pair = view.getUint8(w + 4 + j);
        to[i + j] = d * (pair & 15) + m;
        to[i + j + 16] = d * (pair >> 4) + m;
      }
    }
  };

  /** out[T, rows] (+)= x[T, cols] times w[rows, cols], transposed. */
  const matmul = (readRow, rowBytes) => (out, w, x, T, rows, cols, add) => {
    const scratch = 0; // below the weights, where the compiled kernels have theirs
    const row = floats(scratch, cols), from = floats(x, T * cols), to = floats(out, T * rows);
    for (let o = 0; o < rows; o++) {
      readRow(scratch, w + o * rowBytes(cols), cols);
      for (let t = 0; t < T; t++) {
        let a = 0, b = 0, at = t * cols;
        for (let i = 0; i < cols; i += 2, at += 2) {
          a += row[i] * from[at];
          b += row[i + 1] * from[at + 1];
        }
        to[t * rows + o] = add ? to[t * rows + o] + a + b : a + b;
      }
    }
  };

  const rmsnorm = (out, x, gain, T, d, eps) => {
    const to = floats(out, T * d), from = floats(x, T * d), by = floats(gain, d);
    for (let at = 0; at < T * d; at += d) {
      let squares = 0;
      for (let i = 0; i < d; i++) squares += from[at + i] ** 2;
      const scale = 1 / Math.sqrt(squares / d + eps);
      for (let i = 0; i < d; i++) to[at + i] = from[at + i] * scale * by[i];
    }
  };

  /** Turns T rows from position `at` on. A GGUF pairs neighbors, Hugging Face halves. */
  const rope = (x, cs, sn, T, heads, hd, at, neighbors) => {
    const n = hd / 2, rows = floats(x, T * heads * hd);
    const cos = floats(cs + at * n * 4, T * n), sin = floats(sn + at * n * 4, T * n);
    for (let t = 0; t < T; t++)
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < n; i++) {
          const start = (t * heads + h) * hd, a = start + (neighbors ? 2 * i : i);
          const b = neighbors ? a + 1 : a + n, c = cos[t * n + i], s = sin[t * n + i];
          const u = rows[a], v = rows[b];
          rows[a] = u * c - v * s;
          rows[b] = v * c + u * s;
        }
  };

  /** T queries from position `at` on, over the keys and values k, v [.., kvh * hd]. */
  const attend = (out, q, k, v, w, T, heads, kvh, hd, at) => {
    const step = kvh * hd, n = at + T;
    const to = floats(out, T * heads * hd), queries = floats(q, T * heads * hd);
    const keys = floats(k, n * step), values = floats(v, n * step), weights = floats(w, n);
    for (let t = 0; t < T; t++)
      for (let h = 0; h < heads; h++) {
        const start = (t * heads + h) * hd, head = Math.floor((h * kvh) / heads) * hd;
        let top = -Infinity, all = 0;
        for (let p = 0; p <= at + t; p++) {
          let dot = 0;
          for (let i = 0; i < hd; i++) dot += queries[start + i] * keys[p * step + head + i];
          weights[p] = dot / Math.sqrt(hd);
          top = Math.max(top, weights[p]);
        }
        for (let p = 0; p <= at + t; p++) all += weights[p] = Math.exp(weights[p] - top);
        to.fill(0, start, start + hd);
        for (let p = 0; p <= at + t; p++)
          for (let i = 0; i < hd; i++)
            to[start + i] += (weights[p] / all) * values[p * step + head + i];
      }
  };

  const swiglu = (gate, up, n) => {
    const to = floats(gate, n), by = floats(up, n);
    for (let i = 0; i < n; i++) to[i] = (to[i] / (1 + Math.exp(-to[i]))) * by[i];
  };

  return {
    row_bf16, row_q80, rmsnorm, rope, attend, swiglu,
    matmul_bf16: matmul(row_bf16, (cols) => cols * 2),
    matmul_q80: matmul(row_q80, (cols) => (cols / 32) * 34),
    matmul_q41: matmul(row_q41, (cols) => (cols / 32) * 20),
    __heap_base: { value: 65536 },
  };
}

/** A float16 as a number. */
export function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
  if (exponent === 0) return (sign * fraction) / 2 ** 24;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}
