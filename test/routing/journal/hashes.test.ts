import { describe, expect, test } from "vitest";
import { type PolicyName, replay } from "../../../src/index.js";
import { traffic } from "./traffic.js";

const HASHES = { keys: "hashes", salt: "a salt" } as const;

describe("a journal of hashes", () => {
  // By load, chance or session, or by blocks of which those of the journal are parts.
  const exact: PolicyName[] = [
    "round_robin",
    "random",
    "least_requests",
    "pow_of_2",
    "session",
    "kv_cost",
    "prefix_blocks",
  ];
  test.each(exact)("%s: the very same decisions", async (policy) => {
    const { lines, decisions } = await traffic({ policy }, { requests: 2500, seed: 3, record: HASHES });
    const report = await replay(lines);
    expect(report.firstDifference).toBeNull();
    expect(report).toMatchObject({ keys: "hashes", same: decisions.length, decisions: decisions.length });
    expect(decisions.length).toBeGreaterThan(2000);
  });

  test.each<PolicyName>(["prefix_aware", "cache_aware", "consistent_hash"])(
    "%s: hits and moves nearly as with texts",
    async (policy) => {
      const [texts, hashes] = await Promise.all(
        [{}, HASHES].map(async (record) => {
          const { lines } = await traffic({ policy: "random" }, { requests: 1500, seed: 3, record });
          const { characters, moves, laterTurns } = await replay(lines, { policy });
          return { hit: characters.hit / characters.sent, moves: moves / laterTurns };
        }),
      );
      // Texts of 550 characters: a block is an eighth of one, and half a block is lost on average.
      expect(Math.abs(texts!.hit - hashes!.hit)).toBeLessThan(0.08);
      expect(Math.abs(texts!.moves - hashes!.moves)).toBeLessThan(0.08);
    },
  );

  test("nothing of a text, a session, a namespace or the salt is in it, and its lines are shorter", async () => {
    const { lines } = await traffic({ policy: "prefix_aware" }, { requests: 300, seed: 4, record: HASHES });
    const journal = lines.join("");
    for (const secret of ["assistant", "Question", "session ", "salt", "Answer", "漢"])
      expect(journal).not.toContain(secret);
    const { lines: texts } = await traffic({ policy: "prefix_aware" }, { requests: 300, seed: 4 });
    expect(texts.join("")).toContain("Question");
    expect(journal.length).toBeLessThan(texts.join("").length / 2);
  });

  test("smaller blocks are more precise", async () => {
    const hit = async (record: object): Promise<number> =>
      (await replay((await traffic({ policy: "random" }, { requests: 500, seed: 4, record })).lines)).characters.hit;
    const whole = await hit({});
    const lost = await Promise.all([16, 256].map(async (blockChars) => whole - (await hit({ ...HASHES, blockChars }))));
    expect(lost[0]! * 4).toBeLessThan(lost[1]!);
    expect(lost[0]!).toBeGreaterThan(0);
  });
});
