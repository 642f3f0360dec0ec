import type { FinishReason } from "../../protocol/index.js";
import type { Answer } from "../answer.js";
import type { GenerationRequest } from "./request.js";

/** How an answer ends. It is known beforehand, since all of its words are. */
export interface AnswerPlan {
  /** How many tokens are generated. */
  readonly outputTokens: number;
  readonly reason: FinishReason;
  /** The stop string that ended it. */
  readonly stopReason: string | null;
  /** How many UTF-16 units of the text are shown. */
  readonly textLength: number;
}

/** @param most the most tokens that fit the context. */
export function planAnswer(answer: Answer, request: GenerationRequest, most: number): AnswerPlan {
  const { maxTokens, minTokens, ignoreEos } = request;
  const natural = ignoreEos ? Number.POSITIVE_INFINITY : Math.max(answer.naturalTokens, minTokens);
  const limit = Math.min(natural, maxTokens ?? most);
  return (
    stopped(answer, request, limit) ?? {
      outputTokens: limit,
      reason: limit === natural ? "stop" : "length",
      stopReason: null,
      textLength: Number.POSITIVE_INFINITY,
    }
  );
}

/** As vLLM looks for stop strings: after each token beyond the least number, only where that token takes part. */
function stopped(answer: Answer, request: GenerationRequest, limit: number): AnswerPlan | null {
  const { stop, minTokens, includeStop } = request;
  if (stop.length === 0) return null;
  let text = "";
  for (let index = 0; index < limit; index++) {
    const before = text.length;
    text += answer.token(index);
    if (index < minTokens) continue;
    for (const each of stop) {
      const at = text.indexOf(each, Math.max(0, before - each.length + 1));
      if (at < 0) continue;
      const textLength = includeStop ? at + each.length : at;
      return { outputTokens: index + 1, reason: "stop", stopReason: each, textLength };
    }
  }
  return null;
}
