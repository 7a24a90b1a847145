/* Runs the engine in Node: `node run.mjs SITE` reads a job from stdin, answers on stdout.
 *
 * A job is {model: folder of a manifest, plain, texts, ids, chats, requests}. Of a request
 * with `stream` the residual stream [rows, layers, positions, d] is read (base64). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const site = process.argv[2], job = JSON.parse(readFileSync(0, "utf8"));
const engine = (name) => import(pathToFileURL(join(site, "live", name)).href);
const [{ Llama }, { Text }, { write }] =
  await Promise.all(["llama.mjs", "text.mjs", "write.mjs"].map(engine));

const manifest = JSON.parse(readFileSync(join(job.model, "manifest.json"), "utf8"));
const kernels = readFileSync(join(site, "live", "kernels.wasm"));
const simd = !job.plain && WebAssembly.validate(kernels);
const fill = (to) => {
  let at = 0;
  for (const { file, size } of manifest.pieces) {
    to.set(readFileSync(join(job.model, file)), at);
    at += size;
  }
};
const llama = await Llama.create(simd ? kernels : null, manifest.size, fill, manifest.folder);
const text = new Text(llama), { d, nLayers } = llama;

function streamReads() {
  const vectors = new Float32Array(d * d);
  for (let i = 0; i < d; i++) vectors[i * d + i] = 1;
  return [{ layers: [...Array(nLayers).keys()], vectors }];
}

function answer({ prompt, stream, ...request }) {
  const ids = text.encode(prompt), length = ids.length + (request.n ?? 0);
  const choices = request.choices?.map((choice) => text.encode(choice));
  const all = stream && new Float32Array(request.rows.length * nLayers * length * d);
  const rows = request.rows.map(() => ({ ids: [], pieces: [], end: null }));
  const piece = rows.map(() => text.pieces());
  const reads = stream ? streamReads() : request.reads;
  const read = [];
  for (const event of write(llama, { ...request, ids, choices, reads })) {
    const row = rows[event.row];
    if (event.id !== undefined) {
      row.ids.push(event.id);
      row.pieces.push(piece[event.row](event.id, event.end !== null));
      row.end = event.end;
    } else if (stream && event.values) {
      const [values] = event.values, size = event.T * d;
      for (let l = 0; l < nLayers; l++)
        all.set(values.subarray(l * size, l * size + size),
          ((event.row * nLayers + l) * length + event.at) * d);
    } else if (event.values) {
      read.push({ ...event, values: event.values.map((part) => [...part]) });
    } else if (event.top ?? event.scores) {
      Object.assign(row, event);
    }
  }
  for (const row of rows) row.text = text.decode(row.ids);
  return { ids, rows, read, stream: stream && Buffer.from(all.buffer).toString("base64") };
}

const decoded = (ids) => {
  const piece = text.pieces();
  const pieces = ids.map((id, i) => piece(id, i === ids.length - 1));
  return { plain: text.decode(ids), all: text.decode(ids, false), pieces: pieces.join("") };
};

process.stdout.write(JSON.stringify({
  simd,
  texts: (job.texts ?? []).map((one) => text.encode(one)),
  decoded: (job.ids ?? []).map(decoded),
  chats: (job.chats ?? []).map((chat) => text.chat(chat)),
  answers: (job.requests ?? []).map(answer),
}));
