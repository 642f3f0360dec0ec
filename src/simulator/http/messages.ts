import type { RequestError } from "../../protocol/index.js";
import { type AnswerHead, totals } from "./answers.js";
import type { AnswerFormat, ChoiceState, Piece } from "./format.js";
import { bad, refused } from "./request.js";

/** The chat that a body of Anthropic's Messages asks for. */
export function messagesChat(body: Record<string, unknown>): Record<string, unknown> {
  const { system = null, messages, max_tokens, stop_sequences: stop = null, model, tools, stream } = body;
  if ((max_tokens ?? null) === null) throw refused("max_tokens", "max_tokens: field required");
  if (system !== null && typeof system !== "string" && !Array.isArray(system)) {
    throw bad("system", system, "a string or an array of blocks");
  }
  const opening = system === null ? [] : [{ role: "system", content: system }];
  return {
    model,
    messages: Array.isArray(messages) && messages.length > 0 ? [...opening, ...messages] : messages,
    max_tokens,
    ...(stop !== null && { stop }),
    ...(tools !== undefined && { tools }),
    ...(stream !== undefined && { stream }),
    ...extensions(body),
  };
}

/** vLLM's own fields, which the other APIs take too. */
export function extensions({ cache_salt, ignore_eos, min_tokens }: Record<string, unknown>): object {
  return { cache_salt, ignore_eos, min_tokens };
}

/** An error as Anthropic shapes it. */
export function anthropicRefusal({ status, message, type }: RequestError): Response {
  const kind = status === 404 ? "not_found_error" : status < 500 ? "invalid_request_error" : type;
  return Response.json({ type: "error", error: { type: kind, message } }, { status });
}

/** `/v1/messages` as Anthropic, and vLLM after it, answers it. */
export class MessagesFormat implements AnswerFormat {
  readonly #head: AnswerHead;

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  whole(choices: readonly ChoiceState[]): object {
    return this.#message([{ type: "text", text: choices[0]!.text }], stopOf(choices), usageOf(choices));
  }

  open(choices: readonly ChoiceState[]): string {
    const usage = { ...usageOf(choices), output_tokens: 0 };
    const message = this.#message([], { stop_reason: null, stop_sequence: null }, usage);
    return (
      event("message_start", { message }) +
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } })
    );
  }

  piece({ text }: Piece): string {
    return event("content_block_delta", { index: 0, delta: { type: "text_delta", text } });
  }

  end(choices: readonly ChoiceState[]): string {
    return (
      event("content_block_stop", { index: 0 }) +
      event("message_delta", { delta: stopOf(choices), usage: usageOf(choices) }) +
      event("message_stop", {})
    );
  }

  #message(content: object[], stop: object, usage: object): object {
    const { id, model } = this.#head;
    return { id, type: "message", role: "assistant", content, model, ...stop, usage };
  }
}

function stopOf(choices: readonly ChoiceState[]): object {
  const { finishReason, stopReason } = choices[0]!;
  if (stopReason !== null) return { stop_reason: "stop_sequence", stop_sequence: stopReason };
  return { stop_reason: finishReason === "length" ? "max_tokens" : "end_turn", stop_sequence: null };
}

/** The tokens that the cache has served are not among the input tokens. */
function usageOf(choices: readonly ChoiceState[]): object {
  const { promptTokens, completionTokens, cachedTokens } = totals(choices);
  return {
    input_tokens: promptTokens - cachedTokens,
    output_tokens: completionTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cachedTokens,
  };
}

function event(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
