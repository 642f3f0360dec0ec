import { describe, expect, test } from "vitest";
import { BlockPool } from "../../src/simulator/engine/index.js";

describe("a block pool", () => {
  test("gives out blocks in the order in which they became free", () => {
    const pool = new BlockPool(3);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([0, 1, 2]);
    for (const block of [1, 2, 0]) pool.release(block);
    expect([pool.take(), pool.take(), pool.take()]).toEqual([1, 2, 0]);
    expect(() => pool.take()).toThrow("no free block");
  });

  test("finds a free block by its hash until it is taken", () => {
    const pool = new BlockPool(2);
    const block = pool.take();
    pool.cache(block, 77);
    pool.release(block);
    expect(pool.find(77)).toBe(block);
    pool.take();
    expect(pool.find(77)).toBe(block);
    pool.take();
    expect(pool.find(77)).toBe(-1);
  });

  test("a cached block that is used again is not the next to be taken", () => {
    const pool = new BlockPool(2);
    pool.cache(pool.take(), 77);
    pool.release(0);
    pool.use(pool.find(77));
    expect([pool.free, pool.take(), pool.free]).toEqual([1, 1, 0]);
  });

  test("a block is free after as many releases as uses", () => {
    const pool = new BlockPool(1);
    pool.take();
    pool.use(0);
    pool.release(0);
    expect([pool.free, pool.references]).toEqual([0, 1]);
    pool.release(0);
    expect([pool.free, pool.references]).toEqual([1, 0]);
  });

  test("of blocks with one hash the first is found, and when it is gone the next", () => {
    const pool = new BlockPool(4);
    for (const block of [pool.take(), pool.take(), pool.take(), pool.take()]) pool.cache(block, 77);
    const found = [pool.find(77)];
    for (const block of [2, 0, 1, 3]) {
      pool.release(block);
      pool.take();
      found.push(pool.find(77));
    }
    expect(found).toEqual([0, 0, 1, 3, -1]);
  });
});
