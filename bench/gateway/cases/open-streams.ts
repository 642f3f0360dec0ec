import { begin } from "../load/run.js";
import { usageOf } from "../proxies/process-usage.js";
import { type ProxyKind, startProxy } from "../proxies/proxy.js";
import type { Table } from "./measured.js";

const STREAMS = 2000;
/** So many that none ends while all are counted. */
const CHUNKS = 100_000;
const PACE_MS = 1000;
/** By then each has had its first chunk, or never will. */
const LIMIT_S = 60;

/** (d): memory of a proxy with 2,000 streams open at once. */
export async function openStreams(kinds: readonly ProxyKind[], urls: readonly string[]): Promise<Table> {
  const rows = [];
  for (const kind of kinds) {
    const proxy = await startProxy(kind, urls);
    try {
      const idle = usageOf(proxy.pid).residentBytes;
      const { result, end } = await begin({
        kind: "hold",
        url: proxy.url,
        streams: STREAMS,
        seconds: LIMIT_S,
        stream: { chunks: CHUNKS, paceMs: PACE_MS },
      });
      rows.push({
        proxy: kind.name,
        figures: { MB: usageOf(proxy.pid).residentBytes / 1e6, "MB idle": idle / 1e6, failed: result.failed },
      });
      end();
    } finally {
      await proxy.stop();
    }
  }
  return { what: `${STREAMS} streams open at once: resident memory`, columns: ["MB", "MB idle", "failed"], rows };
}
