import { Pool } from "undici";
import type { Backend } from "./backends.js";
import { type Answered, type Failed, Reading } from "./reading.js";

/** A server that is asked. */
export interface TargetOptions {
  /** `http://host:port`, with a path before the interface's own if it has one; of several, requests go to one after another. */
  readonly baseUrls: readonly string[];
  readonly backend: Backend;
  readonly headers: Readonly<Record<string, string>>;
  /** s without a sign of the answer after which a request has failed. */
  readonly timeoutS: number;
}

/** Less than the 5 s after which uvicorn, and so vLLM, closes an idle connection: one must not be closed as a request is sent on it. */
const KEEP_ALIVE_MS = 4000;

/** Sends requests over as many connections as requests are under way, each connection kept for the next one. */
export class Client {
  readonly #targets: readonly { readonly pool: Pool; readonly path: string }[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #backend: Backend;
  #sent = 0;

  constructor({ baseUrls, backend, headers, timeoutS }: TargetOptions) {
    this.#backend = backend;
    this.#headers = { "content-type": "application/json", ...headers };
    const timeouts = { bodyTimeout: timeoutS * 1000, headersTimeout: timeoutS * 1000, keepAliveTimeout: KEEP_ALIVE_MS };
    this.#targets = baseUrls.map((baseUrl) => {
      const { origin, pathname } = new URL(baseUrl);
      return {
        pool: new Pool(origin, { connections: null, ...timeouts }),
        path: pathname.replace(/\/+$/, "") + backend.path,
      };
    });
  }

  /**
   * @param body JSON.
   * @param stream whether it asks for a stream.
   * @param onFirstText called when the first text has come.
   * @returns what came of it: a fault is a result, and no error.
   */
  send(body: Buffer, stream: boolean, onFirstText?: (atMs: number) => void): Promise<Answered | Failed> {
    const { pool, path } = this.#targets[this.#sent++ % this.#targets.length]!;
    return new Promise((resolve) => {
      const reading = new Reading(this.#backend, stream, resolve, onFirstText);
      pool.dispatch({ method: "POST", path, headers: this.#headers, body }, reading);
    });
  }

  /** Cuts what is open, which then has failed. */
  async close(): Promise<void> {
    await Promise.all(this.#targets.map(({ pool }) => pool.destroy(new Error("stopped"))));
  }
}
