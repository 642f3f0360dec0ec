import { existsSync } from "node:fs";
import { UsageError } from "../../../src/cli/usage-error.js";
import { startLlamaReplicas } from "../../engines/llama-cpp/start.js";
import type { EmbeddedOptions } from "./embedded.js";
import { behindGateways, gatewaysInWords } from "./gateways.js";
import type { ServerKind } from "./servers.js";

/** KV caches of a replica, as few as keep policies apart; so many requests run at a time. */
const SLOTS = 2;
/** Of one cache: 8 KB a token. */
const CONTEXT_TOKENS = 8192;

/** Gateways and replicas that compute: llama.cpp with random weights, one thread and one process each. */
export function llamaServers(options: EmbeddedOptions): ServerKind {
  const { replicas, replica } = options;
  return {
    about: `${gatewaysInWords(options)} and ${replicas} llama.cpp replicas of random weights on one CPU thread each`,
    async start(launch) {
      if (!existsSync(new URL("../../engines/llama-cpp/main.ts", import.meta.url))) {
        throw new UsageError("servers: llama-cpp are there in warmroute's repository only");
      }
      const model = replica.model === undefined ? {} : { model: replica.model };
      const started = await startLlamaReplicas({
        replicas,
        slots: SLOTS,
        contextTokens: CONTEXT_TOKENS,
        ...model,
      }).catch((error: Error) => {
        throw new UsageError(error.message);
      });
      const addresses = started.urls.map((url, i) => ({ id: `replica-${i + 1}`, url }));
      return behindGateways(options, { addresses, lost: () => null, stop: () => started.close() }, launch);
    },
  };
}
