import { expect, test } from "vitest";
import { DECISION_REASONS, explain, PrefixTree } from "../../src/index.js";
import { Stand } from "./policies/stand.js";

test("explain says in words what was decided and why", () => {
  const stand = new Stand({
    policy: "kv_cost",
    replicas: [{ id: "gpu-1" }, { id: "gpu-2" }, { id: "gpu-10", maxOngoingRequests: 1 }],
  });
  stand.serve("gpu-2", "x".repeat(96));
  stand.routeTo("gpu-10", "y");
  stand.load({ "gpu-1": 3 });
  const decision = stand.ask("x".repeat(128));
  expect(explain(decision)).toBe(
    [
      "kv_cost chose gpu-2: lowest_cost (prefill and load together cost the least there)",
      "the best match was 96 of 128 characters (75 %); gpu-2 had 96 (75 %)",
      "  gpu-1   queue 3  matched 0  score 4",
      "* gpu-2   queue 0  matched 96  score 3",
      "  gpu-10  queue 1  full",
    ].join("\n"),
  );
});

test("a decision that was not to be explained has the candidates and their queues only", () => {
  const stand = new Stand({ policy: "prefix_aware" }, ["a", "b"]);
  stand.serve("a", "some");
  const { decision } = stand.route("some text");
  expect(explain(decision)).toBe(
    [
      "prefix_aware chose a: prefix_match (it holds the longest matching prefix, and of those that do it has the least load)",
      "the best match was 4 of 9 characters (44 %); a had 4 (44 %)",
      "* a  queue 0",
      "  b  queue 0",
    ].join("\n"),
  );
});

test("without a look at texts nothing is said of them", () => {
  const { decision } = new Stand({ policy: "round_robin" }, ["a"]).route("x");
  expect(explain(decision)).toBe(
    "round_robin chose a: only_candidate (no other replica could be chosen)\n* a  queue 0",
  );
  expect(decision).toMatchObject({ matchedChars: 0, hitAvailable: null, hitChosen: null });
});

test("an empty text has no share", () => {
  const { decision } = new Stand({ policy: "cache_aware" }, ["a"]).route("");
  expect(explain(decision)).toContain("the best match was 0 of 0 characters (0 %)");
  expect(decision.matchRate).toBe(0);
});

test("figures are built only when asked for", () => {
  const stand = new Stand({ policy: "cache_aware" });
  const { prefixMatchEach } = PrefixTree.prototype;
  let built = 0;
  PrefixTree.prototype.prefixMatchEach = function (...args) {
    built++;
    return prefixMatchEach.apply(this, args);
  };
  try {
    void stand.route("text").decision.candidates;
    expect(built).toBe(0);
    void stand.route("text", { explain: true }).decision.candidates;
    expect(built).toBe(1);
  } finally {
    PrefixTree.prototype.prefixMatchEach = prefixMatchEach;
  }
});

test("every reason is explained, in lower case and without a full stop", () => {
  for (const meaning of Object.values(DECISION_REASONS)) expect(meaning).toMatch(/^[a-z].*[^.]$/);
});
