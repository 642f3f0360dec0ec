import type { Locality, OptionsOf, PolicyName, PolicyOptions, RouterOptions } from "../routing/index.js";
import type { Profile, ProfileName } from "../simulator/index.js";
import type { Discovery } from "./discovery.js";
import type * as tables from "./tables.js";

/** A gateway with its models and replicas, as `buildOpenAiApp` takes it and as a configuration file has it. */
export interface AppConfig
  extends OptionsOf<typeof tables.LIMITS>,
    OptionsOf<typeof tables.STOP>,
    OptionsOf<typeof tables.TRACING> {
  /** The models that are served; at least one. */
  models: ModelConfig[];
  /** Where the command listens. Code that embeds the app listens itself. */
  listen?: ListenConfig;
  /** Makes the command listen by TLS: files in PEM. */
  tls?: TlsConfig;
  /** Opens `/admin` to who has the token. Default: there is no `/admin`. */
  admin?: AdminConfig;
  /** Who may ask. Default: everybody. */
  keys?: KeyConfig[];
  /** Proxies in front, as addresses or networks (CIDR), whose `X-Forwarded-For` is believed. Default: none. */
  trustedProxies?: string[];
  timeouts?: OptionsOf<typeof tables.TIMEOUTS>;
  /** Connections that the command makes. Code that embeds the app gives an `upstreamFetch` of its own. */
  upstream?: ConnectionConfig;
  retries?: RetriesConfig;
  breaker?: false | OptionsOf<typeof tables.BREAKER>;
  health?: false | HealthConfig;
  load?: false | LoadConfig;
  coldCache?: false | OptionsOf<typeof tables.COLD_CACHE>;
  /** What the command prints. */
  log?: LogConfig;
}

/** What the command prints, and where. */
export interface LogConfig extends OptionsOf<typeof tables.LOG> {
  /** Where the lines of requests are appended. It is opened anew on SIGHUP. Default: the standard output. */
  file?: string;
}

/** Where the command listens. */
export interface ListenConfig extends OptionsOf<typeof tables.LISTEN> {
  /** Address. Default: `127.0.0.1`. */
  host?: string;
}

/** Files in PEM. They are read anew when they change. */
export interface TlsConfig {
  cert: string;
  key: string;
}

/** Connections to the replicas; files in PEM. */
export interface ConnectionConfig extends OptionsOf<typeof tables.UPSTREAM> {
  /** Authorities that are trusted. Default: the system's. */
  ca?: string;
  /** The gateway's own, by which it proves who it is (mTLS). */
  cert?: string;
  key?: string;
  /** Name that the replicas' certificates must have. Default: that of their address. */
  servername?: string;
}

/** One of these. */
export interface AdminConfig {
  token?: string;
  tokenFile?: string;
  /** Hex of the token's SHA-256. */
  tokenSha256?: string;
}

/** A client's key, given as one of `key`, `keyFile` and `sha256`, and what it may do. */
export interface KeyConfig extends OptionsOf<typeof tables.KEY> {
  name: string;
  key?: string;
  keyFile?: string;
  /** Hex of the key's SHA-256. */
  sha256?: string;
}

/** When a request is sent to another replica. */
export interface RetriesConfig extends OptionsOf<typeof tables.RETRIES> {
  /** Of answers after which another replica is tried. Default: 408, 429, 500, 502, 503, 504. */
  statuses?: number[];
}

/** How replicas are asked whether they live. */
export interface HealthConfig extends OptionsOf<typeof tables.HEALTH> {
  /** Default: `/health`. */
  path?: string;
}

/** How replicas are asked for their load. */
export interface LoadConfig extends OptionsOf<typeof tables.LOAD> {
  /** Default: `/metrics`. */
  path?: string;
}

/** A key for the replicas themselves, sent as `Authorization: Bearer`, and headers that they get. */
export interface UpstreamConfig {
  headers?: Record<string, string>;
  apiKey?: string;
  apiKeyFile?: string;
}

