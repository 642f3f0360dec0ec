import { type Random, shuffle, uniform, Zipf } from "../random/index.js";
import { checkConversation, lazyRequest } from "./conversation.js";
import { amount, checkOrder, flag, optionalWhole, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { prose } from "./prose.js";
import { streamOf } from "./seeds.js";
import type { Workload, WorkloadRequest } from "./workload.js";

export interface SharedPrefixParameters {
  readonly seed: number;
  readonly requests: number | undefined;
  readonly groups: number;
  readonly promptsPerGroup: number;
  readonly systemTokens: number;
  readonly questionTokens: number;
  readonly outputTokens: number;
  readonly rangeRatio: number;
  readonly turns: number;
  readonly ordered: boolean;
}

export interface ZipfParameters extends SharedPrefixParameters {
  readonly alpha: number;
}

export interface HotMixParameters {
  readonly seed: number;
  readonly requests: number;
  readonly hotShare: number;
  readonly prefixTokens: number;
  readonly questionTokens: number;
  readonly uniqueTokens: number;
  readonly minOutputTokens: number;
  readonly maxOutputTokens: number;
}

/** SGLang's `generated-shared-prefix`, its flags in brackets, with its defaults. */
export const sharedPrefixParameters: ParametersOf<SharedPrefixParameters> = {
  seed: seedParameter,
  requests: optionalWhole("conversations in all, spread evenly over the groups (default: groups × promptsPerGroup)"),
  groups: whole(64, "system prompts (--gsp-num-groups)"),
  promptsPerGroup: whole(
    16,
    "conversations a system prompt, on average where groups are drawn (--gsp-prompts-per-group)",
  ),
  systemTokens: whole(2048, "tokens of a system prompt (--gsp-system-prompt-len)"),
  questionTokens: whole(128, "tokens of a question (--gsp-question-len)"),
  outputTokens: whole(256, "tokens to generate (--gsp-output-len)"),
  rangeRatio: amount(1, "lengths are drawn from this share of them up to the whole (--gsp-range-ratio)", 0, 1),
  turns: whole(1, "questions of a conversation, each after the answer to the one before (--gsp-num-turns)"),
  ordered: flag(false, "group by group instead of shuffled (--gsp-ordered)"),
};

/** The same with groups drawn by Zipf's law (--gsp-group-distribution zipf). SGLang has no default for alpha. */
export const zipfParameters: ParametersOf<ZipfParameters> = {
  ...sharedPrefixParameters,
  requests: optionalWhole("conversations in all (default: groups × promptsPerGroup)"),
  alpha: amount(1, "group g of 1, 2, … has the weight 1 ÷ g^alpha (--gsp-zipf-alpha)", 0.001, 100),
};

/** Share and prefix are a study's of routing policies, the other lengths this project's choice. */
export const hotMixParameters: ParametersOf<HotMixParameters> = {
  seed: seedParameter,
  requests: whole(1000, "prompts in all"),
  hotShare: amount(
    0.4,
    "share of the prompts that begin with the hot prefix (a study of routing policies: 40 %)",
    0,
    1,
  ),
  prefixTokens: whole(4096, "tokens of the hot prefix (the same study: 4,096)"),
  questionTokens: whole(128, "tokens after the hot prefix (as gsp's questions)"),
  uniqueTokens: whole(1024, "tokens of a prompt that shares nothing (as random's most)"),
  minOutputTokens: whole(10, "least tokens to generate (as reference)"),
  maxOutputTokens: whole(200, "most tokens to generate, each number equally likely (as reference)"),
};

/** Kinds of generators (streamOf). */
const GROUPS = 1;
const ORDER = 2;
const SYSTEMS = 3;
const LENGTHS = 4;
const QUESTIONS = 5;
const ANSWERS = 6;

export function sharedPrefix(values: SharedPrefixParameters): Workload {
  const { groups, promptsPerGroup, requests = groups * promptsPerGroup } = values;
  const groupOf = Uint32Array.from({ length: requests }, (_, i) => Math.floor((i * groups) / requests));
  return sharedPrefixOf("gsp", values, groupOf, "evenly");
}

export function sharedPrefixZipf(values: ZipfParameters): Workload {
  const { groups, promptsPerGroup, requests = groups * promptsPerGroup, seed, alpha } = values;
  const zipf = new Zipf(groups, alpha);
  const random = streamOf(seed, GROUPS, 0);
  const groupOf = Uint32Array.from({ length: requests }, () => zipf.draw(random)).sort();
  return sharedPrefixOf("gspzipf", values, groupOf, `by Zipf's law, alpha ${alpha},`);
}

/** @param groupOf the group of each conversation, group by group. */
function sharedPrefixOf(name: string, values: SharedPrefixParameters, groupOf: Uint32Array, spread: string): Workload {
  const { seed, groups, systemTokens, questionTokens, outputTokens, rangeRatio, turns, ordered } = values;
  if (!ordered) shuffle(streamOf(seed, ORDER, 0), groupOf);
  const length = (random: Random, most: number): number =>
    uniform(random, Math.max(1, Math.floor(most * rangeRatio)), most);
  const system = (group: number): string => {
    const random = streamOf(seed, SYSTEMS, group);
    return prose(random, length(random, systemTokens), group).slice(1);
  };

  const conversation = (index: number): WorkloadRequest[] => {
    checkConversation({ name, conversations: groupOf.length }, index);
    const lengths = streamOf(seed, LENGTHS, index);
    const text = streamOf(seed, QUESTIONS, index);
    const group = groupOf[index]!;
    const made: WorkloadRequest[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const question = length(lengths, questionTokens);
      const output = length(lengths, outputTokens);
      const before = made[turn - 1];
      const prompt = (): string => {
        // Two line ends, a token each, part prompt and question, as SGLang has them.
        if (before === undefined) return `${system(group)}\n\n${prose(text, question, index).slice(1)}`;
        return before.prompt + before.answer + prose(text, question);
      };
      const answer = () => prose(streamOf(seed, ANSWERS + turn, index), output);
      made.push(lazyRequest([index, turn], output, prompt, turns > 1 ? { group, answer } : { group }));
    }
    return made;
  };
  return {
    name,
    description:
      `generated shared prefixes: ${groups} system prompts of ${systemTokens} tokens, ${groupOf.length} conversations spread ${spread} over ` +
      `them, ${turns === 1 ? "a question" : `${turns} questions`} of ${questionTokens}, output ${outputTokens}, range ratio ${rangeRatio}, seed ${seed}`,
    size: groupOf.length * turns,
    sequential: turns > 1,
    conversations: groupOf.length,
    conversation,
    order: Array.from(groupOf, (_, index) => [index, 0] as const),
  };
}

/** A share of all requests begins with one long text, the others share nothing: what makes tree policies pile up on one replica. */
export function hotMix(values: HotMixParameters): Workload {
  const { seed, requests, hotShare, prefixTokens, questionTokens, uniqueTokens, minOutputTokens, maxOutputTokens } =
    values;
  checkOrder("hotmix", ["minOutputTokens", minOutputTokens], ["maxOutputTokens", maxOutputTokens]);
  const hot = new Uint8Array(requests).fill(1, 0, Math.round(requests * hotShare));
  shuffle(streamOf(seed, ORDER, 0), hot);
  // Conversations are spelled by their index, the hot prefix by the number after the last.
  let prefix: string | undefined;
  const hotPrefix = (): string => {
    prefix ??= prose(streamOf(seed, SYSTEMS, 0), prefixTokens, requests).slice(1);
    return prefix;
  };

  const conversation = (index: number): WorkloadRequest[] => {
    checkConversation({ name: "hotmix", conversations: requests }, index);
    const output = uniform(streamOf(seed, LENGTHS, index), minOutputTokens, maxOutputTokens);
    const text = streamOf(seed, QUESTIONS, index);
    if (hot[index] === 0) {
      return [lazyRequest([index, 0], output, () => prose(text, uniqueTokens, index).slice(1))];
    }
    return [lazyRequest([index, 0], output, () => hotPrefix() + prose(text, questionTokens, index), { group: 0 })];
  };
  return {
    name: "hotmix",
    description:
      `generated: ${requests} prompts, ${hotShare * 100} % with one prefix of ${prefixTokens} tokens and ${questionTokens} of their own, the others ` +
      `${uniqueTokens} of their own, output ${minOutputTokens} to ${maxOutputTokens}, seed ${seed}`,
    size: requests,
    sequential: false,
    conversations: requests,
    conversation,
    order: Array.from(hot, (_, index) => [index, 0] as const),
  };
}
