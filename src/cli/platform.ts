import { readFile, stat } from "node:fs/promises";
import type {
  AppEvent,
  AppPlatform,
  Discovery,
  DiscoveryConfig,
  OwnPolicy,
  ReplicaServer,
  ServerConfig,
  ServerEvents,
} from "../app/index.js";
import type { RequestRecord, Tracing, Upstream } from "../gateway/index.js";
import { discover } from "./discovery/index.js";
import { loadPolicy } from "./policy-module.js";
import { startCommand } from "./processes/command.js";
import { Watchdog } from "./processes/watchdog.js";
import { startSimulated } from "./replicas.js";
import { createUpstream, type NodeUpstream, type UpstreamOptions } from "./upstream.js";

/** What happens in an app, for who writes it down. */
export interface AppLog {
  request(record: RequestRecord): void;
  event(event: AppEvent): void;
  line(replica: string, stream: "stdout" | "stderr", line: string): void;
}

/** Node as an app sees it: simulated replicas on ports of their own, processes, files, modules, discoveries. */
export class NodePlatform implements AppPlatform {
  readonly #watchdog = new Watchdog();
  readonly #log: AppLog;
  readonly #maxBodyBytes: () => number | undefined;
  readonly tracing?: Tracing;

  #upstream: NodeUpstream;
  #upstreamKey: string;

  constructor(
    log: AppLog,
    upstream: UpstreamOptions,
    maxBodyBytes: () => number | undefined,
    tracing: Tracing | undefined,
  ) {
    this.#log = log;
    this.#upstream = createUpstream(upstream);
    this.#upstreamKey = JSON.stringify(upstream);
    if (tracing !== undefined) this.tracing = tracing;
    this.#maxBodyBytes = maxBodyBytes;
  }

  readonly discover: (config: DiscoveryConfig) => Discovery = discover;

  readonly upstream: Upstream = {
    decodes: false,
    send: (url, request) => this.#upstream.send(url, request),
  };

  /** Requests from now on are sent so; what is under way ends on the connections that it has. */
  connect(upstream: UpstreamOptions): void {
    const key = JSON.stringify(upstream);
    if (key === this.#upstreamKey) return;
    this.#upstreamKey = key;
    void this.#upstream.close();
    this.#upstream = createUpstream(upstream);
  }

  readonly onRequestEnd = (record: RequestRecord): void => this.#log.request(record);

  readonly onEvent = (event: AppEvent): void => this.#log.event(event);

  readonly readFile = (path: string): Promise<string> => readFile(path, "utf8");

  readonly loadPolicy = async (path: string): Promise<{ policy: OwnPolicy; version: string }> => {
    const version = await stat(path).then(
      ({ mtimeMs }) => String(mtimeMs),
      () => "",
    );
    return { policy: (await loadPolicy(path, version)) as OwnPolicy, version };
  };

  readonly start = async (server: ServerConfig, events: ServerEvents): Promise<ReplicaServer> => {
    if (server.command !== undefined) {
      return startCommand(server, events, { onLine: (...told) => this.#log.line(...told), watchdog: this.#watchdog });
    }
    const { url, stop } = await startSimulated(server, this.#maxBodyBytes());
    events.up(url);
    return { stop };
  };

  /** When nothing that it has started is left. */
  async close(): Promise<void> {
    this.#watchdog.close();
    await this.#upstream.close();
  }
}
