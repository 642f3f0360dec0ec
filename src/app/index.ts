/**
 * A gateway with its models and replicas, built from one configuration: what `warmroute serve` runs, from code.
 * @module
 */
export { type App, type AppUpdate, buildOpenAiApp } from "./app.js";
export {
  ConfigError,
  type ConfigProblem,
  checkConfig,
  configProblems,
  replicaProblems,
} from "./check.js";
export type {
  AdminConfig,
  AppConfig,
  CommandConfig,
  ConnectionConfig,
  DiscoveryConfig,
  DnsConfig,
  FileDiscoveryConfig,
  HealthConfig,
  KeyConfig,
  KubernetesConfig,
  ListenConfig,
  LoadConfig,
  LogConfig,
  ModelConfig,
  ReadyConfig,
  ReplicaConfig,
  RetriesConfig,
  SimulatedConfig,
  TlsConfig,
  UpstreamConfig,
} from "./config.js";
export type { DiscoveredReplica, Discovery } from "./discovery.js";
export type { KeptTexts } from "./kept-texts.js";
export { isModulePath } from "./model-shape.js";
export type {
  AppEvent,
  AppPlatform,
  LoadedPolicy,
  OwnPolicy,
  ReplicaServer,
  ServerConfig,
  ServerEvents,
  StartServer,
} from "./platform.js";
export { configSchema } from "./schema.js";
export type { ModelChange } from "./served-model.js";
export { simulatedOptions } from "./simulated.js";
