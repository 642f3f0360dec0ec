import type { Tokenizer } from "../../workloads/index.js";
import { Answer } from "../answer.js";
import type { EngineDriver, Submission } from "../driver.js";
import type { GeneratedToken } from "../engine/index.js";
import type { ReplicaMetrics } from "../metrics.js";
import type { ChoiceState, Piece } from "./format.js";
import { type AnswerPlan, planAnswer } from "./plan.js";
import type { GenerationRequest } from "./request.js";

export interface GenerationContext {
  readonly driver: EngineDriver;
  readonly metrics: ReplicaMetrics;
  readonly tokenizer: Tokenizer;
  /** Tokens of prompt and answer together. */
  readonly maxTotalTokens: number;
  /** Breaks off after so many tokens; null: does not. */
  readonly cutAfterTokens: number | null;
}

export interface GenerationListener {
  /** An answer has grown by a token. */
  onPiece(piece: Piece, choices: readonly ChoiceState[]): void;
  /** All are complete. */
  onComplete(choices: readonly ChoiceState[]): void;
  /** It was stopped before. */
  onStop(reason: unknown): void;
}

/** The answers of one request in the engine, until all are complete or it is stopped. */
export class Generation {
  readonly #request: GenerationRequest;
  readonly #context: GenerationContext;
  readonly #listener: GenerationListener;
  readonly #choices: ChoiceState[] = [];
  readonly #submissions: Submission[] = [];
  /** Choices without an end. */
  #open: number;
  #tokens = 0;

  constructor(request: GenerationRequest, context: GenerationContext, listener: GenerationListener) {
    this.#request = request;
    this.#context = context;
    this.#listener = listener;
    this.#open = request.prompts.length * request.n;
    request.prompts.forEach((prompt, at) => {
      for (let variant = 0; variant < request.n; variant++) this.#submit(prompt, request.echoes[at]!, variant);
    });
  }

  /** Ends it at once, unless it has ended. */
  stop(reason: unknown): void {
    if (this.#open === 0) return;
    this.#context.metrics.advance(this.#context.driver.nowMs);
    for (const submission of this.#submissions) submission.abort();
    for (; this.#open > 0; this.#open--) this.#context.metrics.aborted();
    this.#listener.onStop(reason);
  }

  #submit(prompt: readonly number[], echo: string, variant: number): void {
    const { cacheSalt, adapter } = this.#request;
    const { driver, metrics, maxTotalTokens, tokenizer } = this.#context;
    const answer = new Answer(prompt, tokenizer, variant);
    const plan = planAnswer(answer, this.#request, maxTotalTokens - prompt.length);
    const index = this.#choices.length;
    this.#choices.push({
      text: "",
      tokens: [],
      promptTokens: prompt.length,
      first: variant === 0,
      echoed: echo.length,
      cachedTokens: 0,
      finishReason: null,
      stopReason: null,
    });
    let previousMs: number | null = null;
    const onToken = (token: GeneratedToken, generatedMs: number) => {
      metrics.token(token.sequence, generatedMs, previousMs);
      previousMs = generatedMs;
      const text = answer.token(token.index);
      this.#take(token, index, { text, id: answer.tokenId(token.index) }, plan, token.index === 0 ? echo : "");
    };
    const { outputTokens } = plan;
    this.#submissions.push(
      driver.submit({ prompt, outputTokens, outputToken: (at) => answer.tokenId(at), cacheSalt, adapter }, { onToken }),
    );
  }

  #take(
    { sequence, last }: GeneratedToken,
    index: number,
    token: Piece["token"],
    plan: AnswerPlan,
    echo: string,
  ): void {
    const choice = this.#choices[index]!;
    const room = plan.textLength - (choice.text.length + echo.length - choice.echoed);
    const text = echo + token.text.slice(0, Math.max(0, room));
    choice.text += text;
    choice.tokens.push(token);
    choice.cachedTokens = sequence.cachedTokens;
    this.#tokens++;
    if (last) {
      choice.finishReason = plan.reason;
      choice.stopReason = plan.stopReason;
      this.#open--;
      this.#context.metrics.finished(sequence, plan.reason);
    }
    this.#listener.onPiece({ index, text, token }, this.#choices);
    if (this.#open === 0) this.#listener.onComplete(this.#choices);
    else if (this.#tokens === this.#context.cutAfterTokens) this.stop(new ConnectionCut("the answer was cut"));
  }
}

/** Why a connection is closed without an answer, or in the middle of one; what `fetch` rejects with then. */
export class ConnectionCut extends TypeError {
  override name = "ConnectionCut";
  readonly code = "ECONNRESET";
}
