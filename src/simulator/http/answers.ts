import {
  type ChatCompletion,
  type ChatCompletionChunk,
  type Completion,
  type CompletionChunk,
  SSE_DONE,
  sseEvent,
  type Usage,
} from "../../protocol/index.js";
import type { AnswerFormat, ChoiceState, Piece } from "./format.js";
import { chatLogprobs, completionLogprobs } from "./logprobs.js";
import type { GenerationRequest } from "./request.js";

/** What all bodies of one answer have in common. */
export interface AnswerHead {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

/** `/v1/completions` as vLLM answers it. */
export class CompletionFormat implements AnswerFormat {
  readonly #head: AnswerHead;
  readonly #request: GenerationRequest;

  constructor(head: AnswerHead, request: GenerationRequest) {
    this.#head = head;
    this.#request = request;
  }

  whole(choices: readonly ChoiceState[]): Completion {
    const { logprobs } = this.#request;
    return {
      ...this.#head,
      object: "text_completion",
      choices: choices.map(({ text, tokens, echoed, finishReason, stopReason }, index) => ({
        index,
        text,
        logprobs: logprobs === null ? null : completionLogprobs(tokens, logprobs, echoed),
        finish_reason: finishReason,
        stop_reason: stopReason,
      })),
      usage: usageOf(choices),
    };
  }

  open(): string {
    return "";
  }

  piece({ index, text, token }: Piece, choices: readonly ChoiceState[]): string {
    const { logprobs, continuousUsage } = this.#request;
    const choice = choices[index]!;
    const chunk: CompletionChunk = {
      ...this.#head,
      object: "text_completion",
      choices: [
        {
          index,
          text,
          logprobs: logprobs === null ? null : completionLogprobs([token], logprobs, choice.text.length - text.length),
          finish_reason: choice.finishReason,
          stop_reason: choice.stopReason,
        },
      ],
      ...(continuousUsage && { usage: usageOf(choices) }),
    };
    return sseEvent(chunk);
  }

  end(choices: readonly ChoiceState[]): string {
    if (!this.#request.includeUsage) return SSE_DONE;
    const last: CompletionChunk = {
      ...this.#head,
      object: "text_completion",
      choices: [],
      usage: usageOf(choices),
    };
    return sseEvent(last) + SSE_DONE;
  }
}

/** `/v1/chat/completions` as vLLM answers it. */
export class ChatFormat implements AnswerFormat {
  readonly #head: AnswerHead;
  readonly #request: GenerationRequest;

  constructor(head: AnswerHead, request: GenerationRequest) {
    this.#head = head;
    this.#request = request;
  }

  whole(choices: readonly ChoiceState[]): ChatCompletion {
    const { logprobs } = this.#request;
    return {
      ...this.#head,
      object: "chat.completion",
      choices: choices.map(({ text, tokens, finishReason, stopReason }, index) => ({
        index,
        message: { role: "assistant", content: text },
        logprobs: logprobs === null ? null : chatLogprobs(tokens, logprobs),
        finish_reason: finishReason,
        stop_reason: stopReason,
      })),
      usage: usageOf(choices),
    };
  }

  /** The chunks that open a chat's answers. */
  open(choices: readonly ChoiceState[]): string {
    const delta = { role: "assistant", content: "" } as const;
    return choices
      .map((_, index) => this.#chunk([{ index, delta, logprobs: null, finish_reason: null }], choices))
      .join("");
  }

  piece({ index, text, token }: Piece, choices: readonly ChoiceState[]): string {
    const { logprobs } = this.#request;
    const { finishReason, stopReason } = choices[index]!;
    return this.#chunk(
      [
        {
          index,
          delta: { content: text },
          logprobs: logprobs === null ? null : chatLogprobs([token], logprobs),
          finish_reason: finishReason,
          stop_reason: stopReason,
        },
      ],
      choices,
    );
  }

  end(choices: readonly ChoiceState[]): string {
    if (!this.#request.includeUsage) return SSE_DONE;
    const last: ChatCompletionChunk = {
      ...this.#head,
      object: "chat.completion.chunk",
      choices: [],
      usage: usageOf(choices),
    };
    return sseEvent(last) + SSE_DONE;
  }

  #chunk(chunkChoices: ChatCompletionChunk["choices"], choices: readonly ChoiceState[]): string {
    const chunk: ChatCompletionChunk = {
      ...this.#head,
      object: "chat.completion.chunk",
      choices: chunkChoices,
      ...(this.#request.continuousUsage && { usage: usageOf(choices) }),
    };
    return sseEvent(chunk);
  }
}

/** A prompt counts once, however many answers it has. */
function usageOf(choices: readonly ChoiceState[]): Usage {
  const { promptTokens, completionTokens, cachedTokens } = totals(choices);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
  };
}

/** The tokens of all answers. */
export function totals(choices: readonly ChoiceState[]): {
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
} {
  const sum = { promptTokens: 0, completionTokens: 0, cachedTokens: 0 };
  for (const { first, promptTokens, cachedTokens, tokens } of choices) {
    sum.completionTokens += tokens.length;
    if (!first) continue;
    sum.promptTokens += promptTokens;
    sum.cachedTokens += cachedTokens;
  }
  return sum;
}
