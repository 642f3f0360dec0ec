import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Answer } from "../../src/simulator/answer.js";
import { tokenize } from "../../src/workloads/index.js";

const text = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[a-z ,.\n]*$/));

describe("tokens", () => {
  test("of a prefix are a prefix of the tokens, up to the last one", () => {
    fc.assert(
      fc.property(text, text, (start, rest) => {
        const short = tokenize(start).slice(0, -1);
        expect(tokenize(start + rest).slice(0, short.length)).toEqual(short);
      }),
    );
  });

  test("of English have about four characters", () => {
    const english =
      "A prefix cache keeps the keys and values of tokens that it has computed, so that a request that begins like one " +
      "before it has less to compute. The router sends such requests to the replica that has seen the beginning.";
    const perToken = english.length / tokenize(english).length;
    expect(perToken).toBeGreaterThan(3.5);
    expect(perToken).toBeLessThan(4.5);
  });

  test("are the same for the same text, and none for none", () => {
    expect(tokenize("Why is the sky blue?")).toEqual(tokenize("Why is the sky blue?"));
    expect(tokenize("")).toEqual([]);
  });
});

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
