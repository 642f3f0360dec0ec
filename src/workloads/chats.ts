import { exponential, geometric, type Random, shuffle, uniform } from "../random/index.js";
import { checkConversation, lazyRequest, placesOf } from "./conversation.js";
import { amount, checkOrder, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { prose } from "./prose.js";
import { streamOf } from "./seeds.js";
import type { Workload, WorkloadRequest } from "./workload.js";

export interface ChatParameters {
  readonly seed: number;
  readonly requests: number;
  readonly turns: number;
  readonly firstTurnTokens: number;
  readonly laterTurnTokens: number;
  readonly minOutputTokens: number;
  readonly maxOutputTokens: number;
}

/**
 * The reference run measured 1,780 prompt tokens a request (31,506 tokens/s ÷ 17.7 requests/s). With whole turns of mean 3 a prompt has two
 * later turns on average, so that a later turn adds (1,780 − 1,000) ÷ 2.
 */
export const referenceParameters: ParametersOf<ChatParameters> = {
  seed: seedParameter,
  requests: whole(1000, "prompts in all (the reference's --num-prompts)"),
  turns: amount(
    3,
    "mean turns of a conversation, geometric: about 333 conversations for 1,000 prompts, as the reference has",
    1,
  ),
  firstTurnTokens: amount(1000, "mean tokens of a first turn, exponential (a fit to the reference run)", 1),
  laterTurnTokens: amount(
    390,
    "mean tokens that a later turn adds, exponential: with the others 1,780 a prompt, as the reference run measured",
    1,
  ),
  minOutputTokens: whole(10, "least tokens to generate (the reference's --min-output-len)"),
  maxOutputTokens: whole(200, "most tokens to generate, each number equally likely (--max-output-len)"),
};
export const chatParameters: ParametersOf<ChatParameters> = {
  ...referenceParameters,
  laterTurnTokens: amount(285, "mean tokens of a later question, exponential: 390 less the answer's 105", 1),
};

/**
 * What the reference makes of ShareGPT: conversations of a few turns cut into pieces "turn 1", "turn 1, turn 2", …, each piece a prompt of
 * its own, all of them shuffled. The answers that later pieces contain are the data's, not what is generated.
 */
export function reference(values: ChatParameters): Workload {
  return chatsOf("reference", values, false);
}

/** The same as chats: a turn is the question, its prompt goes on with the answer that was generated, and waits for it. */
export function chat(values: ChatParameters): Workload {
  return chatsOf("chat", values, true);
}

/** Kinds of generators (streamOf). */
const TURNS = 1;
const ORDER = 2;
const LENGTHS = 3;
const TEXT = 4;
const ANSWERS = 5;

function chatsOf(name: string, values: ChatParameters, sequential: boolean): Workload {
  const { seed, requests, turns, firstTurnTokens, laterTurnTokens, minOutputTokens, maxOutputTokens } = values;
  checkOrder(name, ["minOutputTokens", minOutputTokens], ["maxOutputTokens", maxOutputTokens]);
  const turnsOf = turnCounts(streamOf(seed, TURNS, 0), requests, turns);
  const random = streamOf(seed, ORDER, 0);
  const order = sequential
    ? turnsOf.map((_, conversation) => [conversation, 0] as const)
    : shuffle(random, placesOf(turnsOf));

  const conversation = (index: number): WorkloadRequest[] => {
    checkConversation({ name, conversations: turnsOf.length }, index);
    const lengths = streamOf(seed, LENGTHS, index);
    const text = streamOf(seed, TEXT, index);
    const made: WorkloadRequest[] = [];
    for (let turn = 0; turn < turnsOf[index]!; turn++) {
      const mean = turn === 0 ? firstTurnTokens : laterTurnTokens;
      const tokens = Math.max(1, Math.round(exponential(lengths, mean)));
      const outputTokens = uniform(lengths, minOutputTokens, maxOutputTokens);
      const before = made[turn - 1];
      const answer = () => prose(streamOf(seed, ANSWERS + turn, index), outputTokens);
      const prompt = (): string => {
        // A prompt is made after those before it, as they share one generator.
        if (before === undefined) return prose(text, tokens, index).slice(1);
        return before.prompt + (before.answer ?? "") + prose(text, tokens);
      };
      made.push(lazyRequest([index, turn], outputTokens, prompt, sequential ? { answer } : {}));
    }
    return made;
  };
  return {
    name,
    description:
      `generated chats: ${requests} prompts of ${turnsOf.length} conversations, first turn exp(${firstTurnTokens}) tokens, later ones ` +
      `exp(${laterTurnTokens})${sequential ? " and the answer" : ", shuffled"}, output ${minOutputTokens} to ${maxOutputTokens}, seed ${seed}`,
    size: requests,
    sequential,
    conversations: turnsOf.length,
    conversation,
    order,
  };
}

/** Turns of each conversation, until they are `requests` in all. */
function turnCounts(random: Random, requests: number, mean: number): number[] {
  const counts: number[] = [];
  for (let left = requests; left > 0; ) {
    const turns = Math.min(left, geometric(random, mean));
    counts.push(turns);
    left -= turns;
  }
  return counts;
}
