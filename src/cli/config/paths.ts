import { resolve } from "node:path";
import {
  type AppConfig,
  type DiscoveryConfig,
  isModulePath,
  type ModelConfig,
  type ReplicaConfig,
} from "../../app/index.js";
import type { DocumentPath } from "./document.js";

/** A file that a configuration names, and where it does. */
export interface FileReference {
  readonly path: DocumentPath;
  readonly file: string;
}

/** A configuration whose paths count from a folder, with absolute ones; and the files that have to be there. */
export function withAbsolutePaths(
  config: AppConfig,
  folder: string,
): { config: AppConfig; references: readonly FileReference[] } {
  const references: FileReference[] = [];

  /** @param needed whether it has to be there. */
  function absolute<Part extends object>(
    part: Part,
    path: DocumentPath,
    names: readonly string[],
    needed = true,
  ): Part {
    const changed = Object.entries(part).flatMap(([name, value]) => {
      if (!names.includes(name) || typeof value !== "string") return [];
      const file = resolve(folder, value);
      if (needed) references.push({ path: [...path, name], file });
      return [[name, file]];
    });
    return { ...part, ...Object.fromEntries(changed) };
  }

  function replica(given: ReplicaConfig, path: DocumentPath): ReplicaConfig {
    const changed = absolute(given, path, ["apiKeyFile"]);
    return given.command === undefined ? changed : { ...changed, cwd: resolve(folder, given.cwd ?? "") };
  }

  function discovery(given: DiscoveryConfig, path: DocumentPath): DiscoveryConfig {
    const { file, kubernetes } = given;
    return {
      ...given,
      // It may come later, and is watched by itself.
      ...(file !== undefined && { file: absolute(file, [...path, "file"], ["path"], false) }),
      ...(kubernetes !== undefined && {
        kubernetes: absolute(kubernetes, [...path, "kubernetes"], ["tokenFile", "caFile"]),
      }),
    };
  }

  function model(given: ModelConfig, path: DocumentPath): ModelConfig {
    const isModule = typeof given.policy === "string" && isModulePath(given.policy);
    return {
      ...absolute(given, path, ["apiKeyFile", ...(isModule ? ["policy"] : [])]),
      ...(given.replicas !== undefined && {
        replicas: given.replicas.map((each, i) => replica(each, [...path, "replicas", i])),
      }),
      ...(given.discovery !== undefined && {
        discovery: discovery(given.discovery as DiscoveryConfig, [...path, "discovery"]),
      }),
    };
  }

  const { admin, keys, log, tls, upstream, models } = config;
  const changed = {
    ...config,
    ...(tls !== undefined && { tls: absolute(tls, ["tls"], ["cert", "key"]) }),
    ...(upstream !== undefined && { upstream: absolute(upstream, ["upstream"], ["ca", "cert", "key"]) }),
    // It is made when it is not there, and changes with every request.
    ...(log !== undefined && { log: absolute(log, ["log"], ["file"], false) }),
    ...(admin !== undefined && { admin: absolute(admin, ["admin"], ["tokenFile"]) }),
    ...(keys !== undefined && { keys: keys.map((each, i) => absolute(each, ["keys", i], ["keyFile"])) }),
    models: models.map((each, i) => model(each, ["models", i])),
  };
  return { config: changed, references };
}
