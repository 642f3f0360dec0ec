import assert from "node:assert/strict";
import type { Eviction } from "../../src/tree/index.js";
import type { Bounds, Found, TreeUnderTest } from "./adapter.js";
import type { Call, Sequence } from "./calls.js";
import { checkInserted, checkInvariants } from "./invariants.js";
import { NaiveTree, NOTHING_TOLD } from "./naive-tree.js";

/** Whole states are compared after every so many calls, after the last, and after each call that evicted of its own accord. */
const STATE_EVERY = 8;

/**
 * Does the calls on the naive tree and on the others, and throws where one differs in what a call returns or evicts, or in its
 * whole state, or breaks an invariant.
 */
export function compareCalls(
  { bounds, calls }: Sequence,
  makeTrees: readonly ((bounds: Bounds) => TreeUnderTest)[],
): void {
  const tree = new NaiveTree(bounds);
  const naive = new Player(tree);
  const players = makeTrees.map((make) => new Player(make(bounds)));
  calls.forEach((call, index) => {
    const [first, ...others] = players.map((player) => player.play(call));
    tree.told = bounds.maxBytes === undefined ? NOTHING_TOLD : whatHappened(first!);
    const expected = naive.play(call);
    for (const { tree } of players) assert(tree.memoryBytes() <= (bounds.maxBytes ?? Number.POSITIVE_INFINITY));
    for (const outcome of [first, ...others]) assert.deepEqual(outcome, expected, `call ${index}: ${call.do}`);
    const due = index % STATE_EVERY === 0 || index === calls.length - 1 || expected.evictions.length > 0;
    if (due) compareStates(tree, players, call, expected, `after call ${index}`);
  });
}

/** What a call has done, as far as one can tell. */
interface Outcome {
  returned: unknown;
  evictions: Eviction[];
  /** Of an insert: how many characters of its text its tenant then owns. */
  entered: number | null;
}

function whatHappened({ evictions, entered }: Outcome): NaiveTree["told"] {
  const pressure = evictions.filter(({ reason }) => reason === "pressure");
  return { evictions: pressure.length, entered: entered ?? Number.POSITIVE_INFINITY };
}

function compareStates(naive: NaiveTree, players: Player[], call: Call, { entered }: Outcome, when: string): void {
  const state = naive.dump();
  const counts = naive.counts();
  for (const { tree } of players) {
    assert.deepEqual(tree.dump(), state, `state ${when}`);
    assert.deepEqual(tree.counts(), counts, `counts ${when}`);
    checkInvariants(tree);
    // In a tree with `ttlSecs` an insert may have a later time than it asked for.
    if ((call.do !== "insert" && call.do !== "insertRevocable") || naive.bounds.ttlSecs !== undefined) continue;
    const whole = typeof call.text === "string" && entered === Array.from(call.text).length;
    if (whole && counts.some(([tenant]) => tenant === call.tenant)) checkInserted(tree, call);
  }
}

function insertedFor(call: Call, returned: unknown): string | null {
  if (call.do === "insert" || call.do === "insertRevocable") return call.tenant;
  return call.do === "matchThenInsert" ? ((returned as Found).matchedTenants?.[0] ?? null) : null;
}

/** A tree, and the receipts it has given. */
class Player {
  readonly tree: TreeUnderTest;
  readonly #revocable: { text: string; tenant: string; receipt: unknown; namespace: string | undefined }[] = [];

  constructor(tree: TreeUnderTest) {
    this.tree = tree;
  }

  play(call: Call): Outcome {
    const returned = this.#perform(call);
    const evictions = this.tree.takeEvictions();
    const tenant = insertedFor(call, returned);
    if (tenant === null) return { returned, evictions, entered: null };
    const { text, timeS, namespace } = call as Extract<Call, { do: "insert" }>;
    const { matchedChars } = this.tree.match(text, { names: [tenant] }, namespace, timeS);
    return { returned, evictions, entered: matchedChars };
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
      case "restart":
        return tree.restart();
    }
  }
}
