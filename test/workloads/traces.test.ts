import { describe, expect, test } from "vitest";
import { DataError, requestsOf, tokenize, workload } from "../../src/workloads/index.js";
import fc from "../properties.js";
import { lines } from "./support.js";

const line = (timestamp: number, input_length: number, output_length: number, hash_ids: number[]) => ({
  timestamp,
  input_length,
  output_length,
  hash_ids,
});

describe("a trace in Mooncake's format", () => {
  const trace = lines(
    line(500, 1000, 7, [0, 1]),
    line(500, 1100, 8, [0, 2, 3]),
    line(1500, 1600, 9, [0, 1, 4, 5]),
    line(2500, 1024, 1, [0, 6]),
  );

  test("gives lengths and times; what goes on from an earlier request is of its conversation", () => {
    const made = workload("mooncake", { data: trace });
    expect(made).toMatchObject({ size: 4, conversations: 3, sequential: false });
    expect(made.order).toEqual([
      [0, 0],
      [1, 0],
      [0, 1],
      [2, 0],
    ]);
    const requests = [...requestsOf(made)];
    expect(requests.map(({ prompt }) => tokenize(prompt).length)).toEqual([1000, 1100, 1600, 1024]);
    expect(requests.map(({ atMs, outputTokens }) => [atMs, outputTokens])).toEqual([
      [0, 7],
      [0, 8],
      [1000, 9],
      [2000, 1],
    ]);
    expect([...requestsOf(workload("mooncake", { data: trace, requests: 3, slowdown: 0.5 }))].at(-1)!.atMs).toBe(500);
  });

  test("two prompts share the blocks whose ids they share, and less than four tokens more", () => {
    const blockTokens = 8;
    const request = fc.tuple(fc.array(fc.nat({ max: 2 }), { maxLength: 6 }), fc.integer({ min: 1, max: blockTokens }));
    fc.assert(
      fc.property(fc.array(request, { minLength: 2, maxLength: 8 }), fc.nat({ max: 9 }), (drawn, seed) => {
        // An id stands for a block after certain others, as in a real trace; the last one of a prompt for a partial block.
        const ids = new Map<string, number>();
        const idOf = (path: string) => ids.get(path) ?? ids.set(path, ids.size).get(path)!;
        const records = drawn
          .map(([path, last]) => {
            const blocks = path.map((_, i) => idOf(path.slice(0, i + 1).join()));
            if (last < blockTokens) blocks.push(idOf(`${path.join()}|${last}`));
            const whole = path.length * blockTokens;
            return line(
              0,
              last < blockTokens ? whole + last : Math.max(1, whole),
              1,
              whole + last > blockTokens ? blocks : blocks.slice(0, 1),
            );
          })
          .filter(({ input_length, hash_ids }) => hash_ids.length === Math.ceil(input_length / blockTokens));
        fc.pre(records.length > 1);
        const made = [...requestsOf(workload("mooncake", { data: lines(...records), blockTokens, seed }))];
        const tokens = made.map(({ prompt }) => tokenize(prompt));
        for (const [i, a] of records.entries()) {
          expect(tokens[i]).toHaveLength(a.input_length);
          for (const [j, b] of records.entries()) {
            const blocks = leading(a.hash_ids, b.hash_ids);
            const most = Math.min(a.input_length, b.input_length);
            const wanted = Math.min(blocks * blockTokens, most);
            const common = leading(tokens[i]!, tokens[j]!);
            expect(common).toBeGreaterThanOrEqual(wanted);
            expect(common).toBeLessThanOrEqual(Math.min(wanted + 3, most));
          }
        }
      }),
    );
  });

  test("the rest of a prompt may have no id, and is shared with nothing", () => {
    const made = workload("mooncake", { data: lines(line(0, 600, 1, [1]), line(0, 600, 1, [1])) });
    const [first, second] = [...requestsOf(made)].map(({ prompt }) => tokenize(prompt));
    expect([first!.length, second!.length]).toEqual([600, 600]);
    const common = leading(first!, second!);
    expect(common).toBeGreaterThanOrEqual(512);
    expect(common).toBeLessThan(516);
  });

  test.each([
    [{ hash_ids: [1] }, "t.jsonl, line 2: input_length must be a whole number, 1 or more, not nothing"],
    [line(0, -4, 1, []), "t.jsonl, line 2: input_length must be a whole number, 1 or more, not -4"],
    [line(0, 5, 0, [1]), "t.jsonl, line 2: output_length must be a whole number, 1 or more, not 0"],
    [{ input_length: 5 }, "t.jsonl, line 2: hash_ids must be a list, not nothing"],
    [
      { ...line(0, 5, 1, []), hash_ids: ["a"] },
      't.jsonl, line 2: hash_ids[0] must be a whole number, 0 or more, not "a"',
    ],
    [
      line(0, 2000, 1, [1, 2]),
      "t.jsonl, line 2: expected 4 hash_ids for an input_length of 2000 in blocks of 512 tokens, not 2",
    ],
    [{ ...line(0, 5, 1, [1]), timestamp: "now" }, 't.jsonl, line 2: timestamp must be 0 ms or more, not "now"'],
    [[1], "t.jsonl, line 2: expected an object, not [1]"],
  ])("%j: refused", (record, message) => {
    const read = () => workload("mooncake", { data: lines(line(0, 5, 1, [1]), record), source: "t.jsonl" });
    expect(read).toThrow(DataError);
    expect(read).toThrow(message);
  });

  test("no request, no workload", () => {
    expect(() => workload("mooncake", { data: "\n" })).toThrow("mooncake_conversation_trace.jsonl: no request in it");
  });
});

