/* Write after a prompt, in several rows side by side, each with pushes and a seed of its own.
 *
 * What lies below the lowest push is the same for all rows: it is computed once, and kept
 * for the next call with the same prompt (the stem). A row comes out the same, bit for bit,
 * alone and in company. */
import { CHUNK } from "./llama.mjs";
import { checkReads, plan, readOut, steer } from "./pushes.mjs";
import { pick } from "./sampling.mjs";

const POSITIONS = ["all", "prompt", "response"];

/** Yields what happens, step by step; stop by not asking on.
 *
 * ids: token ids of the prompt. rows: [{pushes, seed}], see pushes.mjs. n: tokens to write,
 * 0 to read only. positions: which ones are pushed: all, prompt, response (from the first
 * written token on). reads: see checkReads. top: how many of the likeliest next tokens are
 * told after the prompt. choices: lists of ids, scored as what may follow the prompt.
 * - {progress}: share of the prompt that has been read
 * - {row, at, T, values}: what `reads` find at positions at .. at + T - 1 of a row, after
 *   its pushes: values[i] is an array [layers, T, k] for reads[i]
 * - {row, top: [[id, log-probability], ...]}, the likeliest first
 * - {row, scores: [log-probability of each choice, summed over its tokens]}, in nats
 * - {row, step, id, end, tag}: a written token; end: "stop" (the text's own end), "length",
 *   null; tag: that of the pushes that it was written under
 * `rows[i].edits` and `.tag` may be replaced meanwhile: they hold from the next token on. */
export function* write(llama, request) {
  const { ids, n = 40, temperature = 0 } = request;
  const reads = check(llama, request);
  const rows = request.rows;
  for (const row of rows) row.edits ??= plan(row.pushes ?? [], llama);
  const stem = yield* readStem(llama, request);
  for (const [index, row] of rows.entries()) {
    row.index = index;
    row.cache = llama.cache(ids.length + Math.max(n, longest(request)));
    yield* readPrompt(llama, request, stem, row, reads);
    if (request.top) yield { row: index, top: likeliest(row.logits, request.top) };
    if (request.choices) yield { row: index, scores: scoreChoices(llama, request, row) };
  }
  let active = rows;
  for (let step = 0; step < n && active.length; step++) {
    for (const row of active) {
      row.id = pick(row.logits, temperature, row.seed ?? 0, step);
      const stop = llama.eos.includes(row.id);
      row.end = stop ? "stop" : step === n - 1 ? "length" : null;
      yield { row: row.index, step, id: row.id, end: row.end, tag: row.wrote };
    }
    active = active.filter((row) => row.end !== "stop");
    if (active.length && (step < n - 1 || reads.length)) yield* next(llama, request, active, reads);
  }
}

function check(llama, request) {
  const { ids, rows, n = 40, temperature = 0, positions = "all", reads = [] } = request;
  const more = Math.max(n, longest(request));
  if (!ids.length) throw new Error("The prompt is empty.");
  if (!Number.isInteger(n) || n < 0) throw new Error(`${n} tokens cannot be written.`);
  if (ids.length + more > llama.context)
    throw new Error(`The prompt has ${ids.length} tokens and ${more} are to follow, but this ` +
      `model's context is ${llama.context}: shorten one of them.`);
  if ((request.choices ?? []).some(({ length }) => length < 1 || length > CHUNK))
    throw new Error(`A choice must have 1 to ${CHUNK} tokens.`);
  if (!rows.length || rows.length > CHUNK) throw new Error(`Pass 1 to ${CHUNK} rows.`);
  if (!(temperature >= 0)) throw new Error(`temperature is ${temperature}: pass 0 or more`);
  if (!POSITIONS.includes(positions)) throw new Error(`positions ${positions} is not known`);
  return checkReads(reads, llama);
}

/** The prompt as no row has changed it yet: blocks 0 to `depth`, the lowest pushed one. */
function* readStem(llama, { ids, rows, positions = "all" }) {
  const pushed = positions === "response" ? [] : rows.flatMap((row) => row.edits);
  const depth = Math.min(llama.nLayers - 1, ...pushed.map((edit) => edit.layer));
  const old = llama.stem, same = old && String(old.ids) === String(ids);
  if (same && old.depth >= depth) {
    llama.release();
    return { ...old, depth };
  }
  llama.stem = null; // until it is whole
  llama.release(old?.below);
  const below = llama.kept, { d } = llama, cache = llama.cache(ids.length);
  const residuals = Array.from({ length: depth + 1 }, () => new Float32Array(ids.length * d));
  for (let at = 0; at < ids.length; at += CHUNK) {
    const part = ids.slice(at, at + CHUNK), T = part.length;
    llama.embed(part);
    for (let layer = 0; layer <= depth; layer++) {
      llama.block(layer, [{ cache, row: 0, T, at }], T);
      residuals[layer].set(llama.stream(T), at * d);
    }
    yield { progress: (at + T) / ids.length / (rows.length + 1) };
  }
  llama.keep();
  return (llama.stem = { ids: [...ids], depth, cache, residuals, below });
}

