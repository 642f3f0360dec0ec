import { describe, expect, test } from "vitest";
import { readOptions } from "../../bench/operations/options.js";

describe("the benchmark's options", () => {
  test("without any: the package alone, on 2,000 chats", () => {
    expect(readOptions([])).toMatchObject({ workloads: ["chat"], sizes: [2000], peers: ["warmroute"], check: false });
  });

  test("lists lose repeats, and the package comes first", () => {
    expect(readOptions(["--peers", "smg,ray,smg", "--sizes", "100,200,100"])).toMatchObject({
      peers: ["warmroute", "smg", "ray"],
      sizes: [100, 200],
    });
  });

  test("a file of conversations takes the place of the chats, or is added to what is named", () => {
    const file = new URL(import.meta.url).pathname;
    expect(readOptions(["--dataset", file]).workloads).toEqual([file]);
    expect(readOptions(["--dataset", file, "--workload", "cjk"]).workloads).toEqual(["cjk", file]);
  });

  test("--json alone means stdout", () => {
    expect(readOptions(["--json"]).json).toBe("-");
    expect(readOptions(["--json", "--check"])).toMatchObject({ json: "-", check: true });
    expect(readOptions(["--json", "/tmp/a.json"]).json).toBe("/tmp/a.json");
  });

  test("--filter chooses operations, or parts of the check", () => {
    expect(readOptions(["--filter", "evict"]).operations).toEqual(["evict_tenant_by_lru, one run"]);
    expect(readOptions(["--check", "--filter", "snap"]).parts).toEqual(["snapshots"]);
  });

  test.each([
    [["--sizes", "0"], /--sizes must be a whole number, 1 or more, not "0"/],
    [["--sizes", "1,many"], /--sizes .* not "many"/],
    [["--peers", "all,foo"], /--peers must be "all" or of warmroute, .*, not "all"/],
    [["--workload", "foo"], /--workload must be "all" or of chat, .*, not "foo"/],
    [["--dataset", "/no/such"], /--dataset: there is no file \/no\/such/],
    [["--filter", "foo"], /--filter must be a part of one of insert, new text; .* not "foo"/],
    [["--check", "--passes", "8"], /--passes must be a whole number, 9 or more, not "8"/],
    [["--colour"], /Unknown option '--colour'/],
  ])("%j is refused", (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
