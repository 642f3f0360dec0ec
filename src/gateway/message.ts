import { parseJsonObject, RequestError, readBody, requirePrompt } from "../protocol/index.js";
import type { RouteRequest } from "../routing/index.js";
import type { RoutedBy } from "./endpoints.js";
import type { Exchange } from "./exchange.js";

/** What is sent to a replica: the client's bytes as they came, and what they say, for the router to read. */
export interface Message {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly body: RouteRequest;
  /** The model that it names; undefined for none. */
  readonly model: string | undefined;
}

/**
 * Reads a request's body once, and as much of it as the limit allows. A body that breaks off means that its client left.
 * @throws RequestError for a body that is too large, encoded, no JSON object or without a prompt.
 */
export async function readMessage(exchange: Exchange, routedBy: RoutedBy, maxBodyBytes: number): Promise<Message> {
  const { request } = exchange;
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw new RequestError(415, `The body must not be encoded, not ${JSON.stringify(encoding)}.`, {
      code: "unsupported_encoding",
    });
  }
  let bytes: Message["bytes"];
  try {
    bytes = await readBody(request, maxBodyBytes);
  } catch (error) {
    if (!(error instanceof RequestError)) exchange.leave();
    throw error;
  }
  exchange.bytesIn = bytes.byteLength;
  const body = parseJsonObject(bytes);
  exchange.asked(body);
  const { model } = body;
  const named = typeof model === "string" ? model : undefined;
  return { bytes, body: rendered(body, routedBy, named), model: named };
}

/** Only what the endpoint renders: another endpoint's field must not decide where a request goes. */
function rendered(body: Record<string, unknown>, routedBy: RoutedBy, model: string | undefined): RouteRequest {
  switch (routedBy) {
    case "completions":
      // vLLM takes embeddings in place of a prompt: nothing to match by.
      if (body.prompt_embeds === undefined || body.prompt_embeds === null) requirePrompt(body, "completions");
      return without(body, NOT_OF_COMPLETIONS);
    case "chat":
    case "messages":
      requirePrompt(body, "chat");
      return without(body, NOT_OF_CHATS);
    case "responses":
      return without(body, NOT_OF_RESPONSES);
    case "load":
      return model === undefined ? { text: "" } : { text: "", model };
  }
}

const NOT_OF_COMPLETIONS = ["text", "messages", "input"];
const NOT_OF_CHATS = ["text", "prompt", "input"];
/** Its `prompt` is a template that the server keeps. */
const NOT_OF_RESPONSES = ["text", "prompt", "messages"];

/** Itself where it has none of them, as nearly always. */
function without(body: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  if (names.every((name) => body[name] === undefined)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)));
}
