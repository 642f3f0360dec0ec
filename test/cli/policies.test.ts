import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { allPolicyOptions, POLICIES } from "../../src/index.js";
import { warmroute } from "./support.js";

const EXAMPLE = fileURLToPath(new URL("../../examples/custom-policy.mjs", import.meta.url));

async function decision(...args: string[]): Promise<{ policy: string; reason: string; replica: string }> {
  const run = warmroute("serve", "--embedded", "2", "--port", "0", "--sim-speed", "1000", "--json-log", ...args);
  const { policy, url } = JSON.parse(await run.line(/"event":"listening"/));
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "Qwen/Qwen2.5-1.5B-Instruct", prompt: "Why?", max_tokens: 1 }),
  });
  await response.text();
  const { reason, replica } = JSON.parse(await run.line(/"event":"request"/));
  run.child.kill("SIGINT");
  expect(await run.exit).toBe(0);
  return { policy, reason, replica };
}

test("serve --policy with the path of a module: the example of the docs", async () => {
  expect(await decision("--policy", EXAMPLE)).toMatchObject({ policy: "warm_unless_busy", reason: "custom" });
});

test("a module may export the policy itself", async () => {
  const folder = await mkdtemp(join(tmpdir(), "warmroute-policy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "last.mjs");
  writeFileSync(
    file,
    `export default {
      name: "last",
      tree: null,
      choose: ({ candidates }) => ({ replica: candidates.at(-1), reason: "custom", matchedChars: 0 }),
    };`,
  );
  expect(await decision("--policy", file)).toEqual({ policy: "last", reason: "custom", replica: "replica-2" });
});

test.each<[string, string, RegExp]>([
  ["no default export", "export const policy = 1;", /must have a default export/],
  ["no policy", "export default { choose: 1 };", /policy must be one of round_robin/],
  ["an error of its own", "throw new Error('too early');", /cannot be loaded: too early/],
])("a module with %s is told in one line, with exit code 2", async (_name, code, message) => {
  const folder = await mkdtemp(join(tmpdir(), "warmroute-policy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "policy.mjs");
  writeFileSync(file, code);
  const run = warmroute("serve", "--embedded", "1", "--port", "0", "--policy", file);
  expect(await run.exit).toBe(2);
  expect(run.errors()).toMatch(/^warmroute: [^\n]+\n$/);
  expect(run.errors()).toMatch(message);
});

test("every policy has its flags: of kv_cost and session", async () => {
  const cost = ["--policy", "kv_cost", "--temperature", "0.5", "--ttl-secs", "60", "--overlap-credit", "0.9"];
  expect(await decision(...cost)).toMatchObject({ policy: "kv_cost", reason: "sampled" });
  const session = ["--policy", "session", "--max-sessions", "5", "--session-idle-secs", "Infinity"];
  const run = warmroute("serve", "--embedded", "1", ...session);
  expect(await run.exit).toBe(2);
  expect(run.errors()).toMatch(/sessionIdleSecs must be above 0, not Infinity/);
});

test("--help lists every policy's every option, with its default", async () => {
  const help = warmroute("serve", "--help");
  expect(await help.exit).toBe(0);
  const text = help.lines.join(" ").replace(/\s+/g, " ");
  for (const [name, { option, policies }] of allPolicyOptions()) {
    expect(text).toContain(`--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    expect(text).toContain(option.about);
    expect(text).toContain(`Options of ${policies.join(", ")}:`);
  }
  for (const [name, { about }] of Object.entries(POLICIES)) expect(text).toContain(`${name} ${about}`);
  expect(text).toContain("no limit for prefix_aware, 67108864 for cache_aware and kv_cost");
});
