import { RequestError } from "./errors.js";
import type { HttpRequest } from "./http.js";

/** Which endpoint a body is for. */
export type PromptKind = "completions" | "chat";

/**
 * The body of a request, of at most `maxBytes`.
 * @throws RequestError 413 as soon as it is known to be larger: by its header, or by counting.
 */
export async function readBody(
  request: Pick<HttpRequest, "headers" | "body">,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > maxBytes) throw tooLarge(announced, maxBytes);
  if (request.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  while (reader.ended !== true) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > maxBytes) {
      void reader.cancel().catch(() => {});
      throw tooLarge(length, maxBytes);
    }
    pieces.push(value);
  }
  return joined(pieces, length);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws RequestError 400 unless the bytes are a JSON object in UTF-8. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new RequestError(400, "The body is not valid JSON in UTF-8.", { code: "invalid_json" });
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new RequestError(400, `The body must be a JSON object, not ${kindOf(body)}.`, { code: "invalid_json" });
  }
  return body as Record<string, unknown>;
}

/** @throws RequestError 400 unless the body has what its endpoint needs: a prompt, or messages. */
export function requirePrompt(body: Record<string, unknown>, kind: PromptKind): void {
  if (kind === "chat") {
    const { messages } = body;
    if (!Array.isArray(messages) || messages.length === 0) {
      throw invalid("messages", `must be a non-empty array of messages, not ${kindOf(messages)}`);
    }
    messages.forEach((message: unknown, index) => {
      if (typeof message !== "object" || message === null || Array.isArray(message)) {
        throw invalid("messages", `must hold objects, not ${kindOf(message)} (at ${index})`);
      }
    });
    return;
  }
  const { prompt } = body;
  const filled = typeof prompt === "string" || (Array.isArray(prompt) && prompt.length > 0 && isPrompt(prompt));
  if (!filled)
    throw invalid("prompt", `must be a string, or an array of strings or of token ids, not ${kindOf(prompt)}`);
}

/** Strings, token ids, or lists of token ids; one kind throughout. */
function isPrompt(prompt: unknown[]): boolean {
  return (
    prompt.every((part) => typeof part === "string") ||
    isTokenList(prompt) ||
    prompt.every((part) => Array.isArray(part) && part.length > 0 && isTokenList(part))
  );
}

function isTokenList(list: unknown[]): boolean {
  return list.every((id) => Number.isInteger(id) && (id as number) >= 0);
}

function invalid(param: string, problem: string): RequestError {
  return new RequestError(400, `${param} ${problem}.`, { param, code: `invalid_${param}` });
}

function tooLarge(bytes: number, maxBytes: number): RequestError {
  return new RequestError(413, `The body has ${bytes} bytes or more, and the limit is ${maxBytes}.`, {
    code: "body_too_large",
  });
}

function joined(pieces: Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0] as Uint8Array<ArrayBuffer>;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array of something else";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
