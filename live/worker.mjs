/* The worker that owns the model. README.md describes the messages. */
import { fetchManifest, fetchWeights } from "./fetch.mjs";
import { Llama } from "./llama.mjs";
import { plan } from "./pushes.mjs";
import { Text } from "./text.mjs";
import { write } from "./write.mjs";

const EVERY = 20; // ms between looks at the mailbox while the model runs
let llama, text;
let running; // the request at work: {abort: AbortController, ended: Promise, rows}

onmessage = ({ data }) => {
  if (data.type === "push") return push(data);
  running?.abort.abort();
  if (data.type === "stop") return;
  const own = { abort: new AbortController() };
  own.ended = serve(data, own, running?.ended);
  running = own;
};

/** Answer a request once the one before has ended. */
async function serve(data, own, before) {
  const tell = (type, rest) => postMessage({ type, id: data.id, ...rest });
  await before;
  try {
    own.abort.signal.throwIfAborted();
    await { load, write: run }[data.type](data, own, tell);
  } catch (error) {
    if (own.abort.signal.aborted) tell("stopped");
    else tell("error", { message: error.message });
  }
}

async function load({ manifest, file, plain = false }, own, tell) {
  const { signal } = own.abort;
  llama = text = null; // the memory of the former model
  if (typeof WebAssembly === "undefined")
    throw new Error("WebAssembly is switched off in this browser: no model can run in it.");
  const all = typeof manifest === "string" ? await fetchManifest(manifest, signal) : manifest;
  const kernels = plain ? null : await simdKernels(signal);
  let checked;
  const fill = async (to) => {
    const progress = (bytes) => tell("loading", { bytes, size: all.size });
    checked = await fetchWeights(all, to, { file, signal, progress });
  };
  const loaded = await Llama.create(kernels, all.size, fill, all.folder ?? null);
  signal.throwIfAborted();
  [llama, text] = [loaded, new Text(loaded)];
  const { nLayers, d, vocab, context } = llama;
  tell("ready", { name: all.name, nLayers, d, vocab, context, checked, simd: Boolean(kernels) });
}

/** The compiled kernels, or null where the browser lacks SIMD. */
async function simdKernels(signal) {
  const response = await fetch(new URL("kernels.wasm", import.meta.url), { signal });
  if (!response.ok) throw new Error(`kernels.wasm is not there (${response.status}).`);
  const bytes = await response.arrayBuffer();
  return WebAssembly.validate(bytes) ? bytes : null;
}

async function run(request, own, tell) {
  if (!llama) throw new Error("No model is loaded.");
  const prompt = request.prompt ?? (request.ids ? null : text.chat(request.chat));
  const ids = prompt === null ? request.ids : text.encode(prompt);
  const choices = request.choices?.map((choice) => text.encode(choice));
  const rows = own.rows = request.rows.map(({ pushes, seed, tag }) => ({ pushes, seed, tag }));
  tell("prompt", { prompt, ids, texts: strings(ids) });
  const pieces = rows.map(() => text.pieces());
  let looked = performance.now();
  for (const { id: token, ...event } of write(llama, { ...request, ids, choices, rows })) {
    const since = performance.now() - looked;
    const early = event.row === 0 && event.step > 0 ? (request.pace ?? 0) - since : 0;
    if (early > 0 || since > EVERY) {
      await (early > 0 ? new Promise((resolve) => setTimeout(resolve, early)) : mailbox());
      own.abort.signal.throwIfAborted();
      looked = performance.now();
    }
    if (token !== undefined)
      tell("token", { ...event, token, text: pieces[event.row](token, event.end !== null) });
    else if (event.top) tell("top", { ...event, top: event.top.map(named) });
    else tell(event.scores ? "scores" : event.values ? "reading" : "progress", event);
  }
  tell("done");
}

const named = ([id, logprob]) => ({ token: id, text: text.decode([id], false), logprob });

/** Other pushes for a row that is being written, from its next token on. */
function push({ id, row, pushes, tag }) {
  try {
    const own = running?.rows?.[row];
    if (own) Object.assign(own, { edits: plan(pushes, llama), tag });
  } catch (error) {
    postMessage({ type: "error", id, message: error.message });
  }
}

/** Each token as text, special ones by their names. */
function strings(ids) {
  const piece = text.pieces(false);
  return ids.map((id, i) => piece(id, i === ids.length - 1));
}

/** Lets waiting messages in; a timer would cost 4 ms each time. */
function mailbox() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
