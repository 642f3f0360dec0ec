import { expect, test } from "vitest";
import { ggufFile } from "../../bench/engines/llama-cpp/gguf.js";
import { randomModel } from "../../bench/engines/llama-cpp/random-model.js";

test("a GGUF file: head, values by kind, tensors each at a multiple of 32 bytes", () => {
  const file = ggufFile({ "general.name": "ab", count: 7 }, [
    { name: "first", shape: [3, 1], data: new Float32Array([1, 2, 3]) },
    { name: "second", shape: [1], data: new Float32Array([4]) },
  ]);
  expect(file.toString("latin1", 0, 4)).toBe("GGUF");
  expect([file.readUInt32LE(4), file.readBigUInt64LE(8), file.readBigUInt64LE(16)]).toEqual([3, 2n, 2n]);

  let at = 24;
  const text = () => {
    const length = Number(file.readBigUInt64LE(at));
    const value = file.toString("utf8", at + 8, at + 8 + length);
    at += 8 + length;
    return value;
  };
  const uint32 = () => {
    at += 4;
    return file.readUInt32LE(at - 4);
  };
  const uint64 = () => {
    at += 8;
    return Number(file.readBigUInt64LE(at - 8));
  };
  expect([text(), uint32(), text()]).toEqual(["general.name", 8, "ab"]);
  expect([text(), uint32(), uint32()]).toEqual(["count", 4, 7]);
  expect([text(), uint32(), uint64(), uint64(), uint32(), uint64()]).toEqual(["first", 2, 3, 1, 0, 0]);
  expect([text(), uint32(), uint64(), uint32(), uint64()]).toEqual(["second", 1, 1, 0, 32]);
  const data = Math.ceil(at / 32) * 32;
  expect([0, 1, 2].map((i) => file.readFloatLE(data + 4 * i))).toEqual([1, 2, 3]);
  expect(file.readFloatLE(data + 32)).toBe(4);
  expect(file.length).toBe(data + 64);
});

test("a random model is the same for the same seed, and another for another", () => {
  const size = { width: 8, layers: 1, feedForward: 16, heads: 2, context: 64 };
  expect(randomModel(size, 1).equals(randomModel(size, 1))).toBe(true);
  expect(randomModel(size, 1).equals(randomModel(size, 2))).toBe(false);
});
