/* Pushes and read-outs: what is written to and read from the residual stream after a block.
 * The semantics are those of `generate` in helpers/steering.py. */

/** What `pushes` do, layer by layer: [{layer, unit, amount, mode}], first layer first.
 *
 * A push is {vector [d], layers: one or several, strength, mode, norm}: `strength` is a
 * share of `norm`, the mean residual norm at the layer (one number, or one for each).
 * `add` divides its dose over a band of layers. Throws an Error in plain words. */
export function plan(pushes, { nLayers, d }) {
  const edits = pushes.flatMap(({ vector, layers, strength = 0, mode = "add", norm }) => {
    const band = [layers].flat(), norms = [norm].flat();
    if (!["add", "ablate", "clamp"].includes(mode))
      throw new Error(`mode ${mode} is not known: add, ablate, clamp`);
    checkLayers(band, nLayers);
    const unit = unitVector(vector, d);
    if (!Number.isFinite(strength)) throw new Error(`strength ${strength} is not a number`);
    if (mode !== "ablate" && !norms.every((one) => one > 0 && Number.isFinite(one)))
      throw new Error(`norm ${norm} is not positive: pass the mean residual norm`);
    if (norms.length > 1 && norms.length !== band.length)
      throw new Error(`${norms.length} norms for ${band.length} layers: pass one each`);
    const share = mode === "add" ? band.length : 1;
    return band.map((layer, i) => {
      const amount = Math.fround((strength * (norms[i] ?? norms[0] ?? 0)) / share);
      return { layer, unit, amount, mode };
    });
  });
  return edits.sort((a, b) => a.layer - b.layer);
}

function checkLayers(layers, nLayers) {
  if (!layers.length) throw new Error("no layers: pass at least one");
  for (const layer of layers)
    if (!Number.isInteger(layer) || layer < 0 || layer >= nLayers)
      throw new Error(`layer ${layer} is outside 0..${nLayers - 1}`);
}

function unitVector(vector, d) {
  if (vector?.length !== d)
    throw new Error(`a vector of length ${vector?.length} does not fit d_model ${d}`);
  const length = Math.hypot(...vector);
  if (!(length > 0 && Number.isFinite(length)))
    throw new Error("vector is zero or not finite: it has no direction");
  return Float32Array.from(vector, (value) => value / length);
}

/** Change a row of the residual stream in place as one edit says. */
export function steer(row, { unit, amount, mode }) {
  let by = mode === "ablate" ? 0 : amount;
  if (mode !== "add") by -= dot(row, unit);
  for (let i = 0; i < row.length; i++) row[i] += by * unit[i];
}

/** Check read-outs: each is {layers, vectors: [k, d] in one array, center, cosine}. */
export function checkReads(reads, { nLayers, d }) {
  return reads.map(({ layers, vectors, center = null, cosine = false }) => {
    const band = [layers].flat();
    checkLayers(band, nLayers);
    if (!vectors?.length || vectors.length % d || (center && center.length !== d))
      throw new Error(`vectors or center of a read-out do not fit d_model ${d}`);
    const rows = Array.from({ length: vectors.length / d }, (_, i) =>
      Float32Array.from(vectors.slice(i * d, i * d + d)));
    return { layers: band, rows, center, lengths: cosine && rows.map((row) => norm(row)) };
  });
}

/** What one read-out finds in a row: its product with each vector, or the cosine. */
export function readOut({ rows, center, lengths }, row) {
  const at = center ? row.map((value, i) => value - center[i]) : row;
  const own = lengths && norm(at);
  return rows.map((vector, i) => dot(at, vector) / (lengths ? own * lengths[i] : 1));
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function norm(a) {
  return Math.sqrt(dot(a, a));
}
