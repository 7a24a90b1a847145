/* The arithmetic of a Llama-like model for WebAssembly SIMD: one thread, no libc.
 *
 * Weights stay as they are in the file: bfloat16, or GGUF blocks of 32 (Q4_1, Q8_0).
 * Against GGUF blocks the activations become 16-bit integers with a scale for each
 * block: products are then exact, and rounding is about 1e-5 of a block's largest value.
 * kernels.mjs has the same functions in plain JavaScript, to read and to fall back on.
 * A row's result does not depend on which rows it is computed with.
 */
#include <stdint.h>
#include <wasm_simd128.h>

#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define WIDEST 8192 /* columns of a matrix of GGUF blocks */

typedef float f32;
typedef union { uint32_t u; int32_t i; f32 f; } word;

INLINE f32 half(const uint8_t *p) { /* float16 to float32 */
  uint32_t h = p[0] | (uint32_t)p[1] << 8;
  word v = {(h & 0x7fff) << 13};
  v.f *= 0x1p112f;
  v.u |= (h & 0x8000) << 16;
  return v.f;
}

INLINE f32 total(v128_t a) {
  return (wasm_f32x4_extract_lane(a, 0) + wasm_f32x4_extract_lane(a, 1)) +
         (wasm_f32x4_extract_lane(a, 2) + wasm_f32x4_extract_lane(a, 3));
}

INLINE v128_t madd(v128_t sum, v128_t a, v128_t b) {
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
}

static f32 expo(f32 x) { /* e^x within about 1e-7; the polynomial of Cephes */
  if (x < -87) return 0;
  if (x > 88) x = 88;
  f32 k = __builtin_rintf(x * 1.44269504f);
  f32 r = x - k * 0.693359375f + k * 2.12194440e-4f, p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  word s = {.i = ((int32_t)k + 127) << 23};
  return (p * r * r + r + 1) * s.f;
}

/* ---- matrices: out[T, rows] (+)= x[T, cols] times w[rows, cols], transposed ---- */

static int16_t ints[4 * WIDEST]; /* up to four rows of x as integers, */
static f32 scales[4 * WIDEST / 32], sums[4 * WIDEST / 32];

INLINE v128_t rounded(const f32 *x, v128_t by) {
  v128_t near = wasm_f32x4_nearest(wasm_f32x4_mul(wasm_v128_load(x), by));
  return wasm_i32x4_trunc_sat_f32x4(near);
}

static void quantize(const f32 *x, int n) {
  for (int b = 0; b < n / 32; b++, x += 32) {
    int16_t *q = ints + 32 * b;
    v128_t most = wasm_f32x4_splat(0);
    for (int i = 0; i < 32; i += 4)
      most = wasm_f32x4_max(most, wasm_f32x4_abs(wasm_v128_load(x + i)));
    f32 top = 0, lanes[4];
    wasm_v128_store(lanes, most);
    for (int i = 0; i < 4; i++) top = lanes[i] > top ? lanes[i] : top;
    v128_t by = wasm_f32x4_splat(top > 0 ? 32767 / top : 0);
    for (int i = 0; i < 32; i += 8)
      wasm_v128_store(
          q + i, wasm_i16x8_narrow_i32x4(rounded(x + i, by), rounded(x + i + 4, by)));
    /* Sum the rounded values, not x: the rounding then meets the whole weight d q + m,
     * and not d q alone, which is much larger. */
    int32_t sum = 0;
    for (int i = 0; i < 32; i++) sum += q[i];
    scales[b] = top / 32767;
    sums[b] = sum * scales[b];
  }
}

INLINE v128_t dots(const v128_t *w, const int16_t *q) {
  v128_t sum = wasm_i32x4_dot_i16x8(w[0], wasm_v128_load(q));
  UNROLL for (int i = 1; i < 4; i++)
    sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(w[i], wasm_v128_load(q + 8 * i)));
  return sum;
}

