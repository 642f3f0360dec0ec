import { simulatedReplica } from "../simulator/index.js";
import type { ServerConfig, StartServer } from "./platform.js";

/** What a simulated replica is made of. */
export function simulatedOptions({ simulated = {}, model }: ServerConfig): Parameters<typeof simulatedReplica>[0] {
  return { ...simulated, ...(model !== undefined && { model }) };
}

/** Simulated replicas without sockets: requests to their addresses, which exist nowhere else, are answered in place. */
export class InPlace {
  readonly #servers = new Map<string, (request: Request) => Promise<Response>>();
  #started = 0;

  readonly start: StartServer = async (server, events) => {
    if (server.simulated === undefined) {
      throw new TypeError(`replica ${server.id} is a command; only \`warmroute serve\` starts processes`);
    }
    const replica = simulatedReplica(simulatedOptions(server));
    // A name that no DNS ever has (RFC 6761).
    const origin = `http://${++this.#started}.simulated.invalid`;
    this.#servers.set(origin, (request) => replica.fetch(request));
    events.up(origin);
    return {
      stop: async () => {
        this.#servers.delete(origin);
        replica.close();
      },
    };
  };

  /** A `fetch` that knows them. */
  over(upstream: typeof fetch): typeof fetch {
    return ((input: string | URL | Request, init?: RequestInit) => {
      const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
      const answer = this.#servers.get(new URL(url).origin);
      return answer === undefined ? upstream(input, init) : answer(new Request(input, init));
    }) as typeof fetch;
  }
}
