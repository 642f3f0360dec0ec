import { type Random, uniform } from "../random/index.js";
import { checkConversation, lazyRequest } from "./conversation.js";
import { amount, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { prose } from "./prose.js";
import { streamOf } from "./seeds.js";
import type { Workload } from "./workload.js";

export interface RandomParameters {
  readonly seed: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly rangeRatio: number;
}

/** SGLang's `random`, its flags in brackets, with its defaults. */
export const randomParameters: ParametersOf<RandomParameters> = {
  seed: seedParameter,
  requests: whole(1000, "prompts in all (--num-prompts)"),
  inputTokens: whole(1024, "most tokens of a prompt (--random-input-len)"),
  outputTokens: whole(1024, "most tokens to generate (--random-output-len)"),
  rangeRatio: amount(
    0,
    "lengths are drawn from this share of the most, at least 1, up to it (--random-range-ratio)",
    0,
    1,
  ),
};

const REQUESTS = 1;

/** Prompts that share nothing: the control of every comparison. */
export function randomLengths(values: RandomParameters): Workload {
  const { seed, requests, inputTokens, outputTokens, rangeRatio } = values;
  const length = (random: Random, most: number): number =>
    uniform(random, Math.max(1, Math.floor(most * rangeRatio)), most);
  return {
    name: "random",
    description: `generated: ${requests} prompts that share nothing, up to ${inputTokens} tokens, output up to ${outputTokens}, range ratio ${rangeRatio}, seed ${seed}`,
    size: requests,
    sequential: false,
    conversations: requests,
    conversation(index) {
      checkConversation({ name: "random", conversations: requests }, index);
      const random = streamOf(seed, REQUESTS, index);
      const tokens = length(random, inputTokens);
      return [lazyRequest([index, 0], length(random, outputTokens), () => prose(random, tokens, index).slice(1))];
    },
    order: Array.from({ length: requests }, (_, index) => [index, 0] as const),
  };
}