INLINE void unpack4(v128_t *w, const uint8_t *p) {
  v128_t v = wasm_v128_load(p), low = wasm_v128_and(v, wasm_i8x16_splat(15));
  v128_t high = wasm_u8x16_shr(v, 4);
  w[0] = wasm_u16x8_extend_low_u8x16(low), w[1] = wasm_u16x8_extend_high_u8x16(low);
  w[2] = wasm_u16x8_extend_low_u8x16(high), w[3] = wasm_u16x8_extend_high_u8x16(high);
}

INLINE void unpack8(v128_t *w, const uint8_t *p) {
  v128_t a = wasm_v128_load(p), b = wasm_v128_load(p + 16);
  w[0] = wasm_i16x8_extend_low_i8x16(a), w[1] = wasm_i16x8_extend_high_i8x16(a);
  w[2] = wasm_i16x8_extend_low_i8x16(b), w[3] = wasm_i16x8_extend_high_i8x16(b);
}

INLINE void put(f32 *out, f32 value, int add) { *out = add ? *out + value : value; }

/* A block of Q4_1 is d, m (float16) and 32 times q of 4 bits: d q + m. One of Q8_0 is d
 * and 32 times q of 8 bits: d q. `bits` and `n`, the rows of x, are known when compiled. */
INLINE void blocks(f32 *out, const uint8_t *w, const f32 *x, int rows, int cols, int add,
                   const int bits, const int n) {
  int nb = cols / 32;
  quantize(x, n * cols);
  for (int o = 0; o < rows; o++) {
    v128_t acc[4] = {0}, q[4];
    f32 rest[4] = {0};
    for (int b = 0; b < nb; b++, w += bits == 4 ? 20 : 34) {
      f32 d = half(w), m = bits == 4 ? half(w + 2) : 0;
      if (bits == 4) unpack4(q, w + 4); else unpack8(q, w + 2);
      UNROLL for (int t = 0; t < n; t++) {
        v128_t s = wasm_f32x4_convert_i32x4(dots(q, ints + t * cols + b * 32));
        acc[t] = madd(acc[t], s, wasm_f32x4_splat(d * scales[t * nb + b]));
        if (bits == 4) rest[t] += m * sums[t * nb + b];
      }
    }
    UNROLL for (int t = 0; t < n; t++) put(out + t * rows + o, total(acc[t]) + rest[t], add);
  }
}

INLINE v128_t wide(v128_t half) { return wasm_i32x4_shl(half, 16); }

INLINE void halves(f32 *out, const uint8_t *w, const f32 *x, int rows, int cols, int add,
                   const int bits, const int n) {
  for (int o = 0; o < rows; o++, w += 2 * cols) {
    v128_t a[4] = {0}, b[4] = {0};
    for (int i = 0; i < cols; i += 8) {
      v128_t v = wasm_v128_load(w + 2 * i);
      v128_t low = wide(wasm_u32x4_extend_low_u16x8(v));
      v128_t high = wide(wasm_u32x4_extend_high_u16x8(v));
      UNROLL for (int t = 0; t < n; t++) {
        a[t] = madd(a[t], low, wasm_v128_load(x + t * cols + i));
        b[t] = madd(b[t], high, wasm_v128_load(x + t * cols + i + 4));
      }
    }
    UNROLL for (int t = 0; t < n; t++)
      put(out + t * rows + o, total(wasm_f32x4_add(a[t], b[t])), add);
  }
}

/* Up to four rows of x at a time: a weight is unpacked once for all of them. */
#define MATMUL(NAME, KERNEL, BITS)                                                       \
  API void NAME(f32 *out, const uint8_t *w, const f32 *x, int T, int rows, int cols,     \
                int add) {                                                               \
    for (; T > 0; T -= 4, x += 4 * cols, out += 4 * rows)                                \
      if (T >= 4) KERNEL(out, w, x, rows, cols, add, BITS, 4);                           \
      else if (T == 3) KERNEL(out, w, x, rows, cols, add, BITS, 3);                      \
      else if (T == 2) KERNEL(out, w, x, rows, cols, add, BITS, 2);                      \
      else KERNEL(out, w, x, rows, cols, add, BITS, 1);                                  \
  }
