import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PrefixTree } from "../../src/tree/index.js";

const LOOP = { evictionThreshold: 10, evictionTarget: 8, intervalSecs: 2 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Five characters at time 1, then six at time 2. */
function treeOfEleven(): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(["t"], 0);
  refill(tree);
  return tree;
}

function refill(tree: PrefixTree): void {
  tree.insert("fives", "t", 1);
  tree.insert("sixths", "t", 2);
}

function characters(tree: PrefixTree): number | undefined {
  return tree.tenantToCharCount.get("t");
}

describe("the eviction loop", () => {
  test("sweeps first after one interval, then after each", () => {
    const tree = treeOfEleven();
    tree.startEvictionLoop(LOOP);
    expect(characters(tree)).toBe(11);
    vi.advanceTimersByTime(1999);
    expect(characters(tree)).toBe(11);
    vi.advanceTimersByTime(1);
    expect(characters(tree)).toBe(6);
    refill(tree);
    vi.advanceTimersByTime(2000);
    expect(characters(tree)).toBe(6);
  });

  test("runs once: starting it again returns false, and the new parameters are ignored", () => {
    const tree = treeOfEleven();
    expect(tree.startEvictionLoop(LOOP)).toBe(true);
    expect(tree.startEvictionLoop({ evictionThreshold: 0, evictionTarget: 0, intervalSecs: 1 })).toBe(false);
    vi.advanceTimersByTime(1000);
    expect(characters(tree)).toBe(11);
    vi.advanceTimersByTime(1000);
    expect(characters(tree)).toBe(6);
    expect(vi.getTimerCount()).toBe(1);
  });

  test("can be started with other parameters once it was stopped", () => {
    const tree = treeOfEleven();
    tree.startEvictionLoop(LOOP);
    tree.stopEvictionLoop();
    vi.advanceTimersByTime(10_000);
    expect(characters(tree)).toBe(11);
    expect(tree.startEvictionLoop({ evictionThreshold: 0, evictionTarget: 0, intervalSecs: 1 })).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(characters(tree)).toBe(0);
  });

  test("is not touched by options that it refuses", () => {
    const tree = treeOfEleven();
    expect(() => tree.startEvictionLoop({ ...LOOP, intervalSecs: 0 })).toThrow(RangeError);
    expect(vi.getTimerCount()).toBe(0);
    expect(tree.startEvictionLoop(LOOP)).toBe(true);
    expect(() => tree.startEvictionLoop({ ...LOOP, evictionTarget: -1 })).toThrow(RangeError);
    vi.advanceTimersByTime(2000);
    expect(characters(tree)).toBe(6);
  });

  test("keeps the options it was given when the caller's object changes", () => {
    const tree = treeOfEleven();
    const options = { ...LOOP };
    tree.startEvictionLoop(options);
    options.evictionThreshold = 1000;
    vi.advanceTimersByTime(2000);
    expect(characters(tree)).toBe(6);
  });

  test("reports what a sweep throws, and goes on", () => {
    const tree = treeOfEleven();
    const errors: unknown[] = [];
    tree.startEvictionLoop({ ...LOOP, onError: (error) => errors.push(error) });
    // A sweep inside a choose function is refused: a real error, from the real tree.
    tree.matchThenInsert(
      "",
      null,
      () => {
        vi.advanceTimersByTime(4000);
        return null;
      },
      3,
    );
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)]);
    expect(characters(tree)).toBe(11);
    vi.advanceTimersByTime(2000);
    expect(characters(tree)).toBe(6);
    expect(errors).toHaveLength(2);
  });

  test("ends when the tree is disposed of", () => {
    const tree = treeOfEleven();
    const errors: unknown[] = [];
    tree.startEvictionLoop({ ...LOOP, onError: (error) => errors.push(error) });
    tree[Symbol.dispose]();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(errors).toEqual([]);
  });

  test("need not run to be stopped", () => {
    const tree = new PrefixTree();
    tree.stopEvictionLoop();
    tree.startEvictionLoop(LOOP);
    tree.stopEvictionLoop();
    tree.stopEvictionLoop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("never keeps the process alive", () => {
    const program = `
      import { PrefixTree } from "./src/tree/index.ts";
      const tree = new PrefixTree();
      globalThis.tree = tree;
      console.log(tree.startEvictionLoop({ evictionThreshold: 1, evictionTarget: 1, intervalSecs: 3600 }));
    `;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "--eval", program],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), encoding: "utf8", timeout: 60_000 },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "true\n", stderr: "" });
  });
});

describe("a sweep", () => {
  test("evicts whole runs from each tenant above the threshold, and says what went", () => {
    const tree = new PrefixTree();
    tree.addTenants(["below", "at", "above"], 0);
    tree.insert("123456789", "below", 1);
    tree.insert("1234567890", "at", 1);
    tree.insert("fives", "above", 1);
    tree.insert("sixths", "above", 2);
    expect([...tree.sweep({ evictionThreshold: 10, evictionTarget: 8 })]).toEqual([["above", 5]]);
    expect([...tree.tenantToCharCount.values()]).toEqual([9, 10, 6]);
  });

  test("does nothing where the target is above the count", () => {
    const tree = treeOfEleven();
    expect(tree.sweep({ evictionThreshold: 0, evictionTarget: 11 }).size).toBe(0);
    expect(characters(tree)).toBe(11);
  });
});
