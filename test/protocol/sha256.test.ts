import { describe, expect, test } from "vitest";
import { byWebCrypto, hexOf, sha256 } from "../../src/protocol/sha256.js";
import fc from "../properties.js";

describe("sha256", () => {
  test("is that of FIPS 180-4's example, at once where Node is", () => {
    const hash = sha256("abc");
    expect(hash).toBeInstanceOf(Uint8Array);
    expect(hexOf(hash as Uint8Array)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("is WebCrypto's for every text, halves of surrogate pairs too", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) }), async (text) => {
        expect(hexOf(await sha256(text))).toBe(hexOf(await byWebCrypto(text)));
      }),
    );
  });
});
