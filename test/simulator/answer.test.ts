import { describe, expect, test } from "vitest";
import { Answer } from "../../src/simulator/answer.js";
import { tokenize } from "../../src/workloads/index.js";
import fc from "../properties.js";
import { tokens } from "./support.js";

const indices = Array.from({ length: 300 }, (_, index) => index);
const textOf = (prompt: readonly number[]): string[] => {
  const answer = new Answer(prompt);
  return indices.map((index) => answer.token(index));
};

describe("an answer", () => {
  test("is the same for the same prompt, and another for another", () => {
    expect(textOf(tokens(50, 1))).toEqual(textOf(tokens(50, 1)));
    expect(textOf(tokens(50, 1))).not.toEqual(textOf(tokens(50, 2)));
    expect(new Answer(tokens(50, 1)).naturalTokens).toBe(new Answer(tokens(50, 1)).naturalTokens);
  });

  test("has the same token at an index whatever was read before", () => {
    expect(new Answer(tokens(9)).token(200)).toBe(textOf(tokens(9))[200]);
  });

  test("read as text has the tokens that were generated", () => {
    for (const first of [1, 2, 3, 4, 5]) {
      const answer = new Answer(tokens(20, first));
      expect(tokenize(textOf(tokens(20, first)).join(""))).toEqual(indices.map((index) => answer.tokenId(index)));
    }
  });

  test("ends by itself after 32 to 256 tokens", () => {
    const lengths = indices.map((first) => new Answer(tokens(10, first)).naturalTokens);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(32);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(256);
    expect(new Set(lengths).size).toBeGreaterThan(100);
  });
});

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[a-z ,.\n]*$/));

describe("an answer after its prompt", () => {
  test("read again as text gives the tokens that were generated, so that the next turn finds them in the cache", () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 200 }), (prompt, count) => {
        const answer = new Answer(tokenize(prompt));
        const indices = Array.from({ length: count }, (_, i) => i);
        const generated = indices.map((i) => answer.tokenId(i));
        const again = tokenize(prompt + indices.map((i) => answer.token(i)).join(""));
        expect(again).toEqual([...tokenize(prompt), ...generated]);
      }),
    );
  });
});
