import type { Random } from "../../random/index.js";
import { characterCount } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";
import { BlockHasher } from "./block-hash.js";
import { BlockIndex } from "./block-index.js";
import { lowest } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest, ReplicasChange, Route } from "./policy.js";

export const PREFIX_BLOCKS = {
  queueWeight: { kind: "number", least: 0, default: 2, unit: "", about: "weight of the queue's score" },
  kvWeight: { kind: "number", least: 0, default: 2, unit: "", about: "weight of the score of free KV cache" },
  prefixWeight: { kind: "number", least: 0, default: 3, unit: "", about: "weight of the match's score" },
  blockTokens: { kind: "whole", least: 1, default: 64, unit: "tokens", about: "tokens of a block" },
  charsPerToken: {
    kind: "number",
    least: 0.125,
    most: 1024,
    default: 4,
    unit: "characters",
    about: "characters of a token, about",
  },
  capacityBlocks: {
    kind: "whole",
    least: 1,
    most: 1_000_000,
    default: 31_250,
    unit: "blocks a replica",
    about: "most blocks remembered; beyond it the one used longest ago is forgotten",
  },
  maxPrefixTokens: {
    kind: "whole",
    least: 1,
    default: 131_072,
    unit: "tokens",
    about: "how much of a text is looked at",
  },
} as const;

/** The options of `prefix_blocks`. */
export type PrefixBlocksOptions = OptionsOf<typeof PREFIX_BLOCKS>;

/**
 * `prefix_blocks`: the highest sum of three scores.
 *
 * Rule: cut the text into whole blocks, hash each with the hash of the one before; each replica has an LRU of the blocks sent to
 * it. The candidate with the highest score; among equals the least loaded, then any.
 * Formula: score = queueWeight · queue + kvWeight · kv + prefixWeight · prefix, each from 0 to 1:
 * queue = (longest − load) ÷ (longest − shortest), 1 where all are equal; kv = 1 − reported KV cache usage, where not known
 * (no report, or a stale one) the average of those known; prefix = blocks matched from the first on ÷ blocks of the text.
 * Defaults: weights 2, 2 and 3, blockTokens 64, charsPerToken 4, capacityBlocks 31,250 a replica, maxPrefixTokens 131,072.
 * Source: llm-d router's default profile (`queue-scorer`, `kv-cache-utilization-scorer`, `prefix-cache-scorer`, approximate
 * producer; max-score picker).
 * Differs: the queue is the live load, not a scraped number of waiting requests, which makes routers herd; the first block is
 * the last to be forgotten, not the first; hashes are 53 bits with a seed of their own.
 */
export function prefixBlocks(values: ValuesOf<typeof PREFIX_BLOCKS>, environment: PolicyEnvironment): Policy {
  return new PrefixBlocks(values, environment);
}

class PrefixBlocks implements Policy {
  readonly name = "prefix_blocks";
  readonly tree = null;
  readonly #values: ValuesOf<typeof PREFIX_BLOCKS>;
  readonly #insertAt: "choice" | "accept";
  readonly #random: Random;
  readonly #hasher: BlockHasher;
  readonly #index: BlockIndex;
  readonly #blockUnits: number;
  readonly #mostBlocks: number;
  /** A small number for each replica, which names it in the index. */
  readonly #slots = new Map<Replica, number>();
  readonly #freeSlots: number[] = [];
  /** Slots in the router's order. */
  #order: readonly number[] = [];
  /** By slot, overwritten by every choice: blocks matched. */
  #runs = new Uint32Array(0);
  /** By candidate, overwritten by every choice: the scores, negated, since the lowest is chosen. */
  #losses = new Float64Array(0);
  /** Whose blocks the hasher has, and the index has matched last; and how many they are. */
  #hashed: RequestKey | null = null;
  #blocks = 0;

  constructor(values: ValuesOf<typeof PREFIX_BLOCKS>, { random, insertAt }: PolicyEnvironment) {
    this.#values = values;
    this.#insertAt = insertAt;
    this.#random = random;
    this.#hasher = new BlockHasher(random.uint32());
    this.#index = new BlockIndex(values.capacityBlocks);
    this.#blockUnits = 4 * Math.ceil((values.blockTokens * values.charsPerToken) / 4);
    this.#mostBlocks = Math.floor(values.maxPrefixTokens / values.blockTokens);
  }

