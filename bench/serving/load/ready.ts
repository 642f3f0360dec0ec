import { UsageError } from "../../../src/cli/usage-error.js";
import type { RunOptions } from "./options.js";
import { connectionFault } from "./reading.js";

/** A server that answers, and how it is asked. */
export interface Server {
  readonly baseUrls: readonly string[];
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Asks a server which models it has, and takes the one that was named, else its first.
 * @throws UsageError that says what is wrong when it does not answer, or has no such model.
 */
export async function readyServer(options: RunOptions, baseUrls: readonly string[]): Promise<Server> {
  const key = options.apiKey ?? process.env.OPENAI_API_KEY;
  const headers = { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...options.header };
  const [baseUrl] = baseUrls;
  const url = `${baseUrl}/v1/models`;
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error);
    throw new UsageError(
      `no server at ${baseUrl}: ${connectionFault(cause)}. Start one, name another with --base-url, or let --embedded 4 start one`,
    );
  }
  if (response.status === 401 || response.status === 403) {
    throw new UsageError(`${url} answers ${response.status}: it wants a key; give --api-key or OPENAI_API_KEY`);
  }
  const models = response.ok ? modelsIn(await response.json().catch(() => null)) : null;
  const { model } = options;
  if (model === undefined) {
    if (models?.[0] === undefined) {
      throw new UsageError(`${url} (HTTP ${response.status}) names no model: name one with --model`);
    }
    return { baseUrls, headers, model: models[0] };
  }
  // A server without a list of models may serve all the same.
  if (models !== null && models.length > 0 && !models.includes(model)) {
    throw new UsageError(
      `the server at ${baseUrl} has no model ${model}, but ${models.join(", ")}: name it with --model`,
    );
  }
  return { baseUrls, headers, model };
}

function modelsIn(list: { data?: unknown } | null): string[] | null {
  if (!Array.isArray(list?.data)) return null;
  return list.data.map((model: { id?: unknown }) => String(model.id));
}
