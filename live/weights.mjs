/* What lies where in a file of weights: safetensors (bfloat16) or GGUF (Q4_1, Q8_0). */

const HF = {
  embed: "model.embed_tokens", norm: "model.norm", head: "lm_head", block: "model.layers",
  norm1: "input_layernorm", norm2: "post_attention_layernorm",
  q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj",
  o: "self_attn.o_proj", gate: "mlp.gate_proj", up: "mlp.up_proj", down: "mlp.down_proj",
};
const GGUF = {
  embed: "token_embd", norm: "output_norm", head: "output", block: "blk",
  norm1: "attn_norm", norm2: "ffn_norm",
  q: "attn_q", k: "attn_k", v: "attn_v", o: "attn_output",
  gate: "ffn_gate", up: "ffn_up", down: "ffn_down",
};
export const MATRICES = ["q", "k", "v", "o", "gate", "up", "down"];

/** Sizes of the model, and `find(part, layer)`: {type, at} of a tensor in `bytes`.
 *
 * `files`: what a folder in Hugging Face format holds beside a safetensors (config,
 * tokenizer, chat_template), null for a GGUF, which has its own; they are handed on. */
export function readWeights(bytes, files) {
  const { tensors, ...model } = files ? fromFolder(bytes, files) : fromGguf(bytes);
  const names = files ? HF : GGUF;
  model.find = (part, layer) => {
    const place = layer === undefined ? "" : `${names.block}.${layer}.`;
    const name = `${place}${names[part]}.weight`;
    if (!tensors[name]) throw new Error(`The weights have no tensor ${name}.`);
    return tensors[name];
  };
  if (names.head + ".weight" in tensors)
    throw new Error("This model's unembedding is not its embedding: it is not read.");
  return model;
}

function fromFolder(bytes, files) {
  const { config } = files, heads = config.num_attention_heads;
  return {
    ...files, tensors: readSafetensors(bytes), neighbors: 0,
    nLayers: config.num_hidden_layers, d: config.hidden_size, heads,
    kvHeads: config.num_key_value_heads, hd: config.head_dim ?? config.hidden_size / heads,
    mlp: config.intermediate_size, vocab: config.vocab_size, eps: config.rms_norm_eps,
    theta: (config.rope_parameters ?? config).rope_theta,
    context: config.max_position_embeddings, eos: [config.eos_token_id].flat(),
  };
}

function fromGguf(bytes) {
  const { meta, tensors } = readGguf(bytes), of = (key) => meta["llama." + key];
  if (meta["general.architecture"] !== "llama")
    throw new Error(`This GGUF is a ${meta["general.architecture"]}, not a llama.`);
  const heads = of("attention.head_count");
  return {
    tensors, neighbors: 1, tokenizer: tokenizerOf(meta),
    chat_template: meta["tokenizer.chat_template"],
    nLayers: of("block_count"), d: of("embedding_length"), heads,
    kvHeads: of("attention.head_count_kv"), hd: of("embedding_length") / heads,
    mlp: of("feed_forward_length"), vocab: meta["tokenizer.ggml.tokens"].length,
    eps: of("attention.layer_norm_rms_epsilon"), theta: of("rope.freq_base"),
    context: of("context_length"), eos: [meta["tokenizer.ggml.eos_token_id"]],
  };
}

function readSafetensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = 8 + Number(view.getBigUint64(0, true)), tensors = {};
  const header = JSON.parse(new TextDecoder().decode(bytes.slice(8, start)));
  for (const [name, { dtype, data_offsets }] of Object.entries(header))
    if (dtype) tensors[name] = { type: dtype, at: start + data_offsets[0] };
  return tensors;
}

/** Metadata and tensors of a GGUF (github.com/ggml-org/ggml, docs/gguf.md). */
function readGguf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = new TextDecoder(), tensors = {}, meta = {};
  let at = 0;
  const number = (size, get) => () => view[get]((at += size) - size, true);
  const u32 = number(4, "getUint32"), big = number(8, "getBigUint64"), u64 = () => Number(big());
  const string = () => {
    const n = u64();
    return text.decode(bytes.slice(at, (at += n)));
  };
  const byte = number(1, "getUint8"), signed = number(8, "getBigInt64");
  const READ = [
    byte, number(1, "getInt8"), number(2, "getUint16"), number(2, "getInt16"), u32,
    number(4, "getInt32"), number(4, "getFloat32"), () => byte() === 1, string,
    () => list(u32(), u64()), u64, () => Number(signed()), number(8, "getFloat64"),
  ];
  const list = (type, n) => Array.from({ length: n }, READ[type]);
  if (u32() !== 0x46554747) throw new Error("This file is not a GGUF.");
  u32(); // version
  const n = u64(), fields = u64();
  for (let i = 0; i < fields; i++) meta[string()] = READ[u32()]();
  for (let i = 0; i < n; i++) {
    const name = string();
    list(10, u32()); // shape: known from the metadata
    tensors[name] = { type: { 0: "F32", 3: "Q4_1", 8: "Q8_0" }[u32()], at: u64() };
  }
  const align = meta["general.alignment"] ?? 32, start = Math.ceil(at / align) * align;
  for (const tensor of Object.values(tensors)) tensor.at += start;
  return { meta, tensors };
}

/** The tokenizer of a GGUF in the format of tokenizer.json. */
function tokenizerOf(meta) {
  const of = (key) => meta["tokenizer.ggml." + key], CONTROL = 3;
  if (of("model") !== "gpt2" || of("pre") !== "smollm")
    throw new Error(`This GGUF's tokenizer (${of("model")}, ${of("pre")}) is not read.`);
  const tokens = of("tokens"), flags = { normalized: false, lstrip: false, rstrip: false };
  const special = tokens.flatMap((content, id) =>
    of("token_type")[id] === CONTROL ? [{ id, content, special: true, ...flags }] : []);
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: true };
  const digits = { type: "Digits", individual_digits: true };
  return {
    added_tokens: special, normalizer: null, post_processor: null, decoder: bytes,
    pre_tokenizer: { type: "Sequence", pretokenizers: [digits, bytes] },
    model: {
      type: "BPE", vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: of("merges").map((pair) => pair.split(" ")),
    },
  };
}
