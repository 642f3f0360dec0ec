import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../cli/support.js";
import { converse, servesConversations } from "../conversations.js";
import { missing } from "../needs.js";
import { npmStart, place, script, simulated } from "../support.js";

const absent = missing("cloudflare-worker");

describe.skipIf(absent !== null)(`examples/cloudflare-worker${absent === null ? "" : ` (${absent})`}`, () => {
  const replicas = simulated(4);
  const storage = mkdtempSync(join(tmpdir(), "warmroute-worker-"));
  afterAll(() => rmSync(storage, { recursive: true }));

  const folder = place("cloudflare-worker");
  const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: storage, CI: "true" };

  let types: Run;
  // Before `wrangler dev`, which would start anew over the file that this writes.
  beforeAll(async () => {
    types = script(folder, "check", quiet);
    await types.exit;
  });

  test("its types are right", async () => {
    expect(await types.exit, types.lines.join("\n")).toBe(0);
  });

  /** `wrangler dev`, that is workerd, with a storage that outlives it. */
  async function start(): Promise<{ run: Run; baseURL: string }> {
    const options = ["--port", "0", "--persist-to", storage, "--show-interactive-dev-session=false"];
    const vars = ["--var", `"REPLICAS:${replicas.list()}"`, "SNAPSHOT_SECS:0.2"];
    const run = npmStart(folder, quiet, ...options, ...vars);
    const line = await run.line(/Ready on http:/);
    return { run, baseURL: `${/http:\S+/.exec(line)![0]}/v1` };
  }

  async function stop({ child, exit }: Run): Promise<void> {
    child.kill("SIGTERM");
    await exit;
  }

  let worker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    worker = await start();
  });

  servesConversations({ baseURL: () => worker.baseURL, replicaUrls: () => replicas.urls });

  test("after a restart each conversation still finds its replica: the tree was in the Durable Object's storage", async () => {
    const seeds = Array.from({ length: 8 }, (_, i) => 100 + i);
    const ask = async (order: readonly number[]) => {
      const client = new OpenAI({ baseURL: worker.baseURL, apiKey: "none", maxRetries: 0 });
      const replicas = new Map<number, string>();
      for (const seed of order) replicas.set(seed, (await converse(client, seed))[0]!.replica);
      return replicas;
    };
    const before = await ask(seeds);
    // One more request after the last snapshot, so that a further one follows.
    const lines = worker.run.lines.length;
    await fetch(`${worker.baseURL}/completions`, { method: "POST", body: '{"prompt":"One more.","max_tokens":1}' });
    await expect
      .poll(() => worker.run.lines.slice(lines).join(), { timeout: 60_000 })
      .toMatch(/saved a snapshot of \d+/);
    await stop(worker.run);
    worker = await start();
    // The other way round: in the same order a router that knows nothing would decide just as it did the first time.
    const after = await ask(seeds.reverse());
    expect(after).toEqual(before);
    expect(new Set(after.values()).size).toBeGreaterThan(1);
  }, 180_000);
});
