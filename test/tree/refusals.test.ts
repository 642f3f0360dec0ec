import { describe, expect, test } from "vitest";
import { PrefixTree, type TenantSet } from "../../src/tree/index.js";

type Method = (tree: PrefixTree, value: never) => unknown;
type Refusal = [value: unknown, kind: ErrorConstructor, message: string];

const texts = (name: string): Refusal[] => [
  [undefined, TypeError, `${name} must be a string, not undefined`],
  [null, TypeError, `${name} must be a string, not null`],
  [7, TypeError, `${name} must be a string, not 7`],
  [["a"], TypeError, `${name} must be a string, not an array of 1`],
  [Object("a"), TypeError, `${name} must be a string, not an object`],
  [Symbol("a"), TypeError, `${name} must be a string, not a symbol`],
];

const times: Refusal[] = [
  [null, TypeError, "timeS must be a number of seconds, not null"],
  ["5", TypeError, 'timeS must be a number of seconds, not "5"'],
  [5n, TypeError, "timeS must be a number of seconds, not 5n"],
  [new Date(5), TypeError, "timeS must be a number of seconds, not an object"],
  [Number.NaN, RangeError, "timeS must be a finite number of seconds, not NaN"],
  [Number.POSITIVE_INFINITY, RangeError, "not Infinity"],
  [Number.NEGATIVE_INFINITY, RangeError, "not -Infinity"],
];

const names: Refusal[] = [
  [undefined, TypeError, "tenants must be an iterable of strings, not undefined"],
  [null, TypeError, "tenants must be an iterable of strings, not null"],
  ["abc", TypeError, 'tenants must be an iterable of strings, not "abc"'],
  [{}, TypeError, "tenants must be an iterable of strings, not an object"],
  [["new", 7], TypeError, "tenant must be a string, not 7"],
  [["new", undefined], TypeError, "tenant must be a string, not undefined"],
];

const candidates: Refusal[] = [
  ["a", TypeError, 'availableTenants must be an array of strings or a TenantSet, not "a"'],
  [7, TypeError, "not 7"],
  [new Set(["a"]), TypeError, "not an object"],
  [["a", null], TypeError, "tenant must be a string, not null"],
  [foreignSet(), TypeError, "availableTenants is a TenantSet of another tree"],
];

const counts = (name: string): Refusal[] => [
  [undefined, TypeError, `${name} must be a whole number of characters, not undefined`],
  ["3", TypeError, `${name} must be a whole number of characters, not "3"`],
  [-1, RangeError, `${name} must be a whole number of characters, 0 or more, not -1`],
  [0.5, RangeError, "not 0.5"],
  [Number.NaN, RangeError, "not NaN"],
  [Number.POSITIVE_INFINITY, RangeError, "not Infinity"],
];

const namespaces: Refusal[] = [
  [null, TypeError, "namespace must be a string, not null"],
  [7, TypeError, "namespace must be a string, not 7"],
];

const tokens: Refusal[] = [
  [undefined, TypeError, "tokens must be an array of token ids, not undefined"],
  ["12", TypeError, 'tokens must be an array of token ids, not "12"'],
  [7, TypeError, "tokens must be an array of token ids, not 7"],
  [{}, TypeError, "tokens must be an array of token ids, not an object"],
  [[1, "2"], TypeError, 'token 1 must be a token id, not "2"'],
  [[1, undefined], TypeError, "token 1 must be a token id, not undefined"],
  [[-1], RangeError, "token 0 must be a whole number from 0 to 1000000, not -1"],
  [[1.5], RangeError, "not 1.5"],
  [[1_000_001], RangeError, "not 1000001"],
  [[Number.NaN], RangeError, "not NaN"],
];

const intervals: Refusal[] = [
  [undefined, TypeError, "intervalSecs must be a number of seconds, not undefined"],
  ["1", TypeError, 'intervalSecs must be a number of seconds, not "1"'],
  [0, RangeError, "intervalSecs must be above 0 and at most 2147483.647, not 0"],
  [-1, RangeError, "not -1"],
  [Number.NaN, RangeError, "not NaN"],
  [Number.POSITIVE_INFINITY, RangeError, "not Infinity"],
  [2147484, RangeError, "not 2147484"],
];

const options: Refusal[] = [
  [undefined, TypeError, "options must be { evictionThreshold, evictionTarget }, not undefined"],
  [null, TypeError, "not null"],
  [7, TypeError, "not 7"],
];

const receipts: Refusal[] = [
  [undefined, TypeError, "receipt must be what insertRevocable returned, not undefined"],
  [null, TypeError, "not null"],
  [7, TypeError, "not 7"],
  [{}, TypeError, "not an object"],
];

const functions: Refusal[] = [
  [undefined, TypeError, "choose must be a function, not undefined"],
  ["a", TypeError, 'choose must be a function, not "a"'],
];

const nobody = (): null => null;

