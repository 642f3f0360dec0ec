import { describe, expect, test } from "vitest";
import { allPolicyOptions, POLICIES, type PolicyName, Router } from "../../../src/index.js";

const make = (policy: string, options: object): Router =>
  new Router({ policy: policy as PolicyName, replicas: [{ id: "a" }], ...options });

describe("the options of policies", () => {
  test.each(Object.keys(POLICIES) as PolicyName[])(
    "%s takes its defaults, given, and makes the same decisions",
    (policy) => {
      const given = Object.fromEntries(
        Object.entries(POLICIES[policy].options).flatMap(([name, option]) =>
          option.default === null ? [] : [[name, option.default]],
        ),
      );
      const texts = Array.from({ length: 60 }, (_, i) => `conversation ${i % 7} ${"and on ".repeat(i)}`);
      const decide = (options: object): string[] => {
        using router = make(policy, { ...options, replicas: ["a", "b", "c"].map((id) => ({ id })), clock: () => 1 });
        return texts.map((text, i) => {
          const { replica, decision } = router.route({ text }, { session: `${i % 5}` });
          return `${replica.id} ${decision.reason} ${decision.hitAvailable}`;
        });
      };
      expect(decide(given)).toEqual(decide({}));
    },
  );

  test("with one name mean one thing: they differ in their default only", () => {
    for (const [name, { option, policies }] of allPolicyOptions()) {
      for (const policy of policies) {
        const other = POLICIES[policy].options[name]!;
        expect({ ...other, about: "", default: 0 }).toEqual({ ...option, about: "", default: 0 });
      }
    }
  });

  test("every number is checked at its limits", () => {
    for (const [name, { option, policies }] of allPolicyOptions()) {
      if (option.kind === "flag" || option.kind === "word") continue;
      const { least, above, most } = option;
      const accepted = (value: number): boolean => {
        try {
          make(policies[0]!, { [name]: value });
          return true;
        } catch (error) {
          expect((error as Error).message).toContain(name);
          return false;
        }
      };
      if (least !== undefined) expect([name, accepted(least), accepted(least - 1)]).toEqual([name, true, false]);
      if (above !== undefined) expect([name, accepted(above), accepted(above + 1)]).toEqual([name, false, true]);
      if (most !== undefined && name !== "evictionTargetChars") {
        expect([name, accepted(most), accepted(most + 1)]).toEqual([name, true, false]);
      }
      const limit = option.default === null && most === undefined;
      expect([name, accepted(Number.POSITIVE_INFINITY)]).toEqual([name, limit]);
      if (option.kind === "whole") expect([name, accepted((least ?? 0) + 1.5)]).toEqual([name, false]);
      expect([name, accepted(Number.NaN)]).toEqual([name, false]);
    }
  });

  test.each<[string, PolicyName, object, string]>([
    [
      "a word for a number",
      "cache_aware",
      { cacheThreshold: "1" },
      'cacheThreshold must be a number, from 0 to 1, not "1"',
    ],
    ["a fraction", "session", { maxSessions: 1.5 }, "maxSessions must be a whole number, 1 or more, not 1.5"],
    ["another word", "prefix_aware", { spill: "all" }, 'spill must be "none" or "per-replica", not "all"'],
    ["a number for a flag", "prefix_aware", { doEviction: 1 }, "doEviction must be true or false, not 1"],
    [
      "another policy's",
      "session",
      { temperature: 1 },
      'unknown option "temperature" for policy session; there are policy,',
    ],
    ["any of none", "random", { maxBytes: 65536 }, 'unknown option "maxBytes" for policy random'],
    ["endless tokens", "kv_cost", { charsPerToken: 1e308 }, "charsPerToken must be from 0.125 to 1024, not 1e+308"],
    [
      "tokens of nothing",
      "prefix_blocks",
      { charsPerToken: 5e-324 },
      "charsPerToken must be from 0.125 to 1024, not 5e-324",
    ],
    ["a negative temperature", "kv_cost", { temperature: -0.1 }, "temperature must be 0 or more, not -0.1"],
  ])("refuses %s", (_name, policy, options, message) => {
    expect(() => make(policy, options)).toThrow(message);
  });

  test("blocks longer than any prompt match nothing, of texts and of token ids", () => {
    for (const policy of ["kv_cost", "prefix_blocks"] as const) {
      const router = make(policy, { blockTokens: Number.MAX_SAFE_INTEGER });
      for (const request of [{ text: "hello" }, { prompt: [1, 2, 3] }]) router.route(request).release();
      expect(router.leases).toBe(0);
    }
  });
});
