import { type HttpRequest, shortAddress } from "../protocol/index.js";
import type { Router } from "../routing/index.js";
import { DecisionLog } from "./decisions.js";
import type { Endpoint } from "./endpoints.js";
import { Exchange, type RequestOutcome, type RequestRecord, type Target, targetOf } from "./exchange.js";
import { Fleet } from "./fleet.js";
import type { Ground } from "./forward.js";
import { type Key, KeyRing } from "./keys.js";
import { GatewayMetrics } from "./metrics.js";
import type { GatewayOptions } from "./options.js";
import { unknownModel } from "./place.js";
import { Polls } from "./polls.js";
import { readOptions, type Settings } from "./settings.js";
import { Totals } from "./totals.js";
import type { RequestTrace } from "./tracing.js";

/** What a gateway has, apart from its paths: options, fleets, keys, and what is under way. */
export class Core implements Ground {
  readonly metrics: GatewayMetrics;
  readonly decisions: DecisionLog = new DecisionLog();
  readonly totals: Totals = new Totals();
  readonly startS: number;
  /** How many requests ended how. */
  readonly outcomes: Map<RequestOutcome, number> = new Map();
  #options: GatewayOptions;
  #settings: Settings;
  #keys: KeyRing;
  #fleets = new Map<string, Fleet>();
  readonly #byAlias = new Map<string, Fleet>();
  #polls: Polls;
  #open = 0;
  #draining: Promise<void> | null = null;
  #onIdle = (): void => {};

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#settings = readOptions(options);
    const { clock } = this.#settings;
    this.startS = clock();
    this.metrics = new GatewayMetrics(
      () => this.fleets,
      () => this.#open,
      () => this.#settings.clock(),
      options.models !== undefined,
    );
    this.#keys = new KeyRing(this.#settings, null);
    this.#makeFleets();
    this.#polls = new Polls(() => this.fleets, this.#settings, this.metrics);
  }

  get settings(): Settings {
    return this.#settings;
  }

  get keys(): KeyRing {
    return this.#keys;
  }

  get fleets(): readonly Fleet[] {
    return [...this.#fleets.values()];
  }

  /** Requests that have not ended. */
  get open(): number {
    return this.#open;
  }

  get draining(): boolean {
    return this.#draining !== null;
  }

  begin(request: HttpRequest, endpoint: Endpoint | null, target: Target = targetOf(request.url)): Exchange {
    this.#open++;
    return new Exchange(request, target, endpoint, this.#settings.clock, this);
  }

  /** @throws RequestError for a key that has too much. */
  admit(exchange: Exchange, key: Key | null): void {
    if (key === null || exchange.over) return;
    key.enter(this.#settings.clock(), exchange);
  }

  /**
   * The fleet for a model.
   * @throws RequestError 404 for one that is not served.
   */
  fleetOf(exchange: Exchange, model: string | undefined): Fleet {
    const one = this.#fleets.get("");
    if (one !== undefined) return one;
    const fleet = this.fleetNamed(model ?? "");
    if (fleet === undefined) throw unknownModel(model, [...this.#fleets.keys()]);
    exchange.model = fleet.model;
    return fleet;
  }

  /** By a model's name or one of its aliases. */
  fleetNamed(name: string): Fleet | undefined {
    return this.#fleets.get(name) ?? this.#byAlias.get(name);
  }

  /** @internal Of exchanges. */
  piece(seconds: number): void {
    this.metrics.piece(seconds);
  }

  /** @internal Of exchanges. */
  clientOf({ client, headers }: HttpRequest): string | null {
    const { proxies } = this.#settings;
    if (client === undefined) return null;
    return proxies === null ? shortAddress(client) : proxies.clientOf(client, headers.get("x-forwarded-for"));
  }

  /** @internal Of exchanges. */
  trace({ request, path, endpoint, requestId }: Exchange): RequestTrace | null {
    const { tracing } = this.#settings;
    if (tracing === null) return null;
    return tracing.begin({
      method: request.method,
      path,
      route: endpoint?.path ?? null,
      headers: request.headers,
      requestId,
    });
  }

  /** @internal Of exchanges. */
  ended(record: RequestRecord, exchange: Exchange): void {
    this.#open--;
    exchange.key?.leave(exchange);
    this.metrics.ended(record);
    this.outcomes.set(record.outcome, (this.outcomes.get(record.outcome) ?? 0) + 1);
    // Without models all are for the one router; else those that named none of them are for none.
    const model = record.model ?? (this.#fleets.has("") ? "" : null);
    if (model !== null) this.totals.ended(model, record, this.#settings.clock());
    try {
      this.#learn(record, exchange);
      exchange.trace?.ended(record, exchange.facts());
      this.#settings.onRequestEnd(record);
    } catch (error) {
      console.error(error);
    }
    if (this.#open === 0) this.#onIdle();
  }

  drain(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#open === 0) resolve();
    });
    return this.#draining;
  }

  close(): void {
    this.#polls.close();
    for (const fleet of this.fleets) fleet.close();
  }

  setOptions(changes: GatewayOptions): void {
    const options = { ...this.#options, ...changes };
    const settings = readOptions(options);
    if ((options.models === undefined) !== (this.#options.models === undefined)) {
      throw new TypeError("a gateway with router cannot be given models, nor one with models a router");
    }
    this.#options = options;
    this.#settings = settings;
    this.#keys = new KeyRing(settings, this.#keys);
    this.#makeFleets();
    this.#polls.close();
    this.#polls = new Polls(() => this.fleets, settings, this.metrics);
  }

  /** Fleets whose model and router stay are kept. */
  #makeFleets(): void {
    const before = this.#fleets;
    this.#fleets = new Map();
    this.#byAlias.clear();
    for (const [model, { router, naming }] of this.#settings.models) {
      const fleet = this.#fleetFor(model, router, before);
      this.#fleets.set(model, fleet);
      for (const alias of naming?.aliases ?? []) this.#byAlias.set(alias, fleet);
    }
    for (const [model, fleet] of before) {
      if (this.#fleets.get(model) === fleet) continue;
      fleet.close();
      if (!this.#fleets.has(model)) this.metrics.gone(model);
    }
  }

  #fleetFor(model: string, router: Router, before: ReadonlyMap<string, Fleet>): Fleet {
    const known = before.get(model);
    if (known?.router !== router) return new Fleet(model, router, this.#settings, this.metrics, known);
    known.configure(this.#settings);
    return known;
  }

  /** What an answer says of the replica's cache is compared with what the tree said. */
  #learn({ replica, outcome, promptTokens, cachedTokens, predictedTokens }: RequestRecord, exchange: Exchange): void {
    if (outcome !== "completed" || replica === null || promptTokens === null || cachedTokens === null) return;
    const fleet = this.#fleets.get(exchange.model ?? "");
    const member = fleet?.member(replica);
    if (fleet === undefined || member === undefined || predictedTokens === null) return;
    const tokens = { prompt: promptTokens, predicted: predictedTokens, cached: cachedTokens };
    const { textChars } = exchange.lease!.decision;
    const delivered = promptTokens === 0 ? 0 : Math.round((cachedTokens / promptTokens) * textChars);
    this.metrics.reported(fleet.model, replica, tokens, delivered);
    this.totals.delivered(fleet.model, delivered);
    member.promptTokens += promptTokens;
    member.cachedTokens += cachedTokens;
    const { coldCache } = this.#settings;
    if (coldCache === null) return;
    if (cachedTokens > 0) member.cold = 0;
    else if (predictedTokens >= coldCache.predictedTokens && ++member.cold >= coldCache.times) {
      fleet.forget(member, "cold_cache");
    }
  }
}