  choose(request: PolicyRequest): Choice {
    const { key, candidates, loads } = request;
    this.#hash(key);
    this.#runs.fill(0);
    this.#index.match(this.#hasher.hashes, this.#blocks, this.#runs);
    const longest = this.#score(request);
    const chosen = lowest(this.#losses, loads, this.#random);
    return {
      replica: candidates[chosen]!,
      reason: candidates.length === 1 ? "only_candidate" : "highest_score",
      matchedChars: this.#charsOf(key, longest),
      hitChosen: this.#charsOf(key, this.#runOf(request, chosen)),
      figures: () =>
        candidates.map((_, i) => ({
          matchedChars: this.#charsOf(key, this.#runOf(request, i)),
          score: -this.#losses[i]!,
        })),
    };
  }

  preview(request: PolicyRequest): Choice {
    const choice = this.choose(request);
    // So that its text can go.
    this.#hashed = null;
    return choice;
  }

  onRouted(route: Route): void {
    if (this.#insertAt === "choice") route.memo = this.#add(route);
  }

  onAccepted(route: Route): void {
    if (this.#insertAt === "accept") this.#add(route);
    route.memo = null;
  }

  onRejected({ replica, memo }: Route): void {
    const slot = this.#slots.get(replica);
    if (slot === undefined) return;
    for (const block of (memo as number[] | null) ?? []) this.#index.remove(slot, block);
  }

  onReplicasChanged({ replicas }: ReplicasChange): void {
    const present = new Set(replicas);
    for (const [replica, slot] of this.#slots) {
      if (present.has(replica)) continue;
      this.#index.removeHolder(slot);
      this.#slots.delete(replica);
      this.#freeSlots.push(slot);
    }
    for (const replica of replicas) {
      if (this.#slots.has(replica)) continue;
      const slot = this.#freeSlots.pop() ?? this.#slots.size;
      this.#slots.set(replica, slot);
      this.#index.addHolder(slot);
    }
    this.#order = replicas.map((replica) => this.#slots.get(replica)!);
    this.#runs = new Uint32Array(this.#slots.size + this.#freeSlots.length);
    this.#losses = new Float64Array(replicas.length);
  }

  dispose(): void {
    for (const slot of this.#slots.values()) this.#index.removeHolder(slot);
  }

  /** Scores every candidate. Returns the longest run of matched blocks. */
  #score(request: PolicyRequest): number {
    const { candidates, loads } = request;
    const { queueWeight, kvWeight, prefixWeight } = this.#values;
    const losses = this.#losses;
    const averageUsage = this.#usages(request);
    let longest = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (const load of loads) {
      if (load > longest) longest = load;
      if (load < shortest) shortest = load;
    }
    const range = longest - shortest;
    let longestRun = 0;
    for (let i = 0; i < candidates.length; i++) {
      const run = this.#runOf(request, i);
      if (run > longestRun) longestRun = run;
      const queue = range === 0 ? 1 : (longest - loads[i]!) / range;
      const usage = Number.isNaN(losses[i]) ? averageUsage : losses[i]!;
      const prefix = this.#blocks === 0 ? 0 : run / this.#blocks;
      losses[i] = -(queueWeight * queue + kvWeight * (1 - usage) + prefixWeight * prefix);
    }
    return longestRun;
  }

  /** Writes the reported KV cache usages where the losses will be, NaN where not known. Returns the average of those known. */
  #usages({ candidates, timeS }: PolicyRequest): number {
    let known = 0;
    let sum = 0;
    for (let i = 0; i < candidates.length; i++) {
      const usage = candidates[i]!.reported(timeS)?.kvUsage ?? Number.NaN;
      this.#losses[i] = usage;
      if (Number.isNaN(usage)) continue;
      known++;
      sum += usage;
    }
    return known === 0 ? 0 : sum / known;
  }

  /** Blocks matched at a candidate. */
  #runOf({ candidates, everyReplica }: PolicyRequest, i: number): number {
    return this.#runs[everyReplica ? this.#order[i]! : this.#slots.get(candidates[i]!)!]!;
  }

  /** Characters of that many blocks of the text; of token ids, tokens. */
  #charsOf({ text, tokens, chars }: RequestKey, blocks: number): number {
    if (tokens !== null) return blocks * this.#values.blockTokens;
    const units = blocks * this.#blockUnits;
    return chars === text.length ? units : characterCount(text.slice(0, units));
  }

  /** @returns the blocks that the replica did not have: what a rejection takes back. */
  #add({ key, replica }: Route): number[] {
    const slot = this.#slots.get(replica);
    if (slot === undefined) return [];
    const areMatched = this.#hashed === key;
    this.#hash(key);
    // So that its text can go.
    this.#hashed = null;
    return this.#index.add(slot, this.#hasher.hashes, this.#blocks, areMatched);
  }

  #hash(key: RequestKey): void {
    if (this.#hashed === key) return;
    const { text, tokens, namespace } = key;
    this.#blocks =
      tokens === null
        ? this.#hasher.ofText(text, namespace, this.#blockUnits, this.#mostBlocks)
        : this.#hasher.ofTokens(tokens, namespace, this.#values.blockTokens, this.#mostBlocks);
    this.#hashed = key;
  }
}
