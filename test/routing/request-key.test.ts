import { describe, expect, test } from "vitest";
import { Router } from "../../src/index.js";
import { type KeyOptions, KeyReader, type RequestKey, type RouteRequest } from "../../src/routing/request-key.js";
import fc from "../properties.js";

const cyclic: unknown[] = [];
cyclic.push(cyclic, { content: cyclic });
const many = "x".repeat(100_000);
const deep = JSON.parse(`${"[".repeat(5000)}"x"${"]".repeat(5000)}`) as unknown;

const requestText = (request: RouteRequest): string => new KeyReader("reference").read(request, {}).text;
const key = (request: RouteRequest, options: KeyOptions = {}): RequestKey =>
  new KeyReader("structured").read(request, options);
const text = (request: RouteRequest): string => key(request).text;

/** A control character as a letter that can be read: R before a role, U at the end of a message or part, G before a field, F before a kind of media. */
const readable = (request: RouteRequest): string =>
  [..."FGRU"].reduce(
    (shown, letter, i) => shown.replaceAll(String.fromCharCode(0x1c + i), `‹${letter}›`),
    text(request),
  );

describe("the reference rendering", () => {
  test.each<[string, unknown, string]>([
    ["a text", { text: "Hi" }, "Hi"],
    ["a prompt", { prompt: "Hi" }, "Hi"],
    ["prompts are joined", { prompt: ["ab", "c"] }, "abc"],
    ["messages come before a prompt", { messages: [{ content: "a" }], prompt: "b" }, "a"],
    ["null messages let the prompt count", { messages: null, prompt: "b" }, "b"],
    [
      "contents without roles",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "assistant", content: "b" },
        ],
      },
      "ab",
    ],
    ["a content of parts", { messages: [{ content: [{ type: "text", text: "a" }, "b", null] }] }, "ab"],
    ["an image is nothing", { messages: [{ content: [{ type: "image_url", image_url: { url: "x" } }] }] }, ""],
    ["an object without text gives its content", { messages: [{ content: { content: { text: "a" } } }] }, "a"],
    [
      "null content (a tool call) is nothing",
      { messages: [{ content: null, tool_calls: [{}] }, { content: "z" }] },
      "z",
    ],
    ["a message that is a string", { messages: ["a", "b"] }, "ab"],
    ["messages that are a string", { messages: "a" }, "a"],
    ["token ids are nothing", { prompt: [1, 2, 3] }, ""],
    ["lists of token ids are nothing", { prompt: [[1, 2], [3]] }, ""],
    ["a number is nothing", { prompt: 7 }, ""],
    ["an empty list is nothing", { messages: [] }, ""],
    ["an empty body is nothing", {}, ""],
    ["a list of four thousand million holes ends", { prompt: new Array(2 ** 32 - 1) }, ""],
    ["a content of as many ends", { messages: [{ content: new Array(2 ** 32 - 1) }, { content: "z" }] }, ""],
    ["100,000 values are read, and what comes after is nothing", { prompt: new Array(100_001).fill("x") }, many],
    ["a cycle ends", { messages: cyclic }, ""],
    ["nesting beyond reason is nothing", { prompt: deep }, ""],
  ])("%s", (_name, request, text) => {
    expect(requestText(request as never)).toBe(text);
  });

  test("a body whose fields throw is nothing", () => {
    const request = {
      get messages(): never {
        throw new Error("no");
      },
    };
    expect(requestText(request)).toBe("");
  });

  test("reads what Responses call input in the same way", () => {
    expect(requestText({ input: [{ role: "user", content: [{ type: "input_text", text: "a" }] }, "b"] })).toBe("ab");
  });
});

