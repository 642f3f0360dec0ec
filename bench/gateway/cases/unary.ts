import { load } from "../load/run.js";
import { usageOf } from "../proxies/process-usage.js";
import { type ProxyKind, startProxy } from "../proxies/proxy.js";
import { median, type Table } from "./measured.js";

const CONCURRENCY = 16;

/**
 * Whole answers that a replica gives at once: requests a second in a closed loop, and CPU seconds of the proxy for a thousand of them.
 * All proxies take turns, round by round; the medians count.
 */
export async function unary(
  kinds: readonly ProxyKind[],
  urls: readonly string[],
  seconds: number,
  rounds: number,
): Promise<Table> {
  const measured = kinds.map(() => ({ rates: [] as number[], cpu: [] as number[], failed: 0 }));
  for (let round = -1; round < rounds; round++) {
    for (const [i, kind] of kinds.entries()) {
      const proxy = await startProxy(kind, urls);
      try {
        // A warm-up, so that what is compiled at run time is.
        await load({ kind: "closed", url: proxy.url, concurrency: CONCURRENCY, seconds: Math.min(2, seconds) });
        if (round < 0) continue;
        const before = usageOf(proxy.pid).cpuSeconds;
        const {
          completed,
          failed,
          seconds: took,
        } = await load({ kind: "closed", url: proxy.url, concurrency: CONCURRENCY, seconds });
        measured[i]!.rates.push(completed / took);
        measured[i]!.cpu.push(((usageOf(proxy.pid).cpuSeconds - before) / completed) * 1000);
        measured[i]!.failed += failed;
      } finally {
        await proxy.stop();
      }
    }
  }
  return {
    what: `unary: chats of 7,000 characters, ${CONCURRENCY} at a time`,
    columns: ["requests/s", "CPU ms a request", "failed"],
    rows: kinds.map(({ name }, i) => {
      const { rates, cpu, failed } = measured[i]!;
      return { proxy: name, figures: { "requests/s": median(rates), "CPU ms a request": median(cpu), failed } };
    }),
  };
}
