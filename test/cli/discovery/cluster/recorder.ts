import type { IncomingMessage } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { EndpointSlice } from "../../../../src/cli/discovery/endpoint-slices.js";
import { textOf } from "../../../../src/cli/discovery/kubernetes-api.js";
import type { Exchange, Step, WatchEvent, WatchExchange } from "../recording.js";
import type { Cluster } from "./cluster.js";
import { NAMESPACE } from "./service.js";

const PATH = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices`;
/** Until the cluster has done what is waited for. */
const PATIENCE_MS = 60_000;

export type Query = Readonly<Record<string, string>>;
export type Until = (slices: readonly EndpointSlice[]) => boolean;

/** @throws Error where the answer is not the JSON that the recording will be written as again: it has to be true to the byte. */
export async function ask<Body extends object>(cluster: Cluster, query: Query, token: string): Promise<Exchange<Body>> {
  const response = await cluster.get(pathOf(query), token);
  return { ...begin(query, response), body: parse(await textOf(response)) as Body };
}

/** Asks until the answer is what is waited for. */
export async function askUntil<Body extends object>(
  get: () => Promise<Exchange<Body>>,
  holds: (body: Body) => boolean,
): Promise<Exchange<Body>> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const exchange = await get();
    if (holds(exchange.body)) return exchange;
    if (performance.now() > end) throw new Error(`it does not come to be:\n${JSON.stringify(exchange.body)}`);
    await delay(100);
  }
}

/** A watch that is open, and what has come by it. */
export class RecordedWatch {
  readonly #begin: Omit<Exchange<object>, "body">;
  readonly #slices: Map<string, EndpointSlice>;
  readonly #steps: Step[] = [];
  readonly #end: Promise<"ended" | "broken">;
  #events: WatchEvent[] = [];
  #notice: () => void = () => {};

  private constructor(query: Query, response: IncomingMessage, slices: readonly EndpointSlice[]) {
    this.#begin = begin(query, response);
    this.#slices = new Map(slices.map((slice) => [slice.metadata.name, slice]));
    this.#end = this.#read(response);
  }

  /** @param slices what there is at the version that it begins from. */
  static async open(
    cluster: Cluster,
    query: Query,
    token: string,
    slices: readonly EndpointSlice[] = [],
  ): Promise<RecordedWatch> {
    return new RecordedWatch(query, await cluster.get(pathOf(query), token), slices);
  }

  async #read(response: IncomingMessage): Promise<"ended" | "broken"> {
    let rest = "";
    try {
      for await (const piece of response.setEncoding("utf8")) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop()!;
        for (const line of lines) this.#take(parse(line) as WatchEvent);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ECONNRESET") throw error;
      return "broken";
    }
    if (rest !== "") throw new Error(`a watch that ends without an end of line: ${rest}`);
    return "ended";
  }

  #take(event: WatchEvent): void {
    this.#events.push(event);
    const { type, object } = event;
    if (type === "ADDED" || type === "MODIFIED") this.#slices.set(object.metadata.name, object);
    if (type === "DELETED") this.#slices.delete(object.metadata.name);
    this.#notice();
  }

  /** Does something in the cluster and waits for the events that tell of it. */
  async step(did: string, act: () => Promise<unknown>, holds: Until): Promise<void> {
    await act();
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${did}: ${JSON.stringify(this.#events)}`)), PATIENCE_MS);
      this.#notice = () => {
        if (!holds([...this.#slices.values()])) return;
        clearTimeout(late);
        resolve();
      };
      this.#notice();
    });
    this.#steps.push({ did, events: this.#events });
    this.#events = [];
  }

  /** Waits for its end. @param did what ended it. */
  async ended(did: string): Promise<WatchExchange> {
    const end = await this.#end;
    return { ...this.#begin, steps: [...this.#steps, { did, events: this.#events }], end };
  }
}

function begin(query: Query, { statusCode, headers }: IncomingMessage): Omit<Exchange<object>, "body"> {
  // Whether the connection goes on was asked here.
  const { connection, ...said } = headers as Record<string, string>;
  return { request: { path: PATH, query }, status: statusCode!, headers: said };
}

function pathOf(query: Query): string {
  return `${PATH}?${new URLSearchParams(query)}`;
}

function parse(text: string): object {
  const value = JSON.parse(text);
  if (JSON.stringify(value) !== text.trimEnd()) throw new Error(`it would be written in another way: ${text}`);
  return value;
}
