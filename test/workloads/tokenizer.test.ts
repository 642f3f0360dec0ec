import { describe, expect, test } from "vitest";
import { tokenId, tokenize } from "../../src/workloads/index.js";
import fc from "../properties.js";

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

  test("are what a regular expression says: up to five printable characters with the space before them, or any other one", () => {
    const token = / ?[!-~]{1,5}|[^!-~]/gu;
    const any = fc.oneof(text, fc.string({ unit: "binary" }), fc.stringMatching(/^[ !~a\x7f\n\ud800\udc00\u20ac]*$/u));
    fc.assert(
      fc.property(any, (each) => {
        expect(tokenize(each)).toEqual(Array.from(each.matchAll(token), ([match]) => tokenId(match)));
      }),
    );
  });

  test("are the same for the same text, and none for none", () => {
    expect(tokenize("Why is the sky blue?")).toEqual(tokenize("Why is the sky blue?"));
    expect(tokenize("")).toEqual([]);
  });
});