const TABLE: [argument: string, call: Method, refusals: Refusal[]][] = [
  ["addTenants(tenants)", (tree, value) => tree.addTenants(value, 1), names],
  ["addTenants(…, timeS)", (tree, value) => tree.addTenants(["new"], value), times],
  ["insert(text)", (tree, value) => tree.insert(value, "a", 1), texts("text")],
  ["insert(…, tenant)", (tree, value) => tree.insert("new", value, 1), texts("tenant")],
  ["insert(…, timeS)", (tree, value) => tree.insert("new", "a", value), times],
  ["insert(…, timeS) for a tenant that is not known", (tree, value) => tree.insert("new", "nobody", value), times],
  ["insert(…, namespace)", (tree, value) => tree.insert("new", "a", 1, value), namespaces],
  ["insertTokens(tokens)", (tree, value) => tree.insertTokens(value, "a", 1), tokens],
  ["insertTokens(…, tenant)", (tree, value) => tree.insertTokens([1], value, 1), texts("tenant")],
  ["insertTokens(…, timeS)", (tree, value) => tree.insertTokens([1], "a", value), times],
  ["insertTokens(…, namespace)", (tree, value) => tree.insertTokens([1], "a", 1, value), namespaces],
  ["insertRevocable(text)", (tree, value) => tree.insertRevocable(value, "a", 1), texts("text")],
  ["insertRevocable(…, tenant)", (tree, value) => tree.insertRevocable("new", value, 1), texts("tenant")],
  ["insertRevocable(…, timeS)", (tree, value) => tree.insertRevocable("new", "a", value), times],
  ["insertRevocable(…, namespace)", (tree, value) => tree.insertRevocable("new", "a", 1, value), namespaces],
  ["matchThenInsert(text)", (tree, value) => tree.matchThenInsert(value, null, () => "a", 1), texts("text")],
  ["matchThenInsert(…, available)", (tree, value) => tree.matchThenInsert("new", value, () => "a", 1), candidates],
  ["matchThenInsert(…, choose)", (tree, value) => tree.matchThenInsert("new", null, value, 1), functions],
  ["matchThenInsert(…, timeS)", (tree, value) => tree.matchThenInsert("new", null, () => "a", value), times],
  [
    "matchThenInsert(…, namespace)",
    (tree, value) => tree.matchThenInsert("new", null, () => "a", 1, value),
    namespaces,
  ],
  [
    "matchThenInsert, what choose names",
    (tree, value) => tree.matchThenInsert("new", null, () => value, 1),
    texts("tenant").filter(([value]) => value !== null),
  ],
  ["revokeInsert(text)", (tree, value) => tree.revokeInsert(value, "a", receiptOf(tree)), texts("text")],
  ["revokeInsert(…, tenant)", (tree, value) => tree.revokeInsert("text", value, receiptOf(tree)), texts("tenant")],
  ["revokeInsert(…, receipt)", (tree, value) => tree.revokeInsert("text", "a", value), receipts],
  ["prefixMatch(text)", (tree, value) => tree.prefixMatch(value), texts("text")],
  ["prefixMatch(…, available)", (tree, value) => tree.prefixMatch("text", value), candidates],
  ["prefixMatch(…, namespace)", (tree, value) => tree.prefixMatch("text", null, value), namespaces],
  ["prefixMatchTokens(tokens)", (tree, value) => tree.prefixMatchTokens(value), tokens],
  ["prefixMatchTokens(…, available)", (tree, value) => tree.prefixMatchTokens([1], value), candidates],
  ["prefixMatchTokens(…, namespace)", (tree, value) => tree.prefixMatchTokens([1], null, value), namespaces],
  ["prefixMatchEach(text)", (tree, value) => tree.prefixMatchEach(value, ["a"]), texts("text")],
  ["prefixMatchEach(…, tenants)", (tree, value) => tree.prefixMatchEach("text", value), names],
  ["prefixMatchEach(…, namespace)", (tree, value) => tree.prefixMatchEach("text", ["a"], value), namespaces],
  ["tenantSet(tenants)", (tree, value) => tree.tenantSet(value), names],
  ["removeTenants(tenants)", (tree, value) => tree.removeTenants(value), names],
  ["removeTenants of one that is known, and", (tree, value) => tree.removeTenants(["a", value]), texts("tenant")],
  ["evictTenantByLru(tenant)", (tree, value) => tree.evictTenantByLru(value, 1), texts("tenant")],
  ["evictTenantByLru(…, minRemoveSize)", (tree, value) => tree.evictTenantByLru("a", value), counts("minRemoveSize")],
  ["getSmallestTenants(available)", (tree, value) => tree.getSmallestTenants(value), candidates],
  ["sweep(options)", (tree, value) => tree.sweep(value), options],
  [
    "sweep({ evictionThreshold })",
    (tree, evictionThreshold) => tree.sweep({ evictionThreshold, evictionTarget: 0 }),
    counts("evictionThreshold"),
  ],
  [
    "sweep({ evictionTarget })",
    (tree, evictionTarget) => tree.sweep({ evictionThreshold: 0, evictionTarget }),
    counts("evictionTarget"),
  ],
  ["startEvictionLoop(options)", (tree, value) => tree.startEvictionLoop(value), options],
  [
    "startEvictionLoop({ intervalSecs })",
    (tree, intervalSecs) => tree.startEvictionLoop({ evictionThreshold: 0, evictionTarget: 0, intervalSecs }),
    intervals,
  ],
  [
    "startEvictionLoop({ onError })",
    (tree, onError) => tree.startEvictionLoop({ evictionThreshold: 0, evictionTarget: 0, intervalSecs: 1, onError }),
    [[7, TypeError, "onError must be a function, not 7"]],
  ],
];

