/* The next token: the likeliest, or a draw with the noise of helpers/sampling.py. */
const ODD = 0x9e3779b1;

/** A 32-bit word scrambled one to one: the finalizer of MurmurHash3. */
function mixed(word) {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

const f32 = Math.fround;
const LOWEST = f32(1e-10), HIGHEST = f32(1 - 1e-7);

/** Gumbel noise of one token: a function of seed, step and token alone. */
function gumbel(key, token) {
  const word = mixed(key ^ mixed(Math.imul(token, ODD)));
  const uniform = f32(f32(word) + 0.5) / 2 ** 32;
  return -f32(Math.log(-f32(Math.log(Math.min(Math.max(uniform, LOWEST), HIGHEST)))));
}

/** The token with the largest logit; above temperature 0, with the noise of `seed` and
 * `step` (0 for the first token written), so that one seed gives one text everywhere. */
export function pick(logits, temperature, seed, step) {
  const key = mixed(mixed(seed >>> 0) + Math.imul(step, ODD));
  let best = 0, top = -Infinity;
  for (let i = 0; i < logits.length; i++) {
    const score = temperature > 0
      ? f32(f32(logits[i] / f32(temperature)) + gumbel(key, i)) : logits[i];
    if (score > top) [best, top] = [i, score];
  }
  return best;
}