describe("a trace in Azure's format", () => {
  const header = "TIMESTAMP,ContextTokens,GeneratedTokens";

  test("gives lengths and times of requests that share nothing", () => {
    const data = `${header}\r\n2023-11-16 18:15:46.6805900,37,44\r\n2023-11-16 18:16:00.9509690,40,109\r\n`;
    const made = workload("azure", { data, slowdown: 2 });
    expect(made).toMatchObject({ size: 2, conversations: 2, sequential: false });
    const requests = [...requestsOf(made)];
    expect(requests.map(({ prompt }) => tokenize(prompt).length)).toEqual([37, 40]);
    expect(requests.map(({ outputTokens }) => outputTokens)).toEqual([44, 109]);
    expect(requests[0]!.atMs).toBe(0);
    expect(requests[1]!.atMs).toBeCloseTo(2 * 14_270.379, 1);
  });

  test.each([
    ["", `a.csv, line 1: expected ${header}, not ""`],
    ["a,b\n1,2", `a.csv, line 1: expected ${header}, not "a,b"`],
    [`${header}\n`, "a.csv: no request in it"],
    [`${header}\n2023-11-16 18:15:46,3`, `a.csv, line 2: expected ${header}, not "2023-11-16 18:15:46,3"`],
    [
      `${header}\n2023-11-16 18:15:46,3,4\nsoon,3,4`,
      'a.csv, line 3: TIMESTAMP must be like 2023-11-16 18:15:46.680, not "soon"',
    ],
    [`${header}\n2023-11-16 18:15:46,0,4`, 'a.csv, line 2: ContextTokens must be a whole number, 1 or more, not "0"'],
    [`${header}\n2023-11-16 18:15:46,3,x`, 'a.csv, line 2: GeneratedTokens must be a whole number, 1 or more, not "x"'],
  ])("%j: refused", (data, message) => {
    expect(() => workload("azure", { data, source: "a.csv" })).toThrow(DataError);
    expect(() => workload("azure", { data, source: "a.csv" })).toThrow(message);
  });
});

/** Leading items that two lists share. */
function leading(a: readonly number[], b: readonly number[]): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}
