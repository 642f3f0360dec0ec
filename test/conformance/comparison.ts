import assert from "node:assert/strict";
import type { Eviction } from "../../src/tree/index.js";
import type { Bounds, Found, TreeUnderTest } from "./adapter.js";
import type { Call, Sequence } from "./calls.js";
import { checkInserted, checkInvariants } from "./invariants.js";
import { NaiveTree, NOTHING_TOLD } from "./naive-tree.js";

/** Whole states are compared after every so many calls, after the last, and, in smaller trees, after each that evicted by itself. */
const STATE_EVERY = 8;
const SMALLER_CHARACTERS = 300_000;

/** How often a sequence has made the trees do what only full or old ones do. */
export interface Tally {
  pressure: number;
  expiry: number;
  shortened: number;
}

/**
 * Does the calls on the naive tree and on the others, and throws where one differs in what a call returns or evicts, or in its
 * whole state, or breaks an invariant.
 */
export function compareCalls(
  { bounds, calls }: Sequence,
  makeTrees: readonly ((bounds: Bounds) => TreeUnderTest)[],
): Tally {
  const tally = { pressure: 0, expiry: 0, shortened: 0 };
  const tree = new NaiveTree(bounds);
  const naive = new Player(tree, (none) => new NaiveTree(none));
  const players = makeTrees.map((make) => new Player(make(bounds), make));
  calls.forEach((call, index) => {
    const [first, ...others] = players.map((player) => player.play(call));
    tree.told = bounds.maxBytes === undefined ? NOTHING_TOLD : whatHappened(first!);
    const expected = naive.play(call);
    for (const { tree } of players) assert(tree.memoryBytes() <= (bounds.maxBytes ?? Number.POSITIVE_INFINITY));
    for (const outcome of [first, ...others]) assert.deepEqual(outcome, expected, `call ${index}: ${call.do}`);
    for (const { reason } of expected.evictions) tally[reason]++;
    if (isShortened(call, expected)) tally.shortened++;
    const counts = tree.counts();
    for (const { tree } of players) assert.deepEqual(tree.counts(), counts, `counts after call ${index}`);
    const isSmall = counts.reduce((sum, [, count]) => sum + count, 0) < SMALLER_CHARACTERS;
    const isDue = index % STATE_EVERY === 0 || index === calls.length - 1;
    if (isDue || (isSmall && expected.evictions.length > 0))
      compareStates(tree, players, call, expected, `after call ${index}`);
  });
  return tally;
}

/** What a call has done, as far as one can tell. */
interface Outcome {
  returned: unknown;
  evictions: Eviction[];
  /** Of an insert for a tenant that is known: how many characters of its text the tenant then owns. */
  entered: number | null;
}

function isShortened(call: Call, { entered }: Outcome): boolean {
  if (entered === null || !("text" in call)) return false;
  return entered < (typeof call.text === "string" ? Array.from(call.text) : call.text).length;
}

function whatHappened({ evictions, entered }: Outcome): NaiveTree["told"] {
  const pressure = evictions.filter(({ reason }) => reason === "pressure");
  return { evictions: pressure.length, entered: entered ?? Number.POSITIVE_INFINITY };
}

function compareStates(naive: NaiveTree, players: Player[], call: Call, outcome: Outcome, when: string): void {
  const state = naive.dump();
  const inserts = call.do === "insert" || call.do === "insertRevocable";
  // In a tree with `ttlSecs` an insert may have a later time than it asked for.
  const isWhole = outcome.entered !== null && !isShortened(call, outcome) && naive.bounds.ttlSecs === undefined;
  for (const { tree } of players) {
    assert.deepEqual(tree.dump(), state, `state ${when}`);
    checkInvariants(tree);
    if (inserts && isWhole) checkInserted(tree, call);
  }
}

function insertedFor(call: Call, returned: unknown): string | null {
  if (call.do === "insert" || call.do === "insertRevocable") return call.tenant;
  return call.do === "matchThenInsert" ? ((returned as Found).matchedTenants?.[0] ?? null) : null;
}

/** A tree, and the receipts it has given. */
class Player {
  readonly tree: TreeUnderTest;
  readonly #make: (bounds: Bounds) => TreeUnderTest;
  readonly #revocable: { text: string; tenant: string; receipt: unknown; namespace: string | undefined }[] = [];

  constructor(tree: TreeUnderTest, make: (bounds: Bounds) => TreeUnderTest) {
    this.tree = tree;
    this.#make = make;
  }

  play(call: Call): Outcome {
    const returned = this.#perform(call);
    const evictions = this.tree.takeEvictions();
    const tenant = insertedFor(call, returned);
    if (tenant === null) return { returned, evictions, entered: null };
    const { text, timeS, namespace } = call as Extract<Call, { do: "insert" }>;
    const { matchedChars, matchedTenants } = this.tree.match(text, { names: [tenant] }, namespace, timeS);
    return { returned, evictions, entered: matchedTenants === null ? null : matchedChars };
  }

  #perform(call: Call): unknown {
    const { tree } = this;
    switch (call.do) {
      case "addTenants":
        return tree.addTenants(call.tenants, call.timeS);
      case "insert":
        return tree.insert(call.text, call.tenant, call.timeS, call.namespace);
      case "match":
        return tree.match(call.text, call.candidates, call.namespace, call.timeS);
      case "matchEach":
        return tree.matchEach(call.text, call.tenants, call.namespace, call.timeS);
      case "matchThenInsert":
        return tree.matchThenInsert(call.text, call.candidates, call.timeS, call.namespace);
      case "insertRevocable": {
        const { text, tenant, timeS, namespace } = call;
        const receipt = tree.insertRevocable(text, tenant, timeS, namespace);
        this.#revocable.unshift({ text, tenant, receipt, namespace });
        return undefined;
      }
      case "revoke": {
        const insert = this.#revocable[call.back];
        return insert && tree.revoke(insert.text, insert.tenant, insert.receipt, insert.namespace);
      }
      case "remove":
        return tree.remove(call.tenants);
      case "evict":
        return tree.evict(call.tenant, call.minRemoveSize);
      case "smallest":
        return tree.smallest(call.candidates);
      case "sweep":
        return tree.sweep(call.evictionThreshold, call.evictionTarget);
      case "expire":
        return tree.expire(call.timeS);
      case "compact":
        return tree.compact();
      case "merge": {
        const other = new Player(this.#make({}), this.#make);
        for (const each of call.other) other.play(each);
        return tree.merge(other.tree);
      }
      case "restart":
        return tree.restart();
    }
  }
}
