import type { FinishReason } from "../../protocol/index.js";
import { Answer } from "../answer.js";
import type { EngineDriver, Submission } from "../driver.js";
import type { GeneratedToken } from "../engine/index.js";
import type { ReplicaMetrics } from "../metrics.js";
import type { ChoiceState } from "./answers.js";
import type { GenerationRequest } from "./request.js";

export interface GenerationContext {
  readonly driver: EngineDriver;
  readonly metrics: ReplicaMetrics;
  /** Tokens of prompt and answer together. */
  readonly maxTotalTokens: number;
}

export interface GenerationListener {
  /** A prompt's answer has grown by the text of one token; the last one comes with a reason. */
  onText(index: number, text: string, finishReason: FinishReason | null): void;
  /** All are complete. */
  onComplete(choices: readonly ChoiceState[]): void;
  /** It was stopped before. */
  onStop(): void;
}

/** The prompts of one request in the engine, until all are answered or it is stopped. */
export class Generation {
  readonly #request: GenerationRequest;
  readonly #context: GenerationContext;
  readonly #listener: GenerationListener;
  readonly #choices: ChoiceState[] = [];
  readonly #submissions: Submission[];
  /** Choices without an end. */
  #open: number;

  constructor(request: GenerationRequest, context: GenerationContext, listener: GenerationListener) {
    this.#request = request;
    this.#context = context;
    this.#listener = listener;
    this.#open = request.prompts.length;
    this.#submissions = request.prompts.map((prompt, index) => this.#submit(prompt, index));
  }

  /** Ends it at once, unless it has ended. */
  stop(): void {
    if (this.#open === 0) return;
    for (const submission of this.#submissions) submission.abort();
    for (; this.#open > 0; this.#open--) this.#context.metrics.aborted();
    this.#listener.onStop();
  }

  #submit(prompt: readonly number[], index: number): Submission {
    const { maxTokens, ignoreEos, cacheSalt } = this.#request;
    const answer = new Answer(prompt);
    const natural = ignoreEos ? Number.POSITIVE_INFINITY : answer.naturalTokens;
    const outputTokens = Math.min(natural, maxTokens ?? this.#context.maxTotalTokens - prompt.length);
    const reason: FinishReason = outputTokens === natural ? "stop" : "length";
    const choice: ChoiceState = {
      text: "",
      promptTokens: prompt.length,
      completionTokens: 0,
      cachedTokens: 0,
      finishReason: null,
    };
    this.#choices.push(choice);
    let previousMs: number | null = null;
    const onToken = (token: GeneratedToken, generatedMs: number) => {
      this.#context.metrics.token(token.sequence, generatedMs, previousMs);
      previousMs = generatedMs;
      this.#take(token, index, answer.token(token.index), reason);
    };
    return this.#context.driver.submit(
      { prompt, outputTokens, outputToken: (at) => answer.tokenId(at), cacheSalt },
      { onToken },
    );
  }

  #take({ sequence, last }: GeneratedToken, index: number, text: string, reason: FinishReason): void {
    const choice = this.#choices[index]!;
    choice.text += text;
    choice.completionTokens++;
    choice.cachedTokens = sequence.cachedTokens;
    if (last) {
      choice.finishReason = reason;
      this.#open--;
      this.#context.metrics.finished(sequence, reason);
    }
    this.#listener.onText(index, text, choice.finishReason);
    if (this.#open === 0) this.#listener.onComplete(this.#choices);
  }
}
