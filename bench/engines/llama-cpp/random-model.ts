import { Random } from "../../../src/random/index.js";
import { type GgufTensor, ggufFile } from "./gguf.js";

/** How large the model is. */
export interface ModelSize {
  readonly width: number;
  readonly layers: number;
  readonly feedForward: number;
  readonly heads: number;
  /** Tokens of a context that it says it was trained for. */
  readonly context: number;
}

/** About 8.5 million weights: a prompt of 2,000 tokens takes one thread of a server's CPU about 0.7 s, its next token about 3 ms. */
export const TINY: ModelSize = { width: 256, layers: 8, feedForward: 1024, heads: 4, context: 8192 };

const UNKNOWN = 0;
const BEGIN = 1;
const END = 2;
const FIRST_BYTE = 3;
/** Kinds of tokens in a GGUF vocabulary. */
const KIND = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/**
 * A Llama of random weights as a GGUF file. What it says means nothing; what it computes takes as long, and is kept in its KV cache,
 * as with trained weights. A printable character of ASCII is one token, any other one a token a byte, so that a text's tokens never
 * depend on what follows, and an answer read again has the tokens that were generated. It answers printable characters only.
 */
export function randomModel({ width, layers, feedForward, heads, context }: ModelSize, seed: number): Buffer {
  const random = new Random(seed);
  const { tokens, kinds } = vocabulary();
  const tensors: GgufTensor[] = [];
  const weights = (name: string, rows: number, columns: number) => {
    const data = new Float32Array(rows * columns);
    // Uniform with the variance 1 / columns, so that a product keeps the size of what goes in.
    const most = Math.sqrt(3 / columns);
    for (let i = 0; i < data.length; i++) data[i] = (2 * random.float() - 1) * most;
    tensors.push({ name, shape: [columns, rows], data });
    return data;
  };
  const ones = (name: string) => tensors.push({ name, shape: [width], data: new Float32Array(width).fill(1) });

  weights("token_embd.weight", tokens.length, width);
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}`;
    ones(`${block}.attn_norm.weight`);
    for (const part of ["attn_q", "attn_k", "attn_v", "attn_output"]) weights(`${block}.${part}.weight`, width, width);
    ones(`${block}.ffn_norm.weight`);
    weights(`${block}.ffn_gate.weight`, feedForward, width);
    weights(`${block}.ffn_up.weight`, feedForward, width);
    weights(`${block}.ffn_down.weight`, width, feedForward);
  }
  ones("output_norm.weight");
  const output = weights("output.weight", tokens.length, width);
  // Their score is 0, and among the others one is always above it.
  for (const [token, kind] of kinds.entries())
    if (kind !== KIND.normal) output.fill(0, token * width, (token + 1) * width);

  return ggufFile(
    {
      "general.architecture": "llama",
      "general.name": "warmroute-random",
      "llama.context_length": context,
      "llama.embedding_length": width,
      "llama.block_count": layers,
      "llama.feed_forward_length": feedForward,
      "llama.attention.head_count": heads,
      "llama.attention.head_count_kv": heads,
      "llama.attention.layer_norm_rms_epsilon": { float32: 1e-5 },
      "llama.rope.dimension_count": width / heads,
      "llama.vocab_size": tokens.length,
      "tokenizer.ggml.model": "llama",
      "tokenizer.ggml.tokens": { strings: tokens },
      "tokenizer.ggml.scores": { float32s: tokens.map(() => 0) },
      "tokenizer.ggml.token_type": { int32s: kinds },
      "tokenizer.ggml.bos_token_id": BEGIN,
      "tokenizer.ggml.eos_token_id": END,
      "tokenizer.ggml.unknown_token_id": UNKNOWN,
      "tokenizer.ggml.add_bos_token": false,
      "tokenizer.ggml.add_space_prefix": false,
    },
    tensors,
  );
}

function vocabulary(): { tokens: string[]; kinds: number[] } {
  const tokens = ["<unk>", "<s>", "</s>"];
  const kinds: number[] = [KIND.unknown, KIND.control, KIND.control];
  for (let byte = 0; byte < 256; byte++) {
    tokens[FIRST_BYTE + byte] = `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
    kinds.push(KIND.byte);
  }
  // SentencePiece writes a space as U+2581.
  for (let code = 0x20; code < 0x7f; code++) {
    tokens.push(code === 0x20 ? "\u2581" : String.fromCharCode(code));
    kinds.push(KIND.normal);
  }
  return { tokens, kinds };
}
