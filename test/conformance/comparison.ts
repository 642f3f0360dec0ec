import assert from "node:assert/strict";
import type { TreeUnderTest } from "./adapter.js";
import type { Call } from "./calls.js";
import { checkInserted, checkInvariants } from "./invariants.js";
import { NaiveTree } from "./naive-tree.js";

/** Whole states are compared after every so many calls, and after the last. */
const STATE_EVERY = 8;

/**
 * Does the calls on the naive tree and on the others, and throws where one differs in what a call returns, or in its whole
 * state, or breaks an invariant.
 */
export function compareCalls(calls: readonly Call[], trees: readonly TreeUnderTest[]): void {
  const naive = new Player(new NaiveTree());
  const players = trees.map((tree) => new Player(tree));
  calls.forEach((call, index) => {
    const expected = naive.play(call);
    for (const player of players) assert.deepEqual(player.play(call), expected, `call ${index}: ${call.do}`);
    if (index % STATE_EVERY > 0 && index < calls.length - 1) return;
    const state = naive.tree.dump();
    const counts = naive.tree.counts();
    for (const { tree } of players) {
      assert.deepEqual(tree.dump(), state, `state after call ${index}`);
      assert.deepEqual(tree.counts(), counts, `counts after call ${index}`);
      checkInvariants(tree);
      const inserts = call.do === "insert" || call.do === "insertRevocable";
      if (inserts && counts.some(([tenant]) => tenant === call.tenant)) {
        checkInserted(tree, call.text, call.tenant, call.timeS);
      }
    }
  });
}

/** A tree, and the receipts it has given. */
class Player {
  readonly tree: TreeUnderTest;
  readonly #revocable: { text: string; tenant: string; receipt: unknown }[] = [];

  constructor(tree: TreeUnderTest) {
    this.tree = tree;
  }

  play(call: Call): unknown {
    const { tree } = this;
    switch (call.do) {
      case "addTenants":
        return tree.addTenants(call.tenants, call.timeS);
      case "insert":
        return tree.insert(call.text, call.tenant, call.timeS);
      case "match":
        return tree.match(call.text, call.candidates);
      case "matchEach":
        return tree.matchEach(call.text, call.tenants);
      case "matchThenInsert":
        return tree.matchThenInsert(call.text, call.candidates, call.timeS);
      case "insertRevocable": {
        const { text, tenant, timeS } = call;
        this.#revocable.unshift({ text, tenant, receipt: tree.insertRevocable(text, tenant, timeS) });
        return undefined;
      }
      case "revoke": {
        const insert = this.#revocable[call.back];
        return insert === undefined ? undefined : tree.revoke(insert.text, insert.tenant, insert.receipt);
      }
      case "remove":
        return tree.remove(call.tenants);
      case "evict":
        return tree.evict(call.tenant, call.minRemoveSize);
      case "smallest":
        return tree.smallest(call.candidates);
      case "sweep":
        return tree.sweep(call.evictionThreshold, call.evictionTarget);
    }
  }
}