describe("the structured rendering", () => {
  test.each<[string, RouteRequest, string]>([
    ["a text is itself", { text: "Hi" }, "Hi"],
    ["a prompt is itself", { prompt: "Hi" }, "Hi"],
    ["so is the only one of a list", { prompt: ["Hi"] }, "Hi"],
    ["prompts are kept apart", { prompt: ["ab", "c"] }, "ab‹U›c"],
    [
      "a chat: roles and contents",
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi" },
        ],
      },
      "Be brief.‹R›system‹U›Hi‹R›user‹U›",
    ],
    [
      "parts are kept apart, and one part is like a string",
      { messages: [{ role: "user", content: [{ type: "text", text: "a" }, "b"] }] },
      "a‹U›b‹R›user‹U›",
    ],
    [
      "calls of tools, whose content is null, and their results",
      {
        messages: [
          { role: "assistant", content: null, tool_calls: [{ id: "1", function: { name: "f", arguments: "{}" } }] },
          { role: "tool", tool_call_id: "1", content: "42" },
        ],
      },
      '‹G›[{"id":"1","function":{"name":"f","arguments":"{}"}}]‹R›assistant‹U›42‹G›"1"‹R›tool‹U›',
    ],
    [
      "tools come first, as templates render them",
      { messages: [{ role: "user", content: "Hi" }], tools: [{ type: "function", function: { name: "f" } }] },
      '[{"type":"function","function":{"name":"f"}}]‹R›tools‹U›Hi‹R›user‹U›',
    ],
    [
      "what shapes the template comes first too",
      { messages: [{ role: "user", content: "Hi" }], chat_template_kwargs: { enable_thinking: false } },
      '{"enable_thinking":false}‹R›chat_template_kwargs‹U›Hi‹R›user‹U›',
    ],
    [
      "Anthropic's system text is like a system message",
      { system: [{ type: "text", text: "Be brief." }], messages: [{ role: "user", content: "Hi" }] },
      "Be brief.‹R›system‹U›Hi‹R›user‹U›",
    ],
    [
      "Anthropic's use of tools and its result",
      {
        messages: [
          { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input: {} }] },
          {
            role: "user",
            content: [{ type: "tool_result", tool_use_id: "1", content: [{ type: "text", text: "42" }] }],
          },
        ],
      },
      '‹G›{"type":"tool_use","id":"1","name":"f","input":{}}‹R›assistant‹U›‹G›"1"42‹R›user‹U›',
    ],
    ["Responses: a string of input is a message of the user", { input: "Hi" }, "Hi‹R›user‹U›"],
    [
      "Responses: instructions and input",
      { instructions: "Be brief.", input: "Hi" },
      "Be brief.‹R›system‹U›Hi‹R›user‹U›",
    ],
    [
      "Responses: items",
      {
        input: [
          { role: "user", content: [{ type: "input_text", text: "Hi" }] },
          { type: "function_call_output", call_id: "1", output: "42" },
        ],
        previous_response_id: "r1",
      },
      '"r1"‹R›previous_response_id‹U›Hi‹R›user‹U›{"type":"function_call_output","call_id":"1","output":"42"}‹R›function_call_output‹U›',
    ],
    [
      "a name is part of a message",
      { messages: [{ role: "user", name: "Ann", content: "Hi" }] },
      'Hi‹G›"Ann"‹R›user‹U›',
    ],
    ["nothing to read is empty", { prompt: 7 }, ""],
    ["no messages are empty", { messages: [] }, ""],
  ])("%s", (_name, request, expected) => {
    expect(readable(request)).toBe(expected);
  });

  test("pitfall: chat bodies flattened without roles or tools; moving a word to the next message changes the key", () => {
    const chat = (...contents: string[]) => ({ messages: contents.map((content) => ({ role: "user", content })) });
    expect(text(chat("one two", "three"))).not.toBe(text(chat("one", " twothree")));
    expect(text(chat("one two", "three"))).not.toBe(text(chat("one twothree")));
    expect(text({ messages: [{ role: "user", content: "x" }] })).not.toBe(
      text({ messages: [{ role: "assistant", content: "x" }] }),
    );
    expect(text({ ...chat("x"), tools: [{ name: "f" }] })).not.toBe(text(chat("x")));
  });

  test("short chats that have nothing in common have no common beginning", () => {
    const [one, other] = ["Hi", "Why?"].map((content) => text({ messages: [{ role: "user", content }] }));
    expect(one![0]).not.toBe(other![0]);
  });

  test("two chats have one key only if they are one chat", () => {
    const role = fc.constantFrom("system", "user", "assistant", "tool", "developer");
    const content = fc.string({ unit: fc.constantFrom("a", "b", " ", "user", "😀"), maxLength: 4 });
    const chat = fc.array(fc.record({ role, content }), { maxLength: 4 });
    fc.assert(
      fc.property(chat, chat, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(text({ messages: one }) === text({ messages: other })).toBe(same);
      }),
      { numRuns: 2000 },
    );
  });

  test("a conversation's next turn begins with the whole of the turn before", () => {
    const turns = ["a", "b", "c"].map((content, i) => ({ role: i === 1 ? "assistant" : "user", content }));
    const [first, next] = [{ messages: turns.slice(0, 1) }, { messages: turns }].map(text);
    expect(next!.startsWith(first!)).toBe(true);
  });

  test.each<[string, unknown, unknown]>([
    [
      "OpenAI's image as a data URL, Anthropic's as bytes",
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      { type: "image_url", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
    ],
    [
      "an address, with or without an object around it",
      { type: "image_url", image_url: { url: "https://x/y.png" } },
      { type: "image_url", image_url: "https://x/y.png" },
    ],
    [
      "bytes, in an array or in its buffer",
      { type: "image", image: new Uint8Array([1, 2]) },
      { type: "image", image: new Uint8Array([1, 2]).buffer },
    ],
  ])("the same image has the same hash: %s", (_name, one, other) => {
    const [a, b] = [one, other].map((part) => readable({ messages: [{ role: "user", content: [part] }] }));
    expect(a).toMatch(/^[0-9a-f]{16}‹F›image(_url)?‹R›user‹U›$/);
    expect(b).toBe(a);
  });

  test("images that differ in one character differ, and neither is in the key", () => {
    const image = (data: string) => ({ type: "image_url", image_url: { url: `data:image/png;base64,${data}` } });
    const body = (data: string) => ({
      messages: [{ role: "user", content: [image(data), { type: "text", text: "?" }] }],
    });
    const long = "A".repeat(100_000);
    const keys = [`${long}B`, `${long}C`, `B${long}`].map((data) => text(body(data)));
    expect(new Set(keys).size).toBe(3);
    for (const each of keys) expect(each.length).toBeLessThan(60);
  });

  test("sounds and files are hashes too", () => {
    const parts = [
      { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
      { type: "file", file: { file_id: "f1" } },
    ];
    expect(readable({ messages: [{ role: "user", content: parts }] })).toMatch(
      /^[0-9a-f]{16}‹F›input_audio‹U›[0-9a-f]{16}‹F›file‹R›user‹U›$/,
    );
  });

  test("pitfall: 64-bit hashes through JS Number; all 16 digits of a hash vary", () => {
    const digits = Array.from({ length: 16 }, () => new Set<string>());
    for (let i = 0; i < 400; i++) {
      const part = { type: "x", image_url: `https://x/${i}` };
      const hash = text({ messages: [{ role: "user", content: [part] }] }).slice(0, 16);
      for (let at = 0; at < 16; at++) digits[at]!.add(hash[at]!);
    }
    for (const seen of digits) expect(seen.size).toBe(16);
  });
});