MATMUL(matmul_q41, blocks, 4)
MATMUL(matmul_q80, blocks, 8)
MATMUL(matmul_bf16, halves, 16)

/* ---- one row of a matrix as numbers ---- */

API void row_q80(f32 *out, const uint8_t *w, int cols) {
  for (int b = 0; b < cols / 32; b++, w += 34)
    for (int i = 0; i < 32; i++) *out++ = half(w) * (int8_t)w[2 + i];
}

API void row_bf16(f32 *out, const uint16_t *w, int cols) {
  for (int i = 0; i < cols; i++) out[i] = (word){(uint32_t)w[i] << 16}.f;
}

/* ---- the rest of a block ---- */

API void rmsnorm(f32 *out, const f32 *x, const f32 *gain, int T, int d, f32 eps) {
  for (int t = 0; t < T; t++, x += d, out += d) {
    v128_t a = wasm_f32x4_splat(0);
    for (int i = 0; i < d; i += 4) a = madd(a, wasm_v128_load(x + i), wasm_v128_load(x + i));
    v128_t by = wasm_f32x4_splat(1 / __builtin_sqrtf(total(a) / d + eps));
    for (int i = 0; i < d; i += 4) {
      v128_t v = wasm_f32x4_mul(wasm_v128_load(x + i), by);
      wasm_v128_store(out + i, wasm_f32x4_mul(v, wasm_v128_load(gain + i)));
    }
  }
}

/* Turns T rows from position `at` on. A GGUF pairs neighbors, Hugging Face halves. */
API void rope(f32 *x, const f32 *cs, const f32 *sn, int T, int heads, int hd, int at,
              int neighbors) {
  int n = hd / 2;
  for (int t = 0; t < T; t++)
    for (int h = 0; h < heads; h++, x += hd)
      for (int i = 0; i < n; i++) {
        int a = neighbors ? 2 * i : i, b = neighbors ? a + 1 : i + n;
        f32 c = cs[(at + t) * n + i], s = sn[(at + t) * n + i], u = x[a], v = x[b];
        x[a] = u * c - v * s;
        x[b] = v * c + u * s;
      }
}

/* T queries from position `at` on, over the keys and values k, v [.., kvh * hd]. */
API void attend(f32 *out, const f32 *q, const f32 *k, const f32 *v, f32 *w, int T,
                int heads, int kvh, int hd, int at) {
  f32 scale = 1 / __builtin_sqrtf(hd);
  int step = kvh * hd;
  for (int t = 0; t < T; t++)
    for (int h = 0; h < heads; h++, q += hd, out += hd) {
      int n = at + t + 1, head = h / (heads / kvh) * hd;
      f32 top = -1e30f, all = 0;
      for (int p = 0; p < n; p++) {
        const f32 *key = k + p * step + head;
        v128_t a = wasm_f32x4_splat(0);
        for (int i = 0; i < hd; i += 4)
          a = madd(a, wasm_v128_load(q + i), wasm_v128_load(key + i));
        w[p] = total(a) * scale;
        top = w[p] > top ? w[p] : top;
      }
      for (int p = 0; p < n; p++) all += w[p] = expo(w[p] - top);
      for (int i = 0; i < hd; i += 4) {
        const f32 *value = v + head + i;
        v128_t a = wasm_f32x4_splat(0);
        for (int p = 0; p < n; p++)
          a = madd(a, wasm_f32x4_splat(w[p]), wasm_v128_load(value + p * step));
        wasm_v128_store(out + i, wasm_f32x4_mul(a, wasm_f32x4_splat(1 / all)));
      }
    }
}

API void swiglu(f32 *gate, const f32 *up, int n) {
  for (int i = 0; i < n; i++) gate[i] = gate[i] / (1 + expo(-gate[i])) * up[i];
}