/** A model: who serves it, and how a replica is chosen. */
export interface ModelConfig extends OptionsOf<typeof tables.ROUTER>, OptionsOf<typeof tables.PLACES>, UpstreamConfig {
  /** As requests have it. It may be left out where there is one model only, which then gets all requests. */
  name?: string;
  /** Other names that requests may have for it; each is made `servedName` in what replicas are sent. */
  aliases?: string[];
  /** The name that its replicas know it by. Default: its `name`. */
  servedName?: string;
  /** By name, as the path of a module that exports one, or from code the policy itself. Default: `prefix_aware`. */
  policy?: PolicyName | (string & {}) | Exclude<RouterOptions["policy"], string>;
  /** The options of that policy; a module's function gets them as its second parameter. */
  policyOptions?: PolicyOptions | Record<string, unknown>;
  backoff?: NonNullable<RouterOptions["backoff"]>;
  locality?: Locality;
  /** Default: none, for where discovery tells them. */
  replicas?: ReplicaConfig[];
  /** More replicas that come and go. */
  discovery?: DiscoveryConfig | Discovery;
}

/** A replica: one of `url`, `simulated` and `command`. */
export interface ReplicaConfig extends OptionsOf<typeof tables.PLACES>, UpstreamConfig, CommandConfig {
  /** Default: host and port of its `url`; else `replica-1` and so on, by its place. */
  id?: string;
  /** A server that runs already. */
  url?: string;
  /** One that behaves like vLLM, without a model. */
  simulated?: SimulatedConfig;
  /** How many of these, with `-1`, `-2` and so on behind their id; not for a `url`. Default: 1. */
  count?: number;
  labels?: Record<string, string>;
  /** The models (adapters) that it serves, where not all replicas serve the same. */
  models?: string[];
  node?: string;
  zone?: string;
}

/** What a simulated replica is like. */
export interface SimulatedConfig extends OptionsOf<typeof tables.SIMULATED> {
  /** Default: `l4-qwen2.5-1.5b`. */
  profile?: ProfileName | Profile;
}

/** A server that is started, waited for, started anew when it dies, and stopped. */
export interface CommandConfig extends OptionsOf<typeof tables.SPAWN> {
  /** The program and its arguments; no shell. `{port}` and `{id}` are put in. */
  command?: string[];
  /** More environment. */
  env?: Record<string, string>;
  /** Folder that it runs in. */
  cwd?: string;
  ready?: ReadyConfig;
}

/** When a started server is ready: when this path answers with a status below 400. */
export interface ReadyConfig extends OptionsOf<typeof tables.READY> {
  /** Default: `/health`. */
  path?: string;
}

/** Where replicas are found: one of these. */
export interface DiscoveryConfig {
  dns?: DnsConfig;
  file?: FileDiscoveryConfig;
  kubernetes?: KubernetesConfig;
}

/** The addresses of a name. */
export interface DnsConfig extends OptionsOf<typeof tables.DNS> {
  name: string;
  /** Of the replicas; SRV records tell it. */
  port?: number;
  scheme?: "http" | "https";
  /** Name servers, as `10.0.0.2` or `127.0.0.1:5353`. Default: the system's. */
  servers?: string[];
}

/** A file with a list of replicas in YAML or JSON: urls, or mappings as under `replicas`. */
export interface FileDiscoveryConfig {
  path: string;
}

/** The ready endpoints of a Kubernetes service. */
export interface KubernetesConfig {
  service: string;
  /** Default: the pod's own. */
  namespace?: string;
  /** Name or number of a port of the service's endpoints. It may be left out where they have one only. */
  port?: string | number;
  scheme?: "http" | "https";
  /** Of the API. Default: as the environment of a pod tells it. */
  server?: string;
  /** Files of the API's token and CA. Default: those of the pod's service account. */
  tokenFile?: string;
  caFile?: string;
}
