import { describe, expect, test } from "vitest";
import { type PolicyName, Router, replay } from "../../src/routing/index.js";

const TEXT = "Why is the sky blue? ".repeat(200);
const REPLICAS = [{ id: "a", url: "http://a" }, { id: "b" }];

describe("forget", () => {
  test.each<PolicyName>(["prefix_aware", "cache_aware", "kv_cost", "prefix_blocks"])(
    "with %s a replica has been sent nothing, as a new one; the others keep theirs",
    (policy) => {
      using router = new Router({ policy, replicas: REPLICAS });
      const lease = router.route({ text: TEXT });
      lease.accept();
      lease.release();
      const other = lease.replica.id === "a" ? "b" : "a";
      router.forget(other);
      const again = router.route({ text: TEXT });
      expect(again.replica.id).toBe(lease.replica.id);
      again.release();
      expect(router.forget(lease.replica.id)).toBe(true);
      expect(router.tree?.tenantToCharCount.get(lease.replica.id) ?? 0).toBe(0);
      expect(router.replicas.map(({ id, url }) => [id, url])).toEqual([
        ["a", "http://a"],
        ["b", undefined],
      ]);
      expect(router.route({ text: TEXT }).decision.hitAvailable ?? 0).toBe(0);
    },
  );

  test("leases stay, and end as ever", () => {
    using router = new Router({ policy: "prefix_aware", replicas: [{ id: "a" }] });
    const taken = router.route({ text: TEXT });
    const rejected = router.route({ text: `${TEXT}!` });
    router.forget(taken.replica);
    expect([router.leases, router.replicas[0]!.queueLength]).toEqual([2, 2]);
    taken.accept();
    rejected.reject();
    taken.release();
    expect([router.leases, router.replicas[0]!.queueLength, router.tree!.stats().chars]).toEqual([0, 0, 0]);
  });

  test("of one that is not there does nothing", () => {
    using router = new Router({ policy: "prefix_aware", replicas: REPLICAS });
    expect(router.forget("c")).toBe(false);
  });

  test("is in the journal, and a replay gives the same decisions", async () => {
    using router = new Router({ policy: "prefix_aware", replicas: REPLICAS, clock: () => 0 });
    const lines: string[] = [];
    router.record((line) => void lines.push(line));
    for (let i = 0; i < 6; i++) {
      router.route({ text: TEXT }).release();
      if (i === 2) for (const { id } of router.replicas) router.forget(id);
    }
    const { decisions, same, firstDifference } = await replay(lines.join(""));
    expect([decisions, same, firstDifference]).toEqual([6, 6, null]);
  });
});

test("reconsider: who waits gets a replica that is no longer excluded", async () => {
  using router = new Router({ policy: "pow_of_2", replicas: [{ id: "a" }, { id: "b", maxOngoingRequests: 1 }] });
  const exclude = new Set(["a"]);
  router.route({ text: "" }, { exclude });
  const waits = router.acquire({ text: "" }, { exclude });
  expect(router.waiting).toBe(1);
  exclude.delete("a");
  router.reconsider();
  expect((await waits).replica.id).toBe("a");
});
