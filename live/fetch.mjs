/* Bring weights in pieces: with progress, kept by the browser, checked by sha256.
 *
 * A manifest is {name, size, sha256, pieces: [{file, size, sha256}], ...}; scripts/split.py
 * makes one. What goes wrong is told by an Error in plain words. */

/** The manifest at an address, with the address as `base` of its pieces. */
export async function fetchManifest(url, signal) {
  const response = await ask(url, { signal, cache: "no-cache" });
  try {
    return { ...(await response.json()), base: response.url };
  } catch {
    throw new Error(`${url} is no list of pieces: was the book built with this model?`);
  }
}

/** Write the weights into `to`. `file`, a Blob, stands for the pieces where it is given.
 *
 * `progress(bytes)` is told what has come. Returns whether the sha256 could be checked:
 * browsers do that on https and localhost only. */
export async function fetchWeights(manifest, to, { file, signal, progress }) {
  const cache = file ? null : await openCache(manifest);
  if (file && file.size !== manifest.size)
    throw new Error(`This file has ${file.size} bytes, not ${manifest.size}: it is another one.`);
  let at = 0;
  for (const piece of manifest.pieces) {
    const url = new URL(piece.file, manifest.base ?? location.href).href;
    const part = to.subarray(at, at + piece.size);
    const told = (bytes) => progress(at + bytes);
    const kept = await cache?.match(url);
    const source = file ? new Response(file.slice(at, at + piece.size)) : kept;
    // What is kept here need not be kept by the browser as well, least of all broken.
    const options = { signal, cache: cache ? "no-store" : "default" };
    await receive(source ?? (await ask(url, options)), part, piece, signal, told);
    if (!(await matches(part, piece.sha256))) {
      await cache?.delete(url);
      throw new Error(`${piece.file} is not what was published (its sha256 differs): ` +
        "load it again; if that does not help, the copy on the server is broken.");
    }
    // A full store must not stop the page.
    if (cache && !kept) await cache.put(url, new Response(part.slice())).catch(() => {});
    at += piece.size;
  }
  return Boolean(globalThis.crypto?.subtle);
}

/** The store of this version of the weights; those of other versions are dropped. */
async function openCache({ name, sha256 }) {
  try {
    const prefix = `weights ${name} `, own = prefix + sha256;
    for (const key of await caches.keys())
      if (key.startsWith(prefix) && key !== own) await caches.delete(key);
    return await caches.open(own);
  } catch {
    return null; // no store here: a private window, or neither https nor localhost
  }
}

async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Error(`${url} cannot be reached: is this computer offline?`);
  }
  if (!response.ok) throw new Error(`${url} is not there (${response.status}).`);
  return response;
}

async function receive(response, part, piece, signal, told) {
  const reader = response.body.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      if (signal?.aborted) throw error;
      throw new Error(`The connection broke in ${piece.file}: load again to go on from there.`);
    });
    signal?.throwIfAborted();
    if (done) break;
    if (at + value.length > part.length) await reader.cancel();
    else part.set(value, at);
    at += value.length;
    told(Math.min(at, part.length));
  }
  if (at !== part.length)
    throw new Error(`${piece.file} is broken: ${at} bytes came, not ${part.length}. Load again.`);
}

async function matches(bytes, sha256) {
  if (!globalThis.crypto?.subtle) return true;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("") === sha256;
}
