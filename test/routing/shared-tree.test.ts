import { describe, expect, onTestFinished, test } from "vitest";
import { type PolicyName, Router, type RouterOptions } from "../../src/routing/index.js";
import { PrefixTree } from "../../src/tree/index.js";

const REPLICAS = [{ id: "a" }, { id: "b" }, { id: "c" }, { id: "d" }];

function routers(policy: PolicyName, tree: PrefixTree | undefined, options: Partial<RouterOptions> = {}): Router[] {
  return [1, 2].map((seed) => {
    const router = new Router({ policy, replicas: REPLICAS, seed, clock: () => 0, ...options, ...(tree && { tree }) });
    onTestFinished(() => router[Symbol.dispose]());
    return router;
  });
}

describe.each(["prefix_aware", "cache_aware", "kv_cost"] as const)("two routers with one tree: %s", (policy) => {
  test("what one has sent, the other finds", () => {
    const tree = new PrefixTree();
    onTestFinished(() => tree[Symbol.dispose]());
    const [one, other] = routers(policy, tree) as [Router, Router];
    for (let i = 0; i < 20; i++) {
      const text = `${String.fromCharCode(65 + i)} ${"long enough to be told apart ".repeat(10)}`;
      const lease = one.route({ text });
      expect(lease.decision.hitChosen).toBe(0);
      lease.release();
      const again = other.route({ text: `${text}and on` });
      expect([again.replica.id, again.decision.hitChosen]).toEqual([lease.replica.id, text.length]);
      again.release();
    }
  });

  test("without it they do not", () => {
    const [one, other] = routers(policy, undefined) as [Router, Router];
    const text = "long enough to be told apart ".repeat(10);
    one.route({ text }).release();
    expect(other.route({ text }).decision.hitChosen).toBe(0);
  });

  test("leases and loads are each one's own", () => {
    const tree = new PrefixTree();
    onTestFinished(() => tree[Symbol.dispose]());
    const [one, other] = routers(policy, tree) as [Router, Router];
    const lease = one.route({ text: "some text" });
    expect(lease.replica.queueLength).toBe(1);
    expect(other.replicas.map(({ queueLength }) => queueLength)).toEqual([0, 0, 0, 0]);
    expect(other.leases).toBe(0);
  });
});

test("a router that ends leaves the tree to the others", () => {
  const tree = new PrefixTree();
  const [one, other] = routers("prefix_aware", tree) as [Router, Router];
  expect([one.tree, other.tree]).toEqual([tree, tree]);
  one.route({ text: "some text" }).release();
  one[Symbol.dispose]();
  expect(other.route({ text: "some text" }).decision.hitChosen).toBe(9);
  tree[Symbol.dispose]();
});

test("what is no tree is refused", () => {
  const tree = {} as PrefixTree;
  expect(() => new Router({ policy: "prefix_aware", replicas: REPLICAS, tree })).toThrow(
    "tree must be a PrefixTree, not an object",
  );
});
