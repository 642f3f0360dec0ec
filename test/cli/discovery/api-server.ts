import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Until } from "../files.js";
import { type Exchange, recording, step, type WatchEvent } from "./recording.js";

export const CA_FILE: string = fileURLToPath(new URL("../certificates/one.cert.pem", import.meta.url));
const KEY_FILE = fileURLToPath(new URL("../certificates/one.key.pem", import.meta.url));

export interface ApiRequest {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

export interface ApiServer {
  readonly url: string;
  readonly requests: readonly ApiRequest[];
  /** Resolves with the watch that is open when so many have been opened. */
  watch(count: number): Promise<OpenWatch>;
}

/** A watch that a client has open. */
export interface OpenWatch {
  readonly request: ApiRequest;
  /** Sends what came in the recording when this was done. */
  play(did: string): void;
  send(...events: readonly WatchEvent[]): void;
  /** As the API ends one whose time is over. */
  end(): void;
  /** As a connection that breaks. */
  destroy(): void;
}

/**
 * An API server over TLS with a recorded one's answers: to requests for lists these, one after another (the last one again and again), and
 * to a watch the recorded head and then what the test plays.
 */
export async function apiServer(...lists: readonly Exchange<object>[]): Promise<ApiServer> {
  const requests: ApiRequest[] = [];
  const watches: OpenWatch[] = [];
  const until = new Until();
  let listed = 0;
  const server = createServer({ cert: readFileSync(CA_FILE), key: readFileSync(KEY_FILE) }, (incoming, response) => {
    const request = requestOf(incoming);
    requests.push(request);
    if (request.query.watch === undefined) {
      const { status, headers, body } = lists[Math.min(listed++, lists.length - 1)]!;
      response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`);
    } else {
      response.writeHead(recording.watch.status, recording.watch.headers).flushHeaders();
      const send = (...events: readonly WatchEvent[]) => {
        for (const event of events) response.write(`${JSON.stringify(event)}\n`);
      };
      watches.push({
        request,
        play: (did) => send(...step(did).events),
        send,
        end: () => void response.end(),
        destroy: () => void response.destroy(),
      });
    }
    until.notice();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async watch(count) {
      await until.holds(() => watches.length >= count);
      return watches[count - 1]!;
    },
  };
}

function requestOf({ url, headers }: IncomingMessage): ApiRequest {
  const { pathname, searchParams } = new URL(url!, "https://api");
  return { path: pathname, query: Object.fromEntries(searchParams), authorization: headers.authorization };
}
