import type { RequestRecord, Tracing, Upstream } from "../gateway/index.js";
import type { RouterOptions } from "../routing/index.js";
import type { CommandConfig, DiscoveryConfig, SimulatedConfig } from "./config.js";
import type { Discovery } from "./discovery.js";

/** What an app takes from where it runs. Without it there are no files, processes and discoveries, and replicas are reached by `fetch`. */
export interface AppPlatform {
  /** Sends requests to replicas. Default: the global `fetch`. */
  upstreamFetch?: typeof fetch;
  /** In place of `upstreamFetch`: a transport that does without the web's objects. Simulated replicas then need a `start`. */
  upstream?: Upstream;
  /** Called once for each request, when it has ended. */
  onRequestEnd?: (record: RequestRecord) => void;
  /** Hears of requests as they happen: what `openTelemetry(api)` returns. It is in use whatever `tracing` says. */
  tracing?: Tracing;
  /** Called with what happens to replicas and the configuration meanwhile. */
  onEvent?: (event: AppEvent) => void;
  /** The text of a file of the configuration, as `apiKeyFile`. */
  readFile?: (path: string) => Promise<string>;
  /** A policy out of a module. */
  loadPolicy?: (path: string) => Promise<LoadedPolicy>;
  /** Starts a server; without it simulated replicas run inside of the app, and a command is refused. */
  start?: StartServer;
  /** A source of replicas by its configuration. */
  discover?: (config: DiscoveryConfig) => Discovery;
}

/** What a module's default export is. */
export type OwnPolicy = Exclude<RouterOptions["policy"], string>;

/** A module's default export. */
export interface LoadedPolicy {
  readonly policy: OwnPolicy;
  /** Changes with the module: then the policy is made anew. */
  readonly version: string;
}

/** Starts a server. It resolves when all has been done for it to begin; a server may be up later, or go down and come up again. */
export type StartServer = (server: ServerConfig, events: ServerEvents) => Promise<ReplicaServer>;

/** A server to be started: one of `simulated` and `command`. */
export interface ServerConfig extends CommandConfig {
  readonly id: string;
  readonly simulated?: SimulatedConfig;
  /** The model that a simulated one says it serves. */
  readonly model?: string;
}

/** What a server that was started tells. */
export interface ServerEvents {
  /** It takes requests at this address. */
  up(url: string): void;
  /** It takes none from now on. */
  down(reason: string): void;
}

/** A server that was started. */
export interface ReplicaServer {
  /** Resolves when nothing is left of it. */
  stop(): Promise<void>;
}

/** What happens to an app. */
export type AppEvent =
  | {
      readonly event: "replica_up" | "replica_added";
      readonly model: string;
      readonly replica: string;
      readonly url: string;
    }
  | { readonly event: "replica_down"; readonly model: string; readonly replica: string; readonly reason: string }
  | { readonly event: "replica_removed"; readonly model: string; readonly replica: string }
  | { readonly event: "problem"; readonly model: string; readonly message: string };
