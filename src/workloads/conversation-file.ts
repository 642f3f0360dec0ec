import { shuffle, uniform } from "../random/index.js";
import { checkConversation, lazyRequest } from "./conversation.js";
import { checkOrder, flag, optionalWhole, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { type Entry, readEntries } from "./readers/entries.js";
import { streamOf } from "./seeds.js";
import { tokenize } from "./tokenizer.js";
import type { Workload, WorkloadRequest } from "./workload.js";

export interface FileParameters {
  readonly seed: number;
  readonly requests: number | undefined;
  readonly ordered: boolean;
  readonly minOutputTokens: number;
  readonly maxOutputTokens: number;
}

export const fileParameters: ParametersOf<FileParameters> = {
  seed: { ...seedParameter, about: "of the order, and of lengths that the file does not tell" },
  requests: optionalWhole("prompts in all, of whole conversations but for the last (default: all of the file)"),
  ordered: flag(false, "in the order of the file instead of shuffled"),
  minOutputTokens: whole(10, "least tokens to generate, where the file has neither an answer nor a length"),
  maxOutputTokens: whole(200, "most tokens to generate there, each number equally likely"),
};

/** Kinds of generators (streamOf). */
const ORDER = 1;
const LENGTHS = 2;

/**
 * The conversations of a file, {@link readEntries}: what to generate is as long as the file's answer, and the next turn goes on with that
 * answer.
 */
export function conversationFile(name: string, values: FileParameters, data: string, source: string): Workload {
  const { seed, ordered, minOutputTokens, maxOutputTokens } = values;
  checkOrder(name, ["minOutputTokens", minOutputTokens], ["maxOutputTokens", maxOutputTokens]);
  const all = readEntries(data, source).filter(({ count }) => count > 0);
  if (!ordered) shuffle(streamOf(seed, ORDER, 0), all);
  const { entries, lastCount, size } = firstRequests(all, values.requests);
  const sequential = entries.some(({ count }) => count > 1);
  const groups = new Map<string, number>();
  for (const { prefix } of entries) if (prefix !== undefined && !groups.has(prefix)) groups.set(prefix, groups.size);

  const conversation = (index: number): WorkloadRequest[] => {
    checkConversation({ name, conversations: entries.length }, index);
    const entry = entries[index]!;
    const lengths = streamOf(seed, LENGTHS, index);
    const group = entry.prefix === undefined ? {} : { group: groups.get(entry.prefix)! };
    const count = index === entries.length - 1 ? lastCount : entry.count;
    return entry
      .requests()
      .slice(0, count)
      .map(({ prompt, answer }, turn) => {
        const drawn = uniform(lengths, minOutputTokens, maxOutputTokens);
        const answered = answer === undefined ? drawn : Math.max(1, tokenize(answer).length);
        const made = answer === undefined ? group : { ...group, answer: () => answer };
        return lazyRequest([index, turn], entry.outputTokens ?? answered, () => prompt, made);
      });
  };
  return {
    name,
    description: `${source}: ${size} requests of ${entries.length} conversations${ordered ? "" : `, shuffled with seed ${seed}`}`,
    size,
    sequential,
    conversations: entries.length,
    conversation,
    order: entries.map((_, index) => [index, 0] as const),
  };
}

/** As many entries as have the requests that are wanted; of the last only the first `lastCount`. */
function firstRequests(
  all: readonly Entry[],
  wanted = Number.POSITIVE_INFINITY,
): { entries: Entry[]; lastCount: number; size: number } {
  const entries: Entry[] = [];
  let size = 0;
  let lastCount = 0;
  for (const entry of all) {
    if (size >= wanted) break;
    lastCount = Math.min(entry.count, wanted - size);
    size += lastCount;
    entries.push(entry);
  }
  return { entries, lastCount, size };
}
