import { expect, test } from "vitest";
import { PrefixTree } from "../../../src/index.js";
import type { PolicyRequest, Route } from "../../../src/routing/policies/policy.js";
import { SentTexts } from "../../../src/routing/policies/sent-texts.js";
import type { Replica } from "../../../src/routing/replica.js";
import { Stand } from "./stand.js";

const VALUES = { maxBytes: 2 ** 20, maxChars: null, ttlSecs: null };

/** Texts of two replicas, and requests for them. */
function setUp(insertAt: "choice" | "accept" = "choice") {
  const stand = new Stand({ policy: "random" }, ["a", "b"]);
  const [a, b] = stand.router.replicas as [Replica, Replica];
  const texts = new SentTexts(VALUES, { insertAt });
  texts.replicasChanged({ replicas: [a, b], added: ["a", "b"], removed: [], timeS: 0 });
  const request = (text: string): PolicyRequest => ({
    key: { namespace: "", text, tokens: null, chars: text.length, affinity: "", session: null },
    timeS: 1,
    candidates: [a, b],
    loads: [0, 0],
    everyReplica: true,
  });
  const route = ({ key, timeS }: PolicyRequest, replica: Replica): Route => ({ key, timeS, replica, memo: null });
  const place = (asked: PolicyRequest, replica: Replica) =>
    texts.matchThenPlace(asked, texts.available(asked), () => replica);
  const counts = (): number[] => [...texts.tree.tenantToCharCount.values()];
  return { texts, a, b, request, route, place, counts };
}

test("a text is placed in the descent that matches it, and stays when its choice is routed", () => {
  const { texts, a, request, route, place, counts } = setUp();
  const asked = request("hello");
  place(asked, a);
  expect(counts()).toEqual([5, 0]);
  const receipt = texts.routed(route(asked, a));
  texts.match(request("other"), ["b"]);
  expect(counts()).toEqual([5, 0]);
  texts.rejected(route(asked, a), receipt);
  expect(counts()).toEqual([0, 0]);
});

test("a choice without a lease is taken back by whatever comes next", () => {
  for (const next of ["match", "place", "matchEach", "replicasChanged"] as const) {
    const { texts, a, b, request, place, counts } = setUp();
    place(request("hello"), a);
    const other = request("");
    if (next === "match") texts.match(other, ["a"]);
    if (next === "place") texts.place(other, b);
    if (next === "matchEach") texts.matchEach(other, texts.available(other));
    if (next === "replicasChanged") texts.replicasChanged({ replicas: [a, b], added: [], removed: [], timeS: 0 });
    expect(counts(), next).toEqual([0, 0]);
  }
});

test("a place that went to another request, or another replica, has that one's text only", () => {
  const { texts, a, b, request, route, place, counts } = setUp();
  place(request("hello"), a);
  texts.routed(route(request("world!"), a));
  expect(counts()).toEqual([6, 0]);
  const asked = request("hello");
  place(asked, a);
  texts.routed(route(asked, b));
  expect(counts()).toEqual([6, 5]);
});

test("taking back leaves what had been sent before, also when the key has let its text go", () => {
  const { texts, a, request, route, place, counts } = setUp();
  texts.routed(route(request("hello"), a));
  const asked = request("help and more");
  place(asked, a);
  expect(counts()).toEqual([5 + "p and more".length, 0]);
  (asked.key as { text: string }).text = "";
  texts.match(request(""), ["a"]);
  expect(counts()).toEqual([5, 0]);
});

test("hits are those before the text was placed", () => {
  const { texts, a, b, request, route, place } = setUp();
  texts.routed(route(request("hello"), a));
  texts.routed(route(request("hell"), b));
  const asked = request("hello world");
  place(asked, b);
  expect(texts.hitOf(asked, b)).toBe(4);
  expect(texts.hitsOf(asked)).toEqual([5, 4]);
  expect(texts.hitsOf(asked)).toEqual([5, 4]);
});

test("with insertAt accept nothing is placed before", () => {
  const { texts, a, b, request, route, place, counts } = setUp("accept");
  const asked = request("hello");
  place(asked, a);
  texts.place(asked, b);
  expect([texts.routed(route(asked, a)), counts()]).toEqual([null, [0, 0]]);
  expect(texts.hitOf(asked, a)).toBe(0);
  texts.accepted(route(asked, a));
  expect(counts()).toEqual([5, 0]);
});

test("candidates that are often the same make one set", () => {
  const { texts, a, b, request } = setUp();
  const some = (candidates: readonly Replica[]) => texts.available({ ...request(""), candidates, everyReplica: false });
  expect(some([a])).toBe(some([a]));
  expect(some([b]).names).toEqual(["b"]);
  expect(some([a, b])).not.toBe(some([a]));
  expect(texts.tree).toBeInstanceOf(PrefixTree);
});
