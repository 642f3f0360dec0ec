import { type PromptKind, parseJsonObject, RequestError, readBody, requirePrompt } from "../protocol/index.js";
import type { RouteRequest } from "../routing/index.js";
import type { Exchange } from "./exchange.js";

/** What is sent to a replica: the client's bytes as they came, and what they say, for the router to read. */
export interface Message {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly body: RouteRequest;
}

/**
 * Reads a request's body once, and as much of it as the limit allows. A body that breaks off means that its client left.
 * @throws RequestError for a body that is too large, encoded, no JSON object or without a prompt.
 */
export async function readMessage(exchange: Exchange, kind: PromptKind, maxBodyBytes: number): Promise<Message> {
  const { request } = exchange;
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new RequestError(415, `The body must not be encoded, not ${JSON.stringify(encoding)}.`, {
      code: "unsupported_encoding",
    });
  }
  const bytes = await readBody(request, maxBodyBytes).catch((error) => {
    if (!(error instanceof RequestError)) exchange.leave();
    throw error;
  });
  const body = parseJsonObject(bytes);
  requirePrompt(body, kind);
  // Only what the endpoint renders: the other endpoint's field must not decide where a request goes.
  const { text: _text, input: _input, [kind === "chat" ? "prompt" : "messages"]: _other, ...rendered } = body;
  return { bytes, body: rendered };
}
