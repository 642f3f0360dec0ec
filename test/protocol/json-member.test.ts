import { expect, test } from "vitest";
import { withText } from "../../src/protocol/index.js";
import fc from "../properties.js";

const changed = (json: string, text = "new"): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(withText(new TextEncoder().encode(json), "model", text));

test.each([
  ['{"model":"old"}', '{"model":"new"}'],
  [' \n{ "a" : 1 ,\t"model"\r:  "old"  , "b":[] } ', ' \n{ "a" : 1 ,\t"model"\r:  "new"  , "b":[] } '],
  ['\ufeff{"model":"old"}', '\ufeff{"model":"new"}'],
  // Only of the outermost object, and only as a name.
  [
    '{"messages":[{"model":"old","content":"\\"model\\":\\"old\\""}],"x":{"model":"old"},"model":"old"}',
    '{"messages":[{"model":"old","content":"\\"model\\":\\"old\\""}],"x":{"model":"old"},"model":"new"}',
  ],
  ['{"a":"model","model":"old","b":"}{\\\\"}', '{"a":"model","model":"new","b":"}{\\\\"}'],
  // As a parser reads the name, not as it is written.
  ['{"m\\u006fdel":"old"}', '{"m\\u006fdel":"new"}'],
  // Whichever of them a reader takes.
  [
    '{"model":"a","model":{"b":[1]},"model":null,"model":"c"}',
    '{"model":"new","model":"new","model":"new","model":"new"}',
  ],
  ['{"é":"äöü😀","model":"😀"}', '{"é":"äöü😀","model":"new"}'],
  ['{"a":1}', '{"a":1}'],
  ["{}", "{}"],
])("%s", (json, expected) => {
  expect(changed(json)).toBe(expected);
});

test("whatever the object has and however it is written: that value is another one, and no other byte", () => {
  const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\t", "\r"), maxLength: 3 });
  const name = fc.oneof(fc.constant("model"), fc.string({ unit: "binary" }));
  const members = fc.array(
    fc.tuple(name, fc.jsonValue(), fc.array(space, { minLength: 4, maxLength: 4 }), fc.boolean()),
  );
  fc.assert(
    fc.property(members, fc.string({ unit: "binary" }), (parts, text) => {
      const pieces = parts.map(([key, value, [a, b, c, d], pretty]) => {
        const before = `${a}${JSON.stringify(key)}${b}:${c}`;
        return { key, before, value: JSON.stringify(value, null, pretty ? 2 : 0), after: d };
      });
      const write = (written: (piece: (typeof pieces)[number]) => string) =>
        `{${pieces.map((piece) => `${piece.before}${written(piece)}${piece.after}`).join(",")}}`;
      const expected = write(({ key, value }) => (key === "model" ? JSON.stringify(text) : value));
      expect(
        changed(
          write(({ value }) => value),
          text,
        ),
      ).toBe(expected);
    }),
  );
});
