import { exp, type Random } from "../../random/index.js";
import type { InsertReceipt } from "../../tree/index.js";
import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";
import { lowest } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";
import { SentTexts, type TreeValues } from "./sent-texts.js";

export const KV_COST = {
  overlapCredit: {
    kind: "number",
    least: 0,
    most: 1,
    default: 1,
    unit: "share of the matched blocks",
    about: "how much of a match counts as prefill saved; 0 routes by load alone",
  },
  creditDecay: {
    kind: "number",
    least: 0,
    default: 0,
    unit: "per block of the request",
    about: "how fast that credit shrinks with the prefill a replica has to do beyond the least busy one",
  },
  prefillLoadScale: {
    kind: "number",
    least: 0,
    default: 1,
    unit: "× decode blocks",
    about: "weight of prefill against blocks under decode",
  },
  activeRequestWeight: {
    kind: "number",
    least: 0,
    default: 0,
    unit: "blocks a request",
    about: "cost of each request under way",
  },
  temperature: {
    kind: "number",
    least: 0,
    default: 0,
    unit: "",
    about: "0: always the lowest cost; above: softmax over costs from 0 (lowest) to 1 (highest)",
  },
  blockTokens: {
    kind: "whole",
    least: 1,
    default: 16,
    unit: "tokens",
    about: "tokens of a block",
  },
  charsPerToken: {
    kind: "number",
    least: 0.125,
    most: 1024,
    default: 4,
    unit: "characters",
    about: "characters of a token, about",
  },
} as const;

/** The options of `kv_cost`, but for those of its tree. */
export type KvCostOptions = OptionsOf<typeof KV_COST>;

/** Prefill is booked in whole parts of a block, so that what was booked and has ended leaves nothing behind. */
const PARTS = 1024;

/** What a replica has to do, by this router's own leases. */
interface Work {
  /** Uncached parts of blocks of requests that have not answered yet. */
  prefill: number;
  /** Blocks of the prompts of all requests under way. */
  blocks: number;
  /** The replica's place in the router's order; -1 once it is gone. */
  place: number;
}

/** Kept with a route. */
interface Booking {
  readonly work: Work;
  readonly receipt: InsertReceipt | null;
  /** What it has added to the work; 0 once its prefill is done. */
  prefill: number;
  readonly blocks: number;
}

/**
 * `kv_cost`: where prefill and load together cost the least.
 *
 * Rule: the candidate with the lowest cost; among equals the least loaded, then any. With a temperature, drawn by softmax over
 * the costs scaled to 0 … 1.
 * Formula, in blocks: cost = prefillLoadScale · max(0, prefill under way + request − credit · overlap)
 * + blocks under way with this request + activeRequestWeight · load;
 * overlap = whole blocks of the match; credit = overlapCredit ÷ (1 + creditDecay · excess prefill ÷ request).
 * Prefill under way is the uncached part of requests without a first token (`lease.firstToken()`; else until their end).
 * Defaults: overlapCredit 1, creditDecay 0, prefillLoadScale 1, activeRequestWeight 0, temperature 0, blockTokens 16,
 * charsPerToken 4, ttlSecs 120, maxChars 2^26 (2^20 blocks).
 * Source: NVIDIA Dynamo's KV router 1.3, `selector/default.rs`, approximate mode (no KV events).
 * Differs: blocks are counted in characters; blocks that running requests share count for each; one cache tier only.
 */
