import { describe, expect, test } from "vitest";
import { JournalError, Router, replay } from "../../../src/index.js";

const HEADER = `{"journal":"warmroute","version":1,"keys":"texts","whole":true,"t":0,"options":{"policy":"random"},"replicas":[{"id":"a"}]}`;
const HASHED = HEADER.replace('"texts"', '"hashes","blockChars":16');
const ROUTE = `{"do":"route","id":0,"t":1,"text":"x"}`;

describe("a journal that cannot be read is told by its line", () => {
  test.each<[string, string, string]>([
    ["empty", "", "line 1: it is empty"],
    ["something else", '{"a":1}', "line 1: a journal of warmroute must begin with its header"],
    ["no JSON", "hello", 'line 1: not JSON: "hello"'],
    ["another version", HEADER.replace('"version":1', '"version":2'), "line 1: version must be 1, not 2"],
    [
      "a header with an unknown field",
      HEADER.replace("{", '{"more":1,'),
      'line 1: unknown field "more" in the header; there are journal,',
    ],
    [
      "a header without replicas",
      HEADER.replace(',"replicas":[{"id":"a"}]', ""),
      "line 1: replicas is missing in the header",
    ],
    [
      "hashes without a block size",
      HEADER.replace("texts", "hashes"),
      'line 1: blockChars must be there with keys "hashes"',
    ],
    [
      "cut off in the middle of a line",
      `${HEADER}\n${ROUTE}\n${ROUTE.slice(0, 20)}`,
      "line 3: cut off after 20 characters",
    ],
    ["cut off in its header", HEADER.slice(0, 50), "line 1: cut off after 50 characters"],
    [
      "an unknown event",
      `${HEADER}\n{"do":"guess","id":0}`,
      'line 2: do must be one of route, acquire, accept, first, back, end, leave, replicas, load, sweep, not "guess"',
    ],
    [
      "an unknown field",
      `${HEADER}\n${ROUTE.replace("{", '{"color":"red",')}`,
      'line 2: unknown field "color" in "route"; there are do, t, to, id, try, text,',
    ],
    [
      "a field of the wrong type",
      `${HEADER}\n${ROUTE.replace('"t":1', '"t":"1"')}`,
      'line 2: t must be a time or times, not "1"',
    ],
    ["no number", `${HEADER}\n{"do":"accept"}`, 'line 2: id is missing in "accept"'],
    ["a list", `${HEADER}\n[1]`, "line 2: must be an object, not an array"],
    [
      "two texts",
      `${HEADER}\n${ROUTE.replace("{", '{"tokens":[1],')}`,
      "line 2: there must be one of text, tokens and blocks",
    ],
    [
      "hashes among texts",
      `${HEADER}\n{"do":"route","id":0,"blocks":"abcdefgh","chars":16}`,
      "line 2: blocks needs a header with blockChars",
    ],
    ["texts among hashes", `${HASHED}\n${ROUTE}`, "line 2: a journal of hashes has blocks, not texts"],
    [
      "too few hashes",
      `${HASHED}\n{"do":"route","id":0,"blocks":"abcdefgh","chars":17}`,
      "line 2: blocks must be 16 letters for 17 characters, not 8",
    ],
    [
      "a block too long",
      HASHED.replace(":16", ":65540"),
      "line 1: blockChars must be a multiple of 4, from 4 to 65536, not 65540",
    ],
    [
      "a header with a wrong value",
      HEADER.replace('"random"', '"random","seed":1.5'),
      "line 1: seed must be a whole number, not 1.5",
    ],
    [
      "a header with an unknown option",
      HEADER.replace('"random"', '"random","color":"red"'),
      'line 1: unknown option "color"',
    ],
    [
      "a header with an option that is not recorded",
      HEADER.replace('"random"', '"random","queueTimeoutMs":5'),
      'line 1: unknown option "queueTimeoutMs" in the header; there are policy, seed,',
    ],
    ["a header with an unknown policy", HEADER.replace('"random"', '"fast"'), "line 1: policy must be one of"],
    [
      "a header with a wrong option of one's own policy",
      HEADER.replace('{"policy":"random"}', '{"policy":"mine","insertAt":"end"},"own":true'),
      'line 1: insertAt must be "choice" or "accept", not "end"',
    ],
    ["a request twice", `${HEADER}\n${ROUTE}\n${ROUTE}`, "line 3: request 0 comes a second time"],
    [
      "a request twice, the first one over",
      `${HEADER}\n${ROUTE}\n{"do":"end","id":0,"how":"released","t":1}\n${ROUTE}`,
      "line 4: request 0 comes a second time",
    ],
    [
      "the end of a request that never came",
      `${HEADER}\n${ROUTE}\n{"do":"end","id":7,"how":"released","t":1}`,
      'line 3: "end" of request 7, which never came',
    ],
    [
      "a later number than any that came, where it begins later",
      `${HEADER.replace("true", "false")}\n${ROUTE}\n{"do":"end","id":7,"how":"released","t":1}`,
      'line 3: "end" of request 7, which never came',
    ],
    [
      "the end of a request that is over",
      `${HEADER}\n${ROUTE}${`\n{"do":"end","id":0,"how":"released","t":1}`.repeat(2)}`,
      'line 4: "end" of request 0 which is over, or never came',
    ],
    [
      "a retry of a request that never came",
      `${HEADER}\n${ROUTE.replace('"id":0', '"id":0,"try":1')}`,
      'line 2: "route" of request 0, which never came',
    ],
    [
      "a wrong replica",
      `${HEADER}\n{"do":"replicas","list":[{"id":"a"},{"id":"a"}]}`,
      'line 2: replicas[1].id must be different from the others, not "a" again',
    ],
  ])("%s", async (_name, journal, message) => {
    const failing = replay(journal);
    await expect(failing).rejects.toBeInstanceOf(JournalError);
    await expect(failing).rejects.toThrow(`journal, ${message}`);
  });

  test("its line is in the error, too", async () => {
    await expect(replay(`${HEADER}\n${ROUTE}\n{`)).rejects.toMatchObject({ name: "JournalError", line: 3 });
  });
});

