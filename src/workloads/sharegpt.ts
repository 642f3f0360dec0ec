import { shuffle, uniform } from "../random/index.js";
import { checkConversation, lazyRequest, placesOf } from "./conversation.js";
import { checkOrder, type ParametersOf, seedParameter, whole } from "./parameters.js";
import { type EntryTurn, readEntries } from "./readers/entries.js";
import { DataError } from "./readers/records.js";
import { streamOf } from "./seeds.js";
import type { RequestPlace, Workload } from "./workload.js";

export interface ShareGptParameters {
  readonly seed: number;
  readonly maxConversations: number;
  readonly requests: number;
  readonly minOutputTokens: number;
  readonly maxOutputTokens: number;
}

/** The reference's benchmark, its flags in brackets, with its values. */
export const shareGptParameters: ParametersOf<ShareGptParameters> = {
  seed: seedParameter,
  maxConversations: whole(10_000, "conversations chosen, all if there are fewer (--max-conversations)"),
  requests: whole(1000, "prompts chosen of all their pieces, all if there are fewer (--num-prompts)"),
  minOutputTokens: whole(10, "least tokens to generate (--min-output-len)"),
  maxOutputTokens: whole(200, "most tokens to generate, each number equally likely (--max-output-len)"),
};

/** Kinds of generators (streamOf). */
const CONVERSATIONS = 1;
const PIECES = 2;
const LENGTHS = 3;

/**
 * The reference's sampling: conversations are chosen, each is cut into its pieces "U1 A1", "U1 A1 U2 A2", …, prompts are chosen of all
 * pieces. A piece is the prompt, with its last answer, and what is generated is not in any other.
 */
export function shareGpt(values: ShareGptParameters, data: string, source: string): Workload {
  const { seed, maxConversations, requests, minOutputTokens, maxOutputTokens } = values;
  checkOrder("sharegpt", ["minOutputTokens", minOutputTokens], ["maxOutputTokens", maxOutputTokens]);
  const cut = readEntries(data, source).map(({ turns }) => piecesOf(turns));
  const chosen = shuffle(
    streamOf(seed, CONVERSATIONS, 0),
    cut.filter((pieces) => pieces.length > 0),
  ).slice(0, maxConversations);
  if (chosen.length === 0) throw new DataError(`${source}: no conversation with an answer in it`);
  const places = shuffle(streamOf(seed, PIECES, 0), placesOf(chosen.map((pieces) => pieces.length))).slice(0, requests);
  const { pieces, order } = renumbered(places, chosen);
  return {
    name: "sharegpt",
    description:
      `${source}: ${order.length} pieces of ${pieces.length} conversations, chosen of ${chosen.length}, output ${minOutputTokens} to ` +
      `${maxOutputTokens}, seed ${seed}`,
    size: order.length,
    sequential: false,
    conversations: pieces.length,
    conversation(index) {
      checkConversation({ name: "sharegpt", conversations: pieces.length }, index);
      const lengths = streamOf(seed, LENGTHS, index);
      return pieces[index]!.map((prompt, turn) =>
        lazyRequest([index, turn], uniform(lengths, minOutputTokens, maxOutputTokens), () => prompt),
      );
    },
    order,
  };
}

/** What is said up to each of the assistant's turns, it included, a line a turn. */
function piecesOf(turns: readonly EntryTurn[]): string[] {
  const pieces: string[] = [];
  let text = "";
  for (const { role, content } of turns) {
    if (content === "") continue;
    text += text === "" ? content : `\n${content}`;
    if (role === "assistant") pieces.push(text);
  }
  return pieces;
}

/** The pieces of conversations that have some, short ones first, and the places of the chosen among them. */
function renumbered(
  places: readonly RequestPlace[],
  all: readonly (readonly string[])[],
): { pieces: string[][]; order: RequestPlace[] } {
  const turns = new Map<number, number[]>();
  for (const [conversation, turn] of places) {
    const known = turns.get(conversation);
    if (known === undefined) turns.set(conversation, [turn]);
    else known.push(turn);
  }
  const numbers = new Map([...turns.keys()].map((conversation, i) => [conversation, i]));
  for (const chosen of turns.values()) chosen.sort((a, b) => a - b);
  return {
    pieces: [...turns].map(([conversation, chosen]) => chosen.map((turn) => all[conversation]![turn]!)),
    order: places.map(([conversation, turn]) => [numbers.get(conversation)!, turns.get(conversation)!.indexOf(turn)]),
  };
}
