import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EndpointSlice } from "../../../src/cli/discovery/endpoint-slices.js";

/**
 * What a real kube-apiserver (v1.36.3, with etcd 3.6.8) answered to the discovery's requests, true to the byte when `JSON.stringify` writes it: `recorded`
 * tells when, each exchange what was asked, cluster/record.ts how. The slices are kube-controller-manager's.
 */
export interface Recording {
  readonly recorded: { readonly date: string; readonly versions: object };
  /** Of a service that there is not. */
  readonly noService: Exchange<SliceList>;
  /** Of a service without pods. */
  readonly noPods: Exchange<SliceList>;
  /** `vllm-0` is ready, `vllm-1` is not. */
  readonly list: Exchange<SliceList>;
  /** From that list's version on, until its time is over. */
  readonly watch: WatchExchange;
  /** The same list in two parts, with `limit=1`. */
  readonly pages: readonly Exchange<SliceList>[];
  /** The second part, asked of an API server that was started after a compaction. */
  readonly latePage: Exchange<Status>;
  /** A watch while the API server was stopped. */
  readonly stopped: WatchExchange;
  /** A watch from a version before the compaction, asked of that one. */
  readonly expired: WatchExchange;
  /** A watch from a version that has not been yet, as after a restore of etcd: nothing comes, not even a bookmark. */
  readonly ahead: WatchExchange;
  /** A list for an account without a role. */
  readonly forbidden: Exchange<Status>;
  /** A list with a token that is none. */
  readonly unauthorized: Exchange<Status>;
}

export interface Exchange<Body extends object> {
  readonly request: { readonly path: string; readonly query: Readonly<Record<string, string>> };
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

export interface WatchExchange extends Omit<Exchange<object>, "body"> {
  /** What was done in the cluster, and the events that told of it. */
  readonly steps: readonly Step[];
  /** `ended` is how HTTP ends an answer, `broken` that the connection was cut before. */
  readonly end: "ended" | "broken";
}

export interface Step {
  readonly did: string;
  readonly events: readonly WatchEvent[];
}

export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: EndpointSlice }
  | { readonly type: "BOOKMARK"; readonly object: Pick<EndpointSlice, "metadata"> }
  | { readonly type: "ERROR"; readonly object: Status };

export interface SliceList {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly EndpointSlice[];
}

export interface Status {
  readonly kind: "Status";
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly metadata: { readonly continue?: string };
}

export const recording: Recording = JSON.parse(
  readFileSync(fileURLToPath(new URL("recording.json", import.meta.url)), "utf8"),
);

/** Of the recorded watches. */
export function step(did: string): Step {
  const { watch, expired, ahead, stopped } = recording;
  return [watch, expired, ahead, stopped].flatMap(({ steps }) => steps).find((each) => each.did === did)!;
}