describe("token ids", () => {
  test("pitfall: token-id prompts keyed only by their count", () => {
    expect(key({ prompt: [1, 2, 3] })).toMatchObject({ text: "", tokens: [1, 2, 3], chars: 3 });
    expect(key({ prompt: [1, 2, 4] }).tokens).not.toEqual(key({ prompt: [1, 2, 3] }).tokens);
  });

  test("count beside messages that are null", () => {
    expect(key({ messages: null, prompt: [1, 2] }).tokens).toEqual([1, 2]);
  });

  test("lists of them come one after the other, kept apart", () => {
    expect(key({ prompt: [[1, 2]] }).tokens).toEqual([1, 2]);
    expect(key({ prompt: [[1, 2], [3]] }).tokens).toEqual([1, 2, 1_000_000, 3]);
    expect(key({ prompt: [[1], [2, 3]] }).tokens).not.toEqual(key({ prompt: [[1, 2], [3]] }).tokens);
  });

  test.each([[[1, -1]], [[1.5]], [[1_000_000]], [[1, "a"]], [[[1], "a"]], [[[1], []]]])("%j are none", (prompt) => {
    expect(key({ prompt })).toMatchObject({ tokens: null });
  });
});

describe("the namespace of a request", () => {
  test("is empty when nothing is given", () => {
    expect(key({ text: "x" }).namespace).toBe("");
    expect(key({ messages: [], model: 7 } as never).namespace).toBe("");
  });

  test("is another for every model, adapter, salt and API key, and the same for the same", () => {
    const options: KeyOptions[] = [
      { model: "m" },
      { adapter: "m" },
      { cacheSalt: "m" },
      { apiKey: "m" },
      { model: "m", adapter: "a" },
      { model: "m", cacheSalt: "a" },
      { model: 'm","a' },
      { model: "m\u0000a" },
    ];
    const reader = new KeyReader("structured");
    const names = [...options, ...options].map((each) => reader.read({ text: "x" }, each).namespace);
    expect(new Set(names).size).toBe(options.length);
    expect(names.slice(options.length)).toEqual(names.slice(0, options.length));
  });

  test("is read from the body, and what the caller says counts more", () => {
    const body = { prompt: "x", model: "m", lora_path: "a", cache_salt: "s" };
    expect(key(body).namespace).toBe(key({ prompt: "x" }, { model: "m", adapter: "a", cacheSalt: "s" }).namespace);
    expect(key(body, { model: "other" }).namespace).not.toBe(key(body).namespace);
  });

  test("stays short, and different, when a salt is as long as a text", () => {
    const salts = ["A", "B"].map((end) => "s".repeat(100_000) + end);
    const names = salts.map((cacheSalt) => key({ text: "x" }, { cacheSalt }).namespace);
    for (const name of names) expect(name.length).toBeLessThan(120);
    expect(names[0]).not.toBe(names[1]);
  });

  test("does not hold the API key itself", () => {
    expect(key({ text: "x" }, { apiKey: "sk-secret" }).namespace).not.toContain("secret");
  });

  test("pitfall: the end user or a request id as affinity key; they change nothing", () => {
    const body = { messages: [{ role: "user", content: "Hi" }] };
    const marked = { ...body, user: "ann", metadata: { request_id: "1" }, request_id: "1" };
    expect(key(marked)).toEqual(key(body));
    expect(key(marked).session).toBeNull();
  });

  test("the body decides nothing when it cannot be read, but what the caller says stays", () => {
    const broken = {
      get messages(): never {
        throw new Error("no");
      },
    };
    expect(key(broken, { model: "m", session: "s" })).toMatchObject({ text: "", session: "s" });
    expect(key(broken, { model: "m" }).namespace).toBe(key({ text: "" }, { model: "m" }).namespace);
  });
});

