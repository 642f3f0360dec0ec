import type {
  ChatCompletion,
  ChatCompletionChunk,
  Completion,
  CompletionChunk,
  FinishReason,
  Usage,
} from "../../protocol/index.js";

/** One prompt's answer so far. */
export interface ChoiceState {
  text: string;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  finishReason: FinishReason | null;
}

/** Makes the bodies of one answer: whole, or a stream's chunks. */
export class AnswerBodies {
  readonly #kind: "completions" | "chat";
  readonly #id: string;
  readonly #created: number;
  readonly #model: string;

  /** @param created seconds since 1970. */
  constructor(kind: "completions" | "chat", id: string, created: number, model: string) {
    this.#kind = kind;
    this.#id = id;
    this.#created = created;
    this.#model = model;
  }

  whole(choices: readonly ChoiceState[]): Completion | ChatCompletion {
    const common = { id: this.#id, created: this.#created, model: this.#model };
    if (this.#kind === "chat") {
      return {
        ...common,
        object: "chat.completion",
        choices: choices.map(({ text, finishReason }, index) => ({
          index,
          message: { role: "assistant", content: text },
          logprobs: null,
          finish_reason: finishReason,
        })),
        usage: usageOf(choices),
      };
    }
    return {
      ...common,
      object: "text_completion",
      choices: choices.map(({ text, finishReason }, index) => ({
        index,
        text,
        logprobs: null,
        finish_reason: finishReason,
      })),
      usage: usageOf(choices),
    };
  }

  /** The chunk that opens a chat's answer. */
  opening(): ChatCompletionChunk {
    return this.#chatChunk(0, { role: "assistant", content: "" }, null);
  }

  chunk(index: number, text: string, finishReason: FinishReason | null): CompletionChunk | ChatCompletionChunk {
    if (this.#kind === "chat") return this.#chatChunk(index, { content: text }, finishReason);
    return {
      id: this.#id,
      object: "text_completion",
      created: this.#created,
      model: this.#model,
      choices: [{ index, text, logprobs: null, finish_reason: finishReason }],
    };
  }

  /** The last chunk when `include_usage` was asked for. */
  usage(choices: readonly ChoiceState[]): CompletionChunk | ChatCompletionChunk {
    const common = { id: this.#id, created: this.#created, model: this.#model, choices: [], usage: usageOf(choices) };
    return this.#kind === "chat"
      ? { ...common, object: "chat.completion.chunk" }
      : { ...common, object: "text_completion" };
  }

  #chatChunk(
    index: number,
    delta: { role?: "assistant"; content?: string },
    finishReason: FinishReason | null,
  ): ChatCompletionChunk {
    return {
      id: this.#id,
      object: "chat.completion.chunk",
      created: this.#created,
      model: this.#model,
      choices: [{ index, delta, logprobs: null, finish_reason: finishReason }],
    };
  }
}

function usageOf(choices: readonly ChoiceState[]): Usage {
  const sum = (of: (choice: ChoiceState) => number) => choices.reduce((total, choice) => total + of(choice), 0);
  const prompt = sum(({ promptTokens }) => promptTokens);
  const completion = sum(({ completionTokens }) => completionTokens);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: sum(({ cachedTokens }) => cachedTokens) },
  };
}
