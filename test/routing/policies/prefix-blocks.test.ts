import { describe, expect, test } from "vitest";
import { Stand } from "./stand.js";

/** Texts of whole blocks: 64 tokens of 4 characters are 256. */
const blocks = (count: number, of = "x"): string => of.repeat(count * 256);

const scores = (stand: Stand, text: string): Record<string, number | null> =>
  Object.fromEntries(stand.ask(text).candidates.map(({ replica, score }) => [replica, score]));

describe("prefix_blocks", () => {
  test("the score is 2 · queue + 2 · free cache + 3 · matched share", () => {
    const stand = new Stand({ policy: "prefix_blocks" });
    stand.routeTo("a", blocks(3)).release();
    stand.load({ a: [4, 0.5], b: [0, 0.75], c: [1, 0.25], d: [2, 1] });
    const text = blocks(4);
    // Queues from 0 to 4: a 0, b 1, c 0.75, d 0.5. a has 3 of 4 blocks.
    expect(scores(stand, text)).toEqual({
      a: 2 * 0 + 2 * 0.5 + 3 * 0.75,
      b: 2 * 1 + 2 * 0.25,
      c: 2 * 0.75 + 2 * 0.75,
      d: 2 * 0.5 + 2 * 0,
    });
    expect(stand.ask(text)).toMatchObject({ replica: "a", reason: "highest_score", hitAvailable: 768, hitChosen: 768 });
    // Without the match c: 3 against 2.5.
    expect(stand.ask(blocks(4, "y"))).toMatchObject({ replica: "c", hitChosen: 0 });
  });

  test("all queues alike score 1 each", () => {
    const stand = new Stand({ policy: "prefix_blocks" });
    stand.load({ a: 3, b: 3, c: 3, d: 3 });
    expect(scores(stand, "x")).toEqual({ a: 4, b: 4, c: 4, d: 4 });
  });

  test("an unknown or stale KV cache usage is the average of those known, not 0", () => {
    const stand = new Stand({ policy: "prefix_blocks", loadValidSecs: 10 }, ["a", "b", "c"]);
    stand.router.setLoad("c", { running: 0, waiting: 0, kvUsage: 0.1 });
    stand.nowS = 11;
    stand.router.setLoad("a", { running: 0, waiting: 0, kvUsage: 0.5 });
    stand.router.setLoad("b", { running: 0, waiting: 0, kvUsage: 0.75 });
    // c's report is stale: 1 − 0.625.
    expect(scores(stand, "x")).toEqual({ a: 3, b: 2.5, c: 2.75 });
  });

  test("weights are options", () => {
    const stand = new Stand({ policy: "prefix_blocks", queueWeight: 1, kvWeight: 0, prefixWeight: 10 });
    stand.routeTo("a", blocks(1)).release();
    stand.load({ a: 2, b: 1 });
    expect(scores(stand, blocks(2))).toEqual({ a: 5, b: 0.5, c: 1, d: 1 });
  });

  test("only whole blocks count, from the first one on without a gap", () => {
    const stand = new Stand({ policy: "prefix_blocks", kvWeight: 0, queueWeight: 0 });
    stand.routeTo("a", blocks(2)).release();
    const share = (text: string): number => scores(stand, text).a! / 3;
    expect(share(`${blocks(2)}${"x".repeat(255)}`)).toBe(1);
    expect(share(`${"x".repeat(255)}y${blocks(1)}`)).toBe(0);
    expect(share(`${blocks(1)}y${blocks(1)}`)).toBe(1 / 2);
    expect(share("x".repeat(255))).toBe(0);
    expect(share("")).toBe(0);
  });

  test("a replica remembers its last capacityBlocks, and a text's first block the longest", () => {
    // A rejection takes back what it added, not what it displaced: each question has a stand of its own.
    const hit = (asked: string, ...sent: string[]): number => {
      const stand = new Stand({ policy: "prefix_blocks", capacityBlocks: 4 }, ["a"]);
      for (const text of sent) stand.answer(text);
      return stand.ask(asked).hitAvailable! / 256;
    };
    const [xxx, yy, long] = [blocks(3), blocks(2, "y"), blocks(9, "z")];
    // 3 + 2 are one too many: the last of the older text's has gone.
    expect([hit(xxx, xxx, yy), hit(yy, xxx, yy)]).toEqual([2, 2]);
    expect([hit(xxx, xxx, yy, xxx), hit(yy, xxx, yy, xxx)]).toEqual([3, 1]);
    expect([hit(xxx, xxx, long), hit(long, xxx, long)]).toEqual([0, 4]);
  });

  test("looks at maxPrefixTokens only", () => {
    const stand = new Stand({ policy: "prefix_blocks", maxPrefixTokens: 130 }, ["a"]);
    stand.answer(blocks(5));
    expect(stand.ask(blocks(5)).hitAvailable).toBe(512);
  });

  test("a rejection takes back the blocks that were new, and no others", () => {
    const stand = new Stand({ policy: "prefix_blocks" }, ["a"]);
    stand.answer(blocks(2));
    stand.route(blocks(5)).reject();
    expect(stand.ask(blocks(5)).hitAvailable).toBe(512);
    const lease = stand.route(blocks(5));
    lease.accept();
    lease.release();
    expect(stand.ask(blocks(5)).hitAvailable).toBe(5 * 256);
  });

  test("with insertAt accept a text is known once it has been accepted", () => {
    const stand = new Stand({ policy: "prefix_blocks", insertAt: "accept" }, ["a"]);
    const lease = stand.route(blocks(2));
    stand.route("another, meanwhile").release();
    expect(stand.ask(blocks(2)).hitAvailable).toBe(0);
    lease.accept();
    expect(stand.ask(blocks(2)).hitAvailable).toBe(512);
  });

  test("token ids make blocks of 64, and are kept apart from texts and by namespace", () => {
    const stand = new Stand({ policy: "prefix_blocks", rendering: "structured" }, ["a"]);
    const tokens = Array.from({ length: 200 }, (_, i) => i);
    stand.answer({ prompt: tokens });
    expect(stand.ask({ prompt: tokens })).toMatchObject({ hitAvailable: 192, textChars: 200 });
    expect(stand.ask({ prompt: tokens }, { model: "m" }).hitAvailable).toBe(0);
    expect(stand.ask(String.fromCharCode(...tokens)).hitAvailable).toBe(0);
  });

  test("characters are counted as such, not as UTF-16 units", () => {
    const stand = new Stand({ policy: "prefix_blocks" }, ["a"]);
    stand.answer("😀".repeat(200));
    // 400 units: 1 block of 256 is 128 characters.
    expect(stand.ask("😀".repeat(200))).toMatchObject({ hitAvailable: 128, textChars: 200 });
  });

  test("a replica that goes is forgotten; one of that name that comes begins with nothing", () => {
    const stand = new Stand({ policy: "prefix_blocks" }, ["a", "b"]);
    const lease = stand.routeTo("a", blocks(2));
    stand.router.updateReplicas([{ id: "b" }]);
    stand.router.updateReplicas([{ id: "b" }, { id: "a" }, { id: "c" }]);
    lease.reject();
    expect(stand.ask(blocks(2)).hitAvailable).toBe(0);
    stand.routeTo("c", blocks(2)).release();
    expect(stand.ask(blocks(2))).toMatchObject({ replica: "c", hitChosen: 512 });
  });

  test("equal scores go by load, then by chance", () => {
    const stand = new Stand({ policy: "prefix_blocks", queueWeight: 0 });
    stand.load({ a: 1, c: 1 });
    const counts = stand.counts(400, "x");
    expect(Object.keys(counts).sort()).toEqual(["b", "d"]);
    expect(counts.b).toBeGreaterThan(150);
  });
});