describe.each(TABLE)("%s", (_, call, refusals) => {
  test.each(refusals)("of %o throws, and the tree stays as it was", (value, kind, message) => {
    const tree = smallTree();
    const before = [tree.inspect(), tree.stats()];
    const error = thrownBy(() => call(tree, value as never));
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
    expect([tree.inspect(), tree.stats()]).toEqual(before);
    tree.insert("text and more", "a", 2);
    expect(tree.prefixMatch("text and more").matchedTenants).toEqual(["a"]);
  });
});

test("a long value is shown by its beginning", () => {
  const error = thrownBy(() => smallTree().addTenants("x".repeat(1_000_000)));
  expect(error.message.length).toBeLessThan(150);
});

test("what an iterable of names throws is passed on, and the tree stays as it was", () => {
  function* names(): Generator<string> {
    yield "new";
    throw new Error("no more names");
  }
  const tree = smallTree();
  const before = tree.inspect();
  expect(() => tree.addTenants(names(), 1)).toThrow("no more names");
  expect(() => tree.removeTenants(names())).toThrow("no more names");
  expect(tree.inspect()).toEqual(before);
});

describe("after dispose", () => {
  const set = new PrefixTree().tenantSet([]);
  const CALLS: [name: string, call: (tree: PrefixTree) => unknown][] = [
    ["addTenants", (tree) => tree.addTenants([], 1)],
    ["insert", (tree) => tree.insert("", "a", 1)],
    ["insertTokens", (tree) => tree.insertTokens([], "a", 1)],
    ["insertRevocable", (tree) => tree.insertRevocable("", "a", 1)],
    ["matchThenInsert", (tree) => tree.matchThenInsert("", null, nobody, 1)],
    ["revokeInsert", (tree) => tree.revokeInsert("", "a", { call: 0, keptChars: 0, namespace: undefined })],
    ["prefixMatch", (tree) => tree.prefixMatch("", set)],
    ["prefixMatchTokens", (tree) => tree.prefixMatchTokens([])],
    ["prefixMatchEach", (tree) => tree.prefixMatchEach("", [])],
    ["tenantSet", (tree) => tree.tenantSet([])],
    ["removeTenants", (tree) => tree.removeTenants([])],
    ["evictTenantByLru", (tree) => tree.evictTenantByLru("a", 0)],
    ["getSmallestTenants", (tree) => tree.getSmallestTenants([])],
    ["tenantToCharCount", (tree) => tree.tenantToCharCount],
    ["expire", (tree) => tree.expire(1)],
    ["sweep", (tree) => tree.sweep({ evictionThreshold: 0, evictionTarget: 0 })],
    [
      "startEvictionLoop",
      (tree) => tree.startEvictionLoop({ evictionThreshold: 0, evictionTarget: 0, intervalSecs: 1 }),
    ],
    ["compact", (tree) => tree.compact()],
    ["snapshot", (tree) => tree.snapshot()],
    ["merge", (tree) => tree.merge(new Uint8Array())],
    ["inspect", (tree) => tree.inspect()],
    ["stats", (tree) => tree.stats()],
  ];

  test.each(CALLS)("%s throws", (_, call) => {
    const tree = smallTree();
    tree[Symbol.dispose]();
    const error = thrownBy(() => call(tree));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe("PrefixTree used after dispose");
  });

  test("the table names every public member but stopEvictionLoop", () => {
    const members = Object.getOwnPropertyNames(PrefixTree.prototype);
    expect(CALLS.map(([name]) => name).sort()).toEqual(
      members.filter((name) => name !== "constructor" && name !== "stopEvictionLoop").sort(),
    );
  });

  test("the loop may be stopped and the tree be disposed of again", () => {
    const tree = smallTree();
    tree[Symbol.dispose]();
    tree[Symbol.dispose]();
    tree.stopEvictionLoop();
    expect(() => tree.stats()).toThrow(TypeError);
  });
});

function smallTree(): PrefixTree {
  const tree = new PrefixTree();
  tree.addTenants(["a", "b"], 0);
  tree.insert("text", "a", 1);
  tree.insert("tea", "b", 1);
  return tree;
}

/** A receipt that takes nothing back. */
function receiptOf(tree: PrefixTree): ReturnType<PrefixTree["insertRevocable"]> {
  return tree.insertRevocable("", "nobody", 1);
}

function foreignSet(): TenantSet {
  return new PrefixTree().tenantSet(["a"]);
}

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
