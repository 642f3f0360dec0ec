import { requirePrompt } from "../../protocol/index.js";
import { bad, promptTokens, type Served, servedModel } from "./request.js";

const DIMENSIONS = 384;
const MOST_DIMENSIONS = 65_536;

/** `/v1/embeddings`: of each input a vector of length 1, the nearer the more tokens two of them share. */
export function embeddingsAnswer(body: Record<string, unknown>, served: Served, id: string): object {
  const { model } = servedModel(body, served);
  requirePrompt({ prompt: body.input }, "completions");
  const { dimensions = null, encoding_format: encoding = null } = body;
  const size = dimensions ?? DIMENSIONS;
  if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > MOST_DIMENSIONS) {
    throw bad("dimensions", dimensions, `a whole number from 1 to ${MOST_DIMENSIONS}`);
  }
  if (encoding !== null && encoding !== "float" && encoding !== "base64") {
    throw bad("encoding_format", encoding, '"float" or "base64"');
  }
  const inputs = promptTokens(body.input, served.tokenizer);
  const tokens = inputs.reduce((sum, { length }) => sum + length, 0);
  return {
    id,
    object: "list",
    model,
    data: inputs.map((input, index) => {
      const vector = embedding(input, size as number);
      return { object: "embedding", index, embedding: encoding === "base64" ? base64(vector) : [...vector] };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** `/v1/rerank`: documents by how near they are to the query, 0 to 1. */
export function rerankAnswer(body: Record<string, unknown>, served: Served, id: string): object {
  const { model } = servedModel(body, served);
  const { query, documents, top_n: top = null } = body;
  if (typeof query !== "string") throw bad("query", query, "a string");
  if (!Array.isArray(documents) || !documents.every((each) => typeof each === "string")) {
    throw bad("documents", documents, "an array of strings");
  }
  if (top !== null && (!Number.isInteger(top) || (top as number) < 0)) throw bad("top_n", top, "a whole number");
  const asked = embedding(served.tokenizer(query), DIMENSIONS);
  const results = (documents as string[]).map((text, index) => {
    const vector = embedding(served.tokenizer(text), DIMENSIONS);
    const cosine = vector.reduce((sum, value, i) => sum + value * asked[i]!, 0);
    return { index, document: { text }, relevance_score: Math.max(0, Math.min(1, (1 + cosine) / 2)) };
  });
  results.sort((a, b) => b.relevance_score - a.relevance_score || a.index - b.index);
  const texts = [query, ...(documents as string[])];
  const tokens = texts.reduce((sum, text) => sum + served.tokenizer(text).length, 0);
  return { id, model, usage: { total_tokens: tokens }, results: results.slice(0, (top as number) || results.length) };
}

/** Each token adds 1 or −1 at four places. */
function embedding(tokens: readonly number[], size: number): Float32Array {
  const vector = new Float32Array(size);
  for (const token of tokens) {
    for (let i = 1; i <= 4; i++) {
      const hash = Math.imul(token + 1, Math.imul(i, 0x9e3779b1) | 1) >>> 0;
      vector[(hash >>> 1) % size]! += (hash & 1) === 0 ? 1 : -1;
    }
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector.fill(1 / Math.sqrt(size)) : vector.map((value) => value / length);
}

/** The 32-bit floats, the lowest byte first. */
function base64(vector: Float32Array): string {
  const bytes = new Uint8Array(vector.length * 4);
  const view = new DataView(bytes.buffer);
  vector.forEach((value, i) => {
    view.setFloat32(i * 4, value, true);
  });
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
