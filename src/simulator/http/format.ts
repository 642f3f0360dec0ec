import type { FinishReason } from "../../protocol/index.js";
import type { TokenText } from "./logprobs.js";

/** One answer so far: of a prompt, and with `n` one of its several. */
export interface ChoiceState {
  /** What is shown: with `echo` from the prompt on, without what a stop string cuts off. */
  text: string;
  readonly tokens: TokenText[];
  readonly promptTokens: number;
  /** Whether it is the first of its prompt, whose tokens count once. */
  readonly first: boolean;
  /** UTF-16 units of the prompt that stand before the answer. */
  readonly echoed: number;
  cachedTokens: number;
  finishReason: FinishReason | null;
  stopReason: string | null;
}

/** What a step has added to a choice. */
export interface Piece {
  readonly index: number;
  readonly text: string;
  readonly token: TokenText;
}

/** The bodies of one API: whole, or a stream's events as text. */
export interface AnswerFormat {
  whole(choices: readonly ChoiceState[]): object;
  /** What comes with the first token, before it. */
  open(choices: readonly ChoiceState[]): string;
  piece(piece: Piece, choices: readonly ChoiceState[]): string;
  /** What comes after the last token. */
  end(choices: readonly ChoiceState[]): string;
}
