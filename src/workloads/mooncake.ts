import { checkConversation, lazyRequest } from "./conversation.js";
import { amount, optionalWhole, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { blockText } from "./readers/block-text.js";
import { DataError, recordsOf } from "./readers/records.js";
import { readTraceRecord, type TraceRecord } from "./readers/trace-record.js";
import type { RequestPlace, Workload } from "./workload.js";

export interface MooncakeParameters {
  readonly seed: number;
  readonly requests: number | undefined;
  readonly slowdown: number;
  readonly blockTokens: number;
}

export const mooncakeParameters: ParametersOf<MooncakeParameters> = {
  seed: { ...seedParameter, about: "of the texts: lengths, times and what is shared are the trace's" },
  requests: optionalWhole("the first so many of the trace (default: all)"),
  slowdown: amount(1, "factor of the times (SGLang's --mooncake-slowdown-factor)", 1e-6, 1e6),
  blockTokens: whole(512, "tokens that an id stands for (Mooncake's traces: 512)", 1, 65_536),
};

/**
 * A trace in Mooncake's format, {@link readTraceRecord}, with texts made up so that two prompts share what their ids say and nothing else. A
 * request belongs to the conversation of the earlier one whose blocks it goes on from, beyond what all requests begin with.
 */
export function mooncake(values: MooncakeParameters, data: string, source: string): Workload {
  const { seed, slowdown, blockTokens } = values;
  const records = readTrace(data, source, blockTokens).slice(0, values.requests);
  const conversations = conversationsOf(records);
  const order: RequestPlace[] = [];
  for (const [conversation, members] of conversations.entries()) {
    for (const [turn, index] of members.entries()) order[index] = [conversation, turn];
  }
  const startMs = records[0]!.timestampMs;
  return {
    name: "mooncake",
    description: `${source}: ${records.length} requests, their times × ${slowdown}, texts made of ids in blocks of ${blockTokens} tokens, seed ${seed}`,
    size: records.length,
    sequential: false,
    conversations: conversations.length,
    conversation(index) {
      checkConversation({ name: "mooncake", conversations: conversations.length }, index);
      return conversations[index]!.map((line, turn) => {
        const { blocks, inputTokens, outputTokens, timestampMs } = records[line]!;
        const prompt = () => blockText(blocks, inputTokens, blockTokens, seed, line);
        return lazyRequest([index, turn], outputTokens, prompt, { atMs: (timestampMs - startMs) * slowdown });
      });
    },
    order,
  };
}

/** In the order of time. */
function readTrace(data: string, source: string, blockTokens: number): TraceRecord[] {
  const records = recordsOf(data, source).map((record) => readTraceRecord(record, blockTokens));
  if (records.length === 0) throw new DataError(`${source}: no request in it`);
  return records.sort((a, b) => a.timestampMs - b.timestampMs);
}

/** Blocks that begin a prompt, and what comes after them. */
interface TrieNode {
  /** Of the request that had these blocks first. */
  readonly conversation: number;
  readonly next: Map<number, TrieNode>;
}

/** The records, by index, of each conversation. */
function conversationsOf(records: readonly TraceRecord[]): number[][] {
  const common = commonBlocks(records);
  const root: TrieNode = { conversation: -1, next: new Map() };
  const conversations: number[][] = [];
  for (const [index, { blocks }] of records.entries()) {
    let node = root;
    let depth = 0;
    for (; depth < blocks.length; depth++) {
      const next = node.next.get(blocks[depth]!);
      if (next === undefined) break;
      node = next;
    }
    let conversation = node.conversation;
    if (depth <= common) {
      conversation = conversations.length;
      conversations.push([]);
    }
    conversations[conversation]!.push(index);
    for (; depth < blocks.length; depth++) {
      const next: TrieNode = { conversation, next: new Map() };
      node.next.set(blocks[depth]!, next);
      node = next;
    }
  }
  return conversations;
}

/** Leading blocks that all requests have. */
function commonBlocks(records: readonly TraceRecord[]): number {
  if (records.length < 2) return 0;
  const first = records[0]!.blocks;
  let common = first.length;
  for (const { blocks } of records) {
    let i = 0;
    while (i < common && blocks[i] === first[i]) i++;
    common = i;
  }
  return common;
}