export function kvCost(values: ValuesOf<typeof KV_COST> & TreeValues, environment: PolicyEnvironment): Policy {
  const { random, insertAt } = environment;
  const { overlapCredit, creditDecay, prefillLoadScale, activeRequestWeight, temperature } = values;
  const texts = new SentTexts(values, environment);
  let works: ReadonlyMap<Replica, Work> = new Map();
  /** Also of those that are gone: one that comes back has its leases still. */
  const everyWork = new WeakMap<Replica, Work>();
  /** By place: what the work under way costs. */
  let bases = new Float64Array(0);
  /** The candidates' costs; overwritten by every choice. */
  let costs = new Float64Array(0);

  function choose(request: PolicyRequest): Choice {
    const { candidates, loads } = request;
    const hits = texts.matchEach(request, texts.available(request));
    const matchedChars = weigh(request, hits);
    const chosen = temperature === 0 ? lowest(costs, loads, random) : drawn(costs, loads.length, temperature, random);
    const reason = temperature === 0 ? "lowest_cost" : "sampled";
    return {
      replica: candidates[chosen]!,
      reason: candidates.length === 1 ? "only_candidate" : reason,
      matchedChars,
      hitChosen: hits[chosen]!,
      figures: () => candidates.map((_, i) => ({ matchedChars: hits[i]!, score: costs[i]! })),
    };
  }

  /** Fills in every candidate's cost. Returns the highest hit. */
  function weigh({ key, candidates, loads, everyReplica }: PolicyRequest, hits: Uint32Array): number {
    const size = blockSize(key);
    const request = key.chars / size;
    const alike = prefillLoadScale * request + Math.ceil(request);
    const least = creditDecay === 0 ? 0 : leastPrefill(candidates);
    let highest = 0;
    for (let i = 0; i < candidates.length; i++) {
      let cost = alike + bases[everyReplica ? i : works.get(candidates[i]!)!.place]!;
      const hit = hits[i]!;
      if (hit > highest) highest = hit;
      // The credit never exceeds the request, so the prefill that is left is never below 0.
      if (hit >= size) {
        let credit = overlapCredit;
        if (creditDecay > 0) {
          const excess = (works.get(candidates[i]!)!.prefill - least) / PARTS;
          credit /= 1 + (creditDecay * excess) / request;
        }
        cost -= prefillLoadScale * credit * Math.floor(hit / size);
      }
      costs[i] = activeRequestWeight === 0 ? cost : cost + activeRequestWeight * loads[i]!;
    }
    return highest;
  }

  function leastPrefill(candidates: readonly Replica[]): number {
    let least = Number.POSITIVE_INFINITY;
    for (const replica of candidates) least = Math.min(least, works.get(replica)!.prefill);
    return least;
  }

  /** Adds to a replica's work, or takes from it. */
  function book(work: Work, prefill: number, blocks: number): void {
    work.prefill += prefill;
    work.blocks += blocks;
    if (work.place >= 0) bases[work.place] = (prefillLoadScale * work.prefill) / PARTS + work.blocks;
  }

  /** Characters of a block; of token ids, tokens. */
  function blockSize({ tokens }: RequestKey): number {
    return tokens === null ? values.blockTokens * values.charsPerToken : values.blockTokens;
  }

  return {
    name: "kv_cost",
    tree: texts.tree,
    choose,
    preview: choose,
    onRouted(route) {
      const { key, replica } = route;
      // The receipt of an insert says what was there before it. Where there is none, it has to be asked for, and first.
      const before = insertAt === "choice" ? 0 : texts.match(route, [replica.id]).matchedChars;
      const receipt = texts.routed(route);
      const size = blockSize(key);
      const request = key.chars / size;
      const prefill = Math.round(PARTS * (request - Math.floor((receipt?.keptChars ?? before) / size)));
      const booking: Booking = { work: works.get(replica)!, receipt, prefill, blocks: Math.ceil(request) };
      book(booking.work, prefill, booking.blocks);
      route.memo = booking;
    },
    onAccepted: (route) => texts.accepted(route),
    onRejected: (route) => texts.rejected(route, (route.memo as Booking).receipt),
    onFirstToken({ memo }) {
      const booking = memo as Booking;
      book(booking.work, -booking.prefill, 0);
      booking.prefill = 0;
    },
    onReleased({ memo }) {
      const { work, prefill, blocks } = memo as Booking;
      book(work, -prefill, -blocks);
    },
    onReplicasChanged(change) {
      texts.replicasChanged(change);
      for (const work of works.values()) work.place = -1;
      bases = new Float64Array(change.replicas.length);
      costs = new Float64Array(change.replicas.length);
      works = new Map(
        change.replicas.map((replica, place) => {
          const work = everyWork.get(replica) ?? { prefill: 0, blocks: 0, place };
          everyWork.set(replica, work);
          work.place = place;
          book(work, 0, 0);
          return [replica, work];
        }),
      );
    },
    dispose: () => texts.dispose(),
  };
}

/** Drawn by softmax over the first `count` costs, scaled to 0 … 1. */
function drawn(costs: Float64Array, count: number, temperature: number, random: Random): number {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    least = Math.min(least, costs[i]!);
    most = Math.max(most, costs[i]!);
  }
  if (least === most) return random.below(count);
  const scale = (most - least) * temperature;
  let total = 0;
  for (let i = 0; i < count; i++) total += exp((least - costs[i]!) / scale);
  let left = random.float() * total;
  for (let i = 0; i < count; i++) {
    left -= exp((least - costs[i]!) / scale);
    if (left < 0) return i;
  }
  return count - 1;
}
