import { type ErrorDetails, errorBody, errorResponse, sseEvent } from "../protocol/index.js";

/**
 * What a body is routed by. `completions`, `chat`, `responses`, `messages`: its prompt, as the engine renders it. `load`: nothing
 * of it, since no cache of prefixes serves it; it goes where the least is to do, and its text never enters the tree.
 */
export type RoutedBy = "completions" | "chat" | "responses" | "messages" | "load";

/** A path whose requests are sent to replicas. */
export interface Endpoint {
  readonly path: string;
  readonly routedBy: RoutedBy;
}

export const ENDPOINTS: readonly Endpoint[] = [
  { path: "/v1/completions", routedBy: "completions" },
  { path: "/v1/chat/completions", routedBy: "chat" },
  { path: "/v1/responses", routedBy: "responses" },
  { path: "/v1/messages", routedBy: "messages" },
  { path: "/v1/embeddings", routedBy: "load" },
  { path: "/v1/rerank", routedBy: "load" },
  { path: "/tokenize", routedBy: "load" },
  { path: "/detokenize", routedBy: "load" },
];

/** Where Anthropic's clients look for errors, which tell one by `type` at the top. */
function isAnthropic(path: string): boolean {
  return path === "/v1/messages";
}

/** OpenAI's shape; for Anthropic's clients with what theirs needs besides. */
export function errorAt(path: string, status: number, message: string, details: ErrorDetails = {}): Response {
  const response = errorResponse(status, message, details);
  if (!isAnthropic(path)) return response;
  const type = details.type ?? (status < 500 ? "invalid_request_error" : "api_error");
  const body = { type: "error", ...errorBody(message, { ...details, type }) };
  return new Response(JSON.stringify(body), { status, headers: response.headers });
}

/** An error in the middle of a stream. The empty lines end the event that the replica may have been in the middle of. */
export function errorEventAt(path: string, message: string, details: ErrorDetails): Uint8Array {
  const body = errorBody(message, details);
  const event = isAnthropic(path) ? `event: error\n${sseEvent({ type: "error", ...body })}` : sseEvent(body);
  return new TextEncoder().encode(`\n\n${event}`);
}