test.each<[object, string]>([
  [{ policy: "nearest" }, "policy must be one of round_robin,"],
  [{ replicas: [] }, "replicas is as recorded in a replay: it cannot be given"],
  [{ clock: Date.now }, "clock is as recorded in a replay: it cannot be given"],
  [{ cacheChars: 0 }, "cacheChars must be 1 or more, not 0"],
  [{ virtualNodes: 3 }, 'unknown option "virtualNodes" for policy random'],
])("options that a replay does not take: %o", async (options, message) => {
  await expect(replay(`${HEADER}\n${ROUTE}`, options as never)).rejects.toThrow(message);
});

test("a journal of one's own policy needs a policy", async () => {
  const lines: string[] = [];
  const router = new Router({
    policy: {
      name: "mine",
      tree: null,
      choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "custom", matchedChars: 0 }),
    },
    replicas: [{ id: "a" }, { id: "b" }],
  });
  router.record((line) => lines.push(line));
  router.route({ text: "x" }).release();
  await expect(replay(lines.join(""))).rejects.toThrow(
    "the journal is of a policy of one's own, mine: policy must be given",
  );
  expect(await replay(lines.join(""), { policy: "round_robin" })).toMatchObject({
    policy: "round_robin",
    decisions: 1,
  });
});

describe("record", () => {
  const router = new Router({ policy: "random", replicas: [{ id: "a" }] });
  test.each<[unknown, unknown, string]>([
    ["file", {}, 'write must be a function, not "file"'],
    [() => {}, { keys: "sums" }, 'keys must be "texts" or "hashes", not "sums"'],
    [() => {}, { keys: "hashes" }, 'salt must be a string, not empty, where keys are "hashes", not undefined'],
    [() => {}, { keys: "hashes", salt: "" }, 'salt must be a string, not empty, where keys are "hashes", not ""'],
    [() => {}, { blockChars: 10 }, "blockChars must be a multiple of 4, from 4 to 65536, not 10"],
    [
      () => {},
      { keys: "hashes", salt: "s", blockChars: 2 ** 30 },
      "blockChars must be a multiple of 4, from 4 to 65536, not 1073741824",
    ],
    [() => {}, { hash: true }, 'unknown option "hash"; there are keys, salt, blockChars'],
  ])("refuses %o, %o", (write, options, message) => {
    expect(() => router.record(write as never, options as never)).toThrow(message);
  });
});

describe("a journal as it comes from elsewhere", () => {
  test("may begin with a byte order mark", async () => {
    expect(await replay(`\uFEFF${HEADER}\n${ROUTE}`)).toMatchObject({ requests: 1 });
  });

  test.each<[string, Iterable<unknown>, string]>([
    ["bytes", [Buffer.from(HEADER)], "line 1 of the journal must be a string, not bytes"],
    ["one buffer", Buffer.from(HEADER), "line 1 of the journal must be a string, not 123"],
    ["an object", [HEADER, JSON.parse(ROUTE)], "line 2 of the journal must be a string, not an object"],
  ])("must be lines: %s", async (_name, journal, message) => {
    const failing = replay(journal as never);
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toThrow("node:readline");
    await expect(failing).rejects.toBeInstanceOf(TypeError);
  });
});

test("undefined options are not given: what was recorded holds", async () => {
  const header = HEADER.replace('{"policy":"random"}', '{"policy":"consistent_hash","seed":3,"virtualNodes":2}');
  const nothing = {
    policy: undefined,
    seed: undefined,
    virtualNodes: undefined,
    cacheChars: undefined,
    clock: undefined,
  };
  const lines = [header.replace('{"id":"a"}', '{"id":"a"},{"id":"b"}')];
  for (let id = 0; id < 30; id++) lines.push(JSON.stringify({ do: "route", id, t: id, text: `chat ${id}` }));
  expect(await replay(lines, nothing as never)).toEqual(await replay(lines));
  await expect(replay(lines, { policies: undefined } as never)).rejects.toThrow('unknown option "policies"');
});