describe("affinity", () => {
  test.each<[string, RouteRequest, string]>([
    [
      "the first message of a user, not the system's",
      {
        messages: [
          { role: "system", content: "s" },
          { role: "user", content: "first" },
          { role: "user", content: "second" },
        ],
      },
      "first",
    ],
    ["its first text part", { messages: [{ role: "user", content: [{ type: "text", text: "first" }] }] }, "first"],
    ["a prompt", { prompt: "a prompt" }, "a prompt"],
    ["a text", { text: "a text" }, "a text"],
    ["token ids", { prompt: [1, 2] }, ""],
  ])("%s", (_name, request, expected) => {
    expect(key(request).affinity).toBe(expected);
  });

  test("pitfall: surrogate pairs split mid-character, lengths of characters and units mixed; 100 characters, none cut in two", () => {
    expect(key({ text: "😀".repeat(300) })).toMatchObject({ affinity: "😀".repeat(100), chars: 300 });
  });
});

describe("whatever is given", () => {
  test("never throws, whatever is given", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withSparseArray: true, withBigInt: true }), (value) => {
        const shapes = [
          value,
          { prompt: value },
          { messages: value },
          { messages: [{ content: value }] },
          { input: value, tools: value },
          { system: value, messages: [value, { role: value, content: [value, { content: value, image_url: value }] }] },
          { model: value, cache_salt: value, text: value },
        ];
        for (const request of shapes) {
          for (const rendering of ["reference", "structured"] as const) {
            expect(typeof new KeyReader(rendering).read(request as never, {}).text).toBe("string");
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  const TRAPS = ["get", "getPrototypeOf", "getOwnPropertyDescriptor", "has", "ownKeys"] as const;

  test.each(TRAPS)("a proxy whose %s throws is nothing, wherever it stands", (trap) => {
    const trapped = (target: object) =>
      new Proxy(target, {
        [trap]: () => {
          throw new Error("trapped");
        },
      });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", model: "m" }] });
    for (const value of [trapped({ model: "m" }), trapped(() => {}), trapped([1]), revoked]) {
      for (const body of [
        value,
        { messages: value },
        { prompt: value },
        { prompt: [value] },
        { messages: [value] },
        {
          messages: [
            { role: "user", content: value },
            { role: "user", content: [value], tool_calls: value },
          ],
        },
        { tools: value, system: value, input: value },
      ]) {
        router.route(body as never).release();
      }
    }
    expect(router.leases).toBe(0);
  });

  test("bodies that hold themselves, are deep or have thousands of millions of holes are read in no time", () => {
    const values = [cyclic, deep, new Array(2 ** 32 - 1), [[1], ...[]].concat(new Array(1000)), many];
    for (const value of values) {
      for (const request of [
        { prompt: value },
        { messages: value },
        { input: value },
        { messages: [{ role: "user", content: value }] },
      ]) {
        expect(typeof key(request).text).toBe("string");
      }
    }
  });
});
