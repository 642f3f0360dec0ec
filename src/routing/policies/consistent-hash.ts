import type { Choice } from "../decision.js";
import type { Replica } from "../replica.js";
import type { RequestKey } from "../request-key.js";
import { HashRing } from "./hash-ring.js";
import { leastLoaded } from "./least-loaded.js";
import type { OptionsOf, ValuesOf } from "./option-table.js";
import type { Policy, PolicyEnvironment, PolicyRequest } from "./policy.js";
import { textHash, tokensHash } from "./text-hash.js";

export const CONSISTENT_HASH = {
  loadFactor: {
    kind: "number",
    least: 1,
    default: 1.25,
    unit: "× the average load",
    about: "load up to which a replica takes what hashes to it",
  },
  virtualNodes: {
    kind: "whole",
    least: 1,
    most: 65536,
    default: 256,
    unit: "points",
    about: "points of each replica on the ring: more spread keys more evenly",
  },
  prefixChars: {
    kind: "whole",
    least: 1,
    most: 100,
    default: 100,
    unit: "characters",
    about: "how much of the first user message is hashed",
  },
} as const;

/** The options of `consistent_hash`. */
export type ConsistentHashOptions = OptionsOf<typeof CONSISTENT_HASH>;

/** Roughly the characters of a token. */
const CHARS_PER_TOKEN = 4;

/**
 * `consistent_hash`: bounded loads on a hash ring; remembers nothing, so routers that share nothing agree.
 *
 * Rule: hash the session if the caller gave one, else the first characters of the first user message (the system prompt, which
 * all share, is skipped), else the first token ids, each with the namespace. From there clockwise on the ring the first
 * candidate whose load with this request is within the bound; if none is, the first candidate.
 * Nothing to hash: the least loaded.
 * Formula: load + 1 ≤ loadFactor · (total load + 1) ÷ candidates; any when nothing is under way.
 * Defaults: loadFactor 1.25, virtualNodes 256, prefixChars 100.
 * Source: KubeAI's PrefixHash (`balance_chwbl.go`); Mirrokni, Thorup and Zadimoghaddam, "Consistent hashing with bounded loads"
 * (2016). KubeAI hashes by xxHash64; here MurmurHash3's rounds.
 */
export function consistentHash(values: ValuesOf<typeof CONSISTENT_HASH>, { random }: PolicyEnvironment): Policy {
  const { loadFactor, virtualNodes, prefixChars } = values;
  let ring = new HashRing([], virtualNodes);
  /** By owner on the ring. */
  let owners: readonly Replica[] = [];
  /** By owner: its place in the router's order. */
  let places: readonly number[] = [];

  function choose(request: PolicyRequest): Choice {
    const { key, candidates, loads } = request;
    if (candidates.length === 1) return { replica: candidates[0]!, reason: "only_candidate", matchedChars: 0 };
    const place = placeOf(key, prefixChars);
    if (place === null) {
      return { replica: candidates[leastLoaded(loads, random)]!, reason: "least_loaded", matchedChars: 0 };
    }
    const bound = loadBound(loads, loadFactor);
    const loadOf = loadsByOwner(request);
    const home = ring.find(place, (owner) => loadOf(owner) !== undefined);
    // Where nobody is within the bound, looking for one would be a walk around the whole ring.
    const fits = loads.some((load) => load + 1 <= bound);
    const chosen = fits ? ring.find(place, (owner) => loadOf(owner)! + 1 <= bound) : home;
    return {
      replica: owners[chosen]!,
      reason: chosen === home ? "hash_home" : "hash_spill",
      matchedChars: 0,
      figures: () =>
        loads.map((load) => ({ matchedChars: null, score: load, ...(load + 1 > bound && { excluded: "overloaded" }) })),
    };
  }

  /** The load of an owner; undefined for one that is no candidate. */
  function loadsByOwner({ candidates, loads, everyReplica }: PolicyRequest): (owner: number) => number | undefined {
    if (everyReplica) return (owner) => loads[places[owner]!];
    const byReplica = new Map(candidates.map((replica, i) => [replica, loads[i]!]));
    return (owner) => byReplica.get(owners[owner]!);
  }

  return {
    name: "consistent_hash",
    tree: null,
    choose,
    preview: choose,
    onReplicasChanged({ replicas }) {
      ring = new HashRing(
        replicas.map(({ id }) => id),
        virtualNodes,
      );
      const order = new Map(replicas.map((replica, i) => [replica.id, i]));
      places = ring.ids.map((id) => order.get(id)!);
      owners = places.map((place) => replicas[place]!);
    },
  };
}

/** The most that a replica's load may be with one request more. */
function loadBound(loads: readonly number[], loadFactor: number): number {
  let total = 0;
  for (const load of loads) total += load;
  return total === 0 ? Number.POSITIVE_INFINITY : ((total + 1) / loads.length) * loadFactor;
}

/** Where on the ring a request belongs; null when there is nothing to tell it by. */
function placeOf({ namespace, session, affinity, tokens }: RequestKey, prefixChars: number): number | null {
  if (session !== null) return textHash(session, textHash(namespace, 1));
  if (affinity !== "") return textHash(first(prefixChars, affinity), textHash(namespace, 2));
  if (tokens === null || tokens.length === 0) return null;
  return tokensHash(tokens, Math.ceil(prefixChars / CHARS_PER_TOKEN), textHash(namespace, 3));
}

/** The first characters of a text. */
function first(count: number, text: string): string {
  return text.length <= count ? text : [...text].slice(0, count).join("");
}
