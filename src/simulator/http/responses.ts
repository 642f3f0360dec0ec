import { RequestError } from "../../protocol/index.js";
import { type AnswerHead, totals } from "./answers.js";
import type { AnswerFormat, ChoiceState, Piece } from "./format.js";
import { extensions } from "./messages.js";
import { bad } from "./request.js";

/** The chat that a body of OpenAI's Responses asks for. Nothing is stored, so none goes on with another. */
export function responsesChat(body: Record<string, unknown>): Record<string, unknown> {
  const { input, instructions = null, max_output_tokens, model, tools, stream } = body;
  const before = body.previous_response_id ?? null;
  if (before !== null) {
    throw new RequestError(404, `Response with id '${String(before)}' not found.`, {
      type: "NotFoundError",
      param: "previous_response_id",
      code: 404,
    });
  }
  if (instructions !== null && typeof instructions !== "string") throw bad("instructions", instructions, "a string");
  const opening = instructions === null ? [] : [{ role: "system", content: instructions }];
  return {
    model,
    messages: [...opening, ...inputMessages(input)],
    ...(max_output_tokens !== undefined && { max_tokens: max_output_tokens }),
    ...(tools !== undefined && { tools }),
    ...(stream !== undefined && { stream }),
    ...extensions(body),
  };
}

/** What is no message (calls of functions, their results) is one of its own kind. */
function inputMessages(input: unknown): object[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  const objects = Array.isArray(input) && input.every((item) => typeof item === "object" && item !== null);
  if (!objects || input.length === 0) throw bad("input", input, "a string or an array of items");
  return (input as Record<string, unknown>[]).map((item) =>
    typeof item.role === "string" ? item : { role: String(item.type), content: JSON.stringify(item) },
  );
}

/** `/v1/responses` as OpenAI, and vLLM after it, answers it. */
export class ResponsesFormat implements AnswerFormat {
  readonly #head: AnswerHead;
  #sequence = 0;

  constructor(head: AnswerHead) {
    this.#head = head;
  }

  whole(choices: readonly ChoiceState[]): object {
    return this.#response(choices);
  }

  open(): string {
    const response = this.#response(null);
    return (
      this.#event("response.created", { response }) +
      this.#event("response.in_progress", { response }) +
      this.#event("response.output_item.added", { output_index: 0, item: this.#item("in_progress", []) }) +
      this.#event("response.content_part.added", { ...this.#place(), part: part("") })
    );
  }

  piece({ text }: Piece): string {
    return this.#event("response.output_text.delta", { ...this.#place(), delta: text, logprobs: [] });
  }

  end(choices: readonly ChoiceState[]): string {
    const { text } = choices[0]!;
    const response = this.#response(choices);
    const { status } = response;
    return (
      this.#event("response.output_text.done", { ...this.#place(), text, logprobs: [] }) +
      this.#event("response.content_part.done", { ...this.#place(), part: part(text) }) +
      this.#event("response.output_item.done", { output_index: 0, item: this.#item(status, [part(text)]) }) +
      this.#event(`response.${status}`, { response })
    );
  }

  /** Before the first token: null. */
  #response(choices: readonly ChoiceState[] | null): { readonly status: string } {
    const { id, created, model } = this.#head;
    const cut = choices !== null && choices[0]!.finishReason === "length";
    const status = choices === null ? "in_progress" : cut ? "incomplete" : "completed";
    const body = {
      id,
      object: "response",
      created_at: created,
      model,
      status,
      error: null,
      incomplete_details: cut ? { reason: "max_output_tokens" } : null,
      output: choices === null ? [] : [this.#item(status, [part(choices[0]!.text)])],
      usage: choices === null ? null : usageOf(choices),
    };
    return body;
  }

  #item(status: string, content: object[]): object {
    return { id: this.#place().item_id, type: "message", role: "assistant", status, content };
  }

  #place(): { item_id: string; output_index: number; content_index: number } {
    return { item_id: this.#head.id.replace(/^resp_/, "msg_"), output_index: 0, content_index: 0 };
  }

  #event(type: string, data: object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence++, ...data })}\n\n`;
  }
}

function part(text: string): object {
  return { type: "output_text", text, annotations: [] };
}

function usageOf(choices: readonly ChoiceState[]): object {
  const { promptTokens, completionTokens, cachedTokens } = totals(choices);
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: promptTokens + completionTokens,
  };
}
