import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import type { RequestRecord } from "../../../src/gateway/index.js";
import { type Run, start } from "../../cli/support.js";
import { deadAddress } from "../../gateway/support.js";

export const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
/** Its replica cannot be reached. */
export const GONE = "gone";
/** May do all. */
export const KEY = "sk-of-the-team";
/** May ask once a minute. */
export const SLOW_KEY = "sk-of-one-request";

/** An answer that goes on for half a minute, by vLLM's own field: it has not ended when its client leaves. */
export const LONG = { max_tokens: 30_000, ignore_eos: true };

export interface ServedGateway {
  readonly url: string;
  /** Of the simulated replicas. */
  readonly replicas: readonly string[];
  /** The log's line of the request that has this id, once it has ended. */
  record(requestId: string): Promise<RequestRecord>;
  /** The next answers of all replicas break off after so many tokens. */
  cut(afterTokens: number): Promise<void>;
}

/**
 * The built `warmroute serve` with two simulated replicas, for all tests of a file; it must end by itself with 0. More models can be given
 * with the address of their replica.
 */
export function servedGateway(more: () => Readonly<Record<string, string>> = () => ({})): ServedGateway {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-sdk-"));
  let run: Run;
  let url: string;
  let replicas: string[];

  beforeAll(async () => {
    const config = {
      listen: { port: 0 },
      models: [
        { name: MODEL, replicas: [{ count: 2, simulated: { speed: 20 } }] },
        { name: GONE, replicas: [{ url: deadAddress() }] },
        ...Object.entries(more()).map(([name, replica]) => ({ name, replicas: [{ url: replica }] })),
      ],
      keys: [
        { name: "team", key: KEY, trusted: true },
        { name: "slow", key: SLOW_KEY, requestsPerMinute: 1 },
      ],
      replicaHeader: true,
      health: false,
      load: false,
      breaker: false,
      log: { format: "json" },
    };
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(config));
    run = start(["serve", file]);
    const told = JSON.parse(await run.line(/"event":"listening"/));
    url = told.url;
    replicas = told.models[0].replicas.map((replica: { url: string }) => replica.url);
  });

  afterAll(async () => {
    run.child.kill("SIGTERM");
    expect(await run.exit).toBe(0);
    rmSync(folder, { recursive: true });
  });

  return {
    get url() {
      return url;
    },
    get replicas() {
      return replicas;
    },
    record: async (requestId) => JSON.parse(await run.line(new RegExp(`"requestId":"${requestId}"`))),
    async cut(afterTokens) {
      for (const replica of replicas) {
        const body = JSON.stringify({ kind: "cut", afterTokens, requests: 1 });
        const { ok } = await fetch(`${replica}/admin/faults`, { method: "POST", body });
        expect(ok).toBe(true);
      }
    },
  };
}
