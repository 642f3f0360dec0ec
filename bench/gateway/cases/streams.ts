import { load } from "../load/run.js";
import type { LoadResult } from "../load/spec.js";
import { usageOf } from "../proxies/process-usage.js";
import { type ProxyKind, startProxy } from "../proxies/proxy.js";
import { median, type Table } from "./measured.js";

interface StreamsCase {
  readonly what: string;
  readonly rate: number;
  readonly chunks: number;
  readonly paceMs: number;
  /** Percentiles of what is compared, added by the proxy to what a replica alone takes. */
  readonly compared: "totalMs" | "betweenMs";
}

/** (b): a hundred chunks come in one write. */
export const BURST: StreamsCase = {
  what: "300 streams/s of 100 chunks in one write: added latency",
  rate: 300,
  chunks: 100,
  paceMs: 0,
  compared: "totalMs",
};

/** (c): chunks come one by one. */
export const PACED: StreamsCase = {
  what: "100 streams/s of 50 chunks, 20 ms apart: added time between chunks",
  rate: 100,
  chunks: 50,
  paceMs: 20,
  compared: "betweenMs",
};

/** Open loops, directly at a replica and through each proxy, round by round. */
export async function streams(
  kinds: readonly ProxyKind[],
  urls: readonly string[],
  of: StreamsCase,
  seconds: number,
  rounds: number,
): Promise<Table> {
  const { rate, chunks, paceMs, compared } = of;
  const measure = (url: string) => load({ kind: "open", url, rate, seconds, stream: { chunks, paceMs } });
  const direct: LoadResult[] = [];
  const through: LoadResult[][] = kinds.map(() => []);
  const cpu: number[][] = kinds.map(() => []);
  for (let round = 0; round < rounds; round++) {
    direct.push(await measure(urls[0]!));
    for (const [i, kind] of kinds.entries()) {
      const proxy = await startProxy(kind, urls);
      try {
        await load({ kind: "closed", url: proxy.url, concurrency: 16, seconds: 2, stream: { chunks, paceMs: 0 } });
        const before = usageOf(proxy.pid).cpuSeconds;
        const result = await measure(proxy.url);
        cpu[i]!.push(((usageOf(proxy.pid).cpuSeconds - before) / result.completed) * 1000);
        through[i]!.push(result);
      } finally {
        await proxy.stop();
      }
    }
  }
  const at = (results: readonly LoadResult[], share: "p50" | "p90" | "p99") =>
    median(results.map((result) => result[compared]![share]));
  return {
    what: of.what,
    columns: ["p50 ms", "p90 ms", "p99 ms", "CPU ms a request", "failed"],
    rows: [
      {
        proxy: "(the replica alone)",
        figures: { "p50 ms": at(direct, "p50"), "p90 ms": at(direct, "p90"), "p99 ms": at(direct, "p99"), failed: 0 },
      },
      ...kinds.map(({ name }, i) => ({
        proxy: name,
        figures: {
          "p50 ms": at(through[i]!, "p50") - at(direct, "p50"),
          "p90 ms": at(through[i]!, "p90") - at(direct, "p90"),
          "p99 ms": at(through[i]!, "p99") - at(direct, "p99"),
          "CPU ms a request": median(cpu[i]!),
          failed: through[i]!.reduce((sum, { failed }) => sum + failed, 0),
        },
      })),
    ],
  };
}