/** The rest of the prompt for one row: from the stem through its pushes to its logits. */
function* readPrompt(llama, { ids, rows, positions }, stem, row, reads) {
  const { d, nLayers } = llama, { depth } = stem, N = ids.length;
  llama.copyCache(stem.cache, row.cache, N, depth);
  for (let at = 0; at < N; at += CHUNK) {
    const T = Math.min(CHUNK, N - at), values = empty(reads, T);
    const edits = editsOf(row, "prompt", positions);
    const spans = [{ cache: row.cache, row: 0, T, at, edits, values }];
    for (let layer = 0; layer < nLayers; layer++) {
      if (layer > depth) llama.block(layer, spans, T);
      else llama.stream(T).set(stem.residuals[layer].subarray(at * d, (at + T) * d));
      afterBlock(llama, layer, spans, reads);
    }
    if (reads.length) yield { row: row.index, at, T, values };
    yield { progress: (row.index + 1 + (at + T) / N) / (rows.length + 1) };
    if (at + T === N) [row.logits] = llama.logits(1, T - 1);
  }
  row.cache.length = N;
  row.wrote = row.tag;
}

const longest = ({ choices = [] }) => Math.max(0, ...choices.map(({ length }) => length));

/** Log-probabilities of all tokens, from their logits. */
function logProbs(logits) {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const all = top + Math.log(logits.reduce((sum, one) => sum + Math.exp(one - top), 0));
  return Float64Array.from(logits, (one) => one - all);
}

function likeliest(logits, k) {
  const scores = logProbs(logits);
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, k);
  return order.map((id) => [id, scores[id]]);
}

/** How likely each choice is after a row's prompt. The row stays as it is: what a choice
 * leaves in the cache lies behind its length. */
function scoreChoices(llama, { choices, positions }, row) {
  const edits = editsOf(row, "response", positions);
  return choices.map((choice) => {
    const T = choice.length - 1, all = [row.logits];
    if (T) {
      const spans = [{ cache: row.cache, row: 0, T, at: row.cache.length, edits }];
      llama.embed(choice.slice(0, T));
      for (let layer = 0; layer < llama.nLayers; layer++) {
        llama.block(layer, spans, T);
        afterBlock(llama, layer, spans, []);
      }
      all.push(...llama.logits(T));
    }
    return choice.reduce((sum, id, t) => sum + logProbs(all[t])[id], 0);
  });
}

/** Feed each row the token that it wrote: one step of all rows together. */
function* next(llama, { positions }, rows, reads) {
  const spans = rows.map((row, i) => ({
    cache: row.cache, row: i, T: 1, at: row.cache.length++,
    edits: editsOf(row, "response", positions), values: empty(reads, 1),
  }));
  llama.embed(rows.map((row) => row.id));
  for (let layer = 0; layer < llama.nLayers; layer++) {
    llama.block(layer, spans, rows.length);
    afterBlock(llama, layer, spans, reads);
  }
  const logits = llama.logits(rows.length);
  for (const [i, row] of rows.entries()) {
    row.logits = logits[i];
    row.wrote = row.tag;
    if (reads.length) yield { row: row.index, at: spans[i].at, T: 1, values: spans[i].values };
  }
}

/** The edits of a row where `positions` do not leave it out: in its prompt or response. */
const editsOf = (row, place, positions = "all") =>
  positions === "all" || positions === place ? row.edits : [];

const empty = (reads, T) =>
  reads.map(({ layers, rows }) => new Float32Array(layers.length * T * rows.length));

/** Push and read the rows at hand, each span with its own edits. */
function afterBlock(llama, layer, spans, reads) {
  const { d } = llama, stream = llama.stream(CHUNK);
  for (const { row, T, edits, values } of spans)
    for (let t = 0; t < T; t++) {
      const at = stream.subarray((row + t) * d, (row + t + 1) * d);
      for (const edit of edits) if (edit.layer === layer) steer(at, edit);
      reads.forEach((read, i) => read.layers.forEach((wanted, l) => {
        if (wanted === layer)
          values[i].set(readOut(read, at), (l * T + t) * read.rows.length);
      }));
    }
}
