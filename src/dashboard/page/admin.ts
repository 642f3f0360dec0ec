import type { GatewayState, ReplicaState, ShownDecision, TreeView } from "../../gateway/index.js";

/** What the gateway has said no to. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What would happen to a request. */
export interface Explained {
  readonly wouldWait: boolean;
  /** The replica that it would wait for; absent where it would not wait. */
  readonly waitsFor?: string | null;
  /** Replicas that may not be sent requests now. */
  readonly leftAlone: readonly string[];
  readonly decision: Omit<ShownDecision, "number" | "time" | "model" | "path" | "key" | "attempt"> | null;
  readonly reason?: string;
}

const PATIENCE_MS = 10_000;

/** The gateway's `/admin`, beside this page. Calls reject with `Refused`, or as `fetch` does when there is no gateway. */
export class Admin {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  get hadToken(): boolean {
    return this.#token !== "";
  }

  stats(): Promise<GatewayState> {
    return this.#ask("GET", "stats", {});
  }

  async decisions(model: string | null, limit: number): Promise<readonly ShownDecision[]> {
    const query = { model, limit: String(limit) };
    const { decisions } = await this.#ask<{ decisions: ShownDecision[] }>("GET", "decisions", query);
    return decisions;
  }

  tree(
    model: string | null,
    { depth, ...rest }: { namespace: string | null; at: string; depth: number; text: string | null },
  ): Promise<TreeView> {
    return this.#ask("GET", "tree", { model, depth: String(depth), ...rest });
  }

  async drain(model: string | null, id: string, draining: boolean): Promise<readonly ReplicaState[]> {
    const path = `replicas/${encodeURIComponent(id)}/${draining ? "drain" : "undrain"}`;
    const { replicas } = await this.#ask<{ replicas: ReplicaState[] }>("POST", path, { model });
    return replicas;
  }

  explain(model: string | null, body: string): Promise<Explained> {
    return this.#ask("POST", "explain", { model }, body);
  }

  async #ask<Answer>(
    method: "GET" | "POST",
    path: string,
    query: Readonly<Record<string, string | null>>,
    body?: string,
  ): Promise<Answer> {
    const url = new URL(`admin/${path}`, location.href);
    for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
    const response = await fetch(url, {
      method,
      headers: { ...(this.#token !== "" && { authorization: `Bearer ${this.#token}` }) },
      signal: AbortSignal.timeout(PATIENCE_MS),
      cache: "no-store",
      ...(body !== undefined && { body }),
    });
    const json = await response.json().catch(() => null);
    if (response.ok && json !== null) return json as Answer;
    const { code = "", message = `The gateway answered with ${response.status}.` } = json?.error ?? {};
    throw new Refused(response.status, code ?? "", message);
  }
}
