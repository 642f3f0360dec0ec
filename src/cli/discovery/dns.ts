import { Resolver } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { DiscoveredReplica, Discovery, DnsConfig } from "../../app/index.js";

/** For one question to one server. */
const QUESTION_MS = 2_000;
/** A name server that has just started may know nothing yet. */
const EMPTY_ANSWERS = 3;

interface Answer {
  readonly replicas: readonly DiscoveredReplica[];
  /** Seconds that it holds; null where the records do not tell. */
  readonly ttlS: number | null;
}

/**
 * Asks for a name's addresses, again and again: after the records' TTL, within the bounds of the configuration. Servers that cannot be
 * reached change nothing. That there is no such name, or no such record, has to be answered three times in a row before the replicas
 * are taken to be gone.
 */
export function dnsDiscovery(config: DnsConfig): Discovery {
  const { name, intervalMs = 30_000, minIntervalMs = 1_000, servers } = config;
  const resolver = new Resolver({ timeout: QUESTION_MS, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);

  return {
    watch(onReplicas, signal, onProblem) {
      let known = "";
      let empty = 0;
      const tell = (replicas: readonly DiscoveredReplica[]) => {
        const text = JSON.stringify(replicas);
        if (text !== known) onReplicas(replicas);
        known = text;
      };
      const wait = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});

      async function run(): Promise<void> {
        let retryMs = minIntervalMs;
        while (!signal.aborted) {
          try {
            const { replicas, ttlS } = await ask(resolver, config);
            if (signal.aborted) return;
            tell(replicas);
            empty = 0;
            retryMs = minIntervalMs;
            await wait(Math.min(Math.max((ttlS ?? Number.POSITIVE_INFINITY) * 1000, minIntervalMs), intervalMs));
          } catch (error) {
            if (signal.aborted) return;
            const { code, message } = error as NodeJS.ErrnoException;
            empty = code === "ENOTFOUND" || code === "ENODATA" ? empty + 1 : 0;
            if (empty <= 1) onProblem(`${name} is not found: ${message}`);
            if (empty >= EMPTY_ANSWERS) tell([]);
            await wait(retryMs);
            retryMs = empty > 0 && empty < EMPTY_ANSWERS ? minIntervalMs : Math.min(2 * retryMs, intervalMs);
          }
        }
      }
      signal.addEventListener("abort", () => resolver.cancel(), { once: true });
      void run();
    },
  };
}

async function ask(resolver: Resolver, config: DnsConfig): Promise<Answer> {
  const { name, records = "A", port } = config;
  if (records === "SRV") {
    const found = await resolver.resolveSrv(name);
    // Those of a higher number are for when all of the lowest are gone.
    const first = Math.min(...found.map(({ priority }) => priority));
    const used = found.filter(({ priority }) => priority === first);
    return { replicas: sorted(used.map((each) => replica(config, each.name, port ?? each.port))), ttlS: null };
  }
  const found = await (records === "A"
    ? resolver.resolve4(name, { ttl: true })
    : resolver.resolve6(name, { ttl: true }));
  return {
    replicas: sorted(found.map(({ address }) => replica(config, address, port!))),
    ttlS: Math.min(...found.map(({ ttl }) => ttl)),
  };
}

function replica({ scheme = "http" }: DnsConfig, host: string, port: number): DiscoveredReplica {
  const id = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { id, url: `${scheme}://${id}` };
}

/** Servers answer in turning order. */
function sorted(replicas: readonly DiscoveredReplica[]): DiscoveredReplica[] {
  const byId = new Map(replicas.map((each) => [each.id, each]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
