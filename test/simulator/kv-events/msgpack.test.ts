import { decode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { Float, msgpack, type Packable } from "../../../src/simulator/kv-events/msgpack.js";
import fc from "../../properties.js";

test("what is packed is read by another implementation", () => {
  const { value } = fc.letrec<{ value: Packable }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constant(null),
      fc.maxSafeNat(),
      fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.array(tie("value"), { maxLength: 20 }),
      // The other implementation refuses this one key.
      fc.dictionary(
        fc.string().filter((key) => key !== "__proto__"),
        tie("value"),
        { maxKeys: 20, noNullPrototype: true },
      ),
    ),
  }));
  fc.assert(
    fc.property(value, (each) => {
      expect(decode(msgpack(each))).toEqual(each);
    }),
  );
});

test("long texts and arrays have the longer heads", () => {
  const texts = [31, 32, 255, 256, 65_535, 65_536].map((length) => "a".repeat(length));
  const lists = [15, 16, 65_535, 65_536].map((length) => Array.from({ length }, (_, i) => i % 100));
  for (const each of [...texts, ...lists]) expect(decode(msgpack(each))).toEqual(each);
});

test("a whole number that stands for a float is packed as one", () => {
  expect([...msgpack(new Float(3))]).toEqual([0xcb, 0x40, 0x08, 0, 0, 0, 0, 0, 0]);
  expect(decode(msgpack(new Float(1_700_000_000.25)))).toBe(1_700_000_000.25);
});

test.each([-1, 0.5, 2 ** 53])("%d is refused", (number) => {
  expect(() => msgpack(number)).toThrow(RangeError);
});
