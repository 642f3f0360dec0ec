import { hexOf, sha256 } from "../protocol/index.js";
import type { AppConfig, ModelConfig, ReplicaConfig } from "./config.js";
import type { AppPlatform } from "./platform.js";

/** A configuration with the contents of its files of secrets in their place, and keys and token as hashes. */
export async function withSecrets(config: AppConfig, { readFile }: AppPlatform): Promise<AppConfig> {
  const read = async (path: string): Promise<string> => {
    if (readFile === undefined) throw new TypeError(`${path} cannot be read: there is no platform.readFile`);
    const text = (await readFile(path)).trim();
    if (text === "") throw new TypeError(`${path} is empty; it must have a key or a token`);
    return text;
  };
  const upstream = async <Part extends ModelConfig | ReplicaConfig>(part: Part): Promise<Part> => {
    const { apiKeyFile, ...rest } = part;
    return apiKeyFile === undefined ? part : ({ ...rest, apiKey: await read(apiKeyFile) } as Part);
  };
  const { admin, keys, models } = config;
  return {
    ...config,
    ...(admin !== undefined && {
      admin: { tokenSha256: await hashOf(admin.tokenSha256, admin.token, admin.tokenFile) },
    }),
    ...(keys !== undefined && {
      keys: await Promise.all(
        keys.map(async ({ key, keyFile, sha256, ...rest }) => ({
          ...rest,
          sha256: await hashOf(sha256, key, keyFile),
        })),
      ),
    }),
    models: await Promise.all(
      models.map(async (model) => ({
        ...(await upstream(model)),
        ...(model.replicas !== undefined && { replicas: await Promise.all(model.replicas.map(upstream)) }),
      })),
    ),
  };

  async function hashOf(
    hash: string | undefined,
    plain: string | undefined,
    file: string | undefined,
  ): Promise<string> {
    return hash?.toLowerCase() ?? hexOf(await sha256(plain ?? (await read(file!))));
  }
}
