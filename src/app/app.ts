import { createGateway, type Gateway, type GatewayOptions, type ModelOptions } from "../gateway/index.js";
import type { HttpAnswer, HttpRequest } from "../protocol/index.js";
import type { Router } from "../routing/index.js";
import { checkConfig } from "./check.js";
import type { AppConfig, ModelConfig } from "./config.js";
import { gatewayOptions } from "./gateway-options.js";
import type { AppEvent, AppPlatform } from "./platform.js";
import { withSecrets } from "./secrets.js";
import { type ModelChange, type ModelContext, type ModelPlan, ServedModel } from "./served-model.js";
import { InPlace } from "./simulated.js";

/** A gateway with its models and their replicas. */
export interface App {
  /** Answers a request. Never rejects. */
  fetch(request: Request): Promise<Response>;
  /** As `fetch`, without the web's objects: for a server of one's own. */
  handle(request: HttpRequest): Promise<HttpAnswer>;
  /** The models that are served now, with their routers. */
  readonly models: readonly { readonly name: string; readonly router: Router }[];
  /**
   * Makes this the configuration, while requests go on: replicas come, replicas that are gone end what they have, policies with other
   * options are made anew.
   * @throws ConfigError, TypeError or RangeError that says what is wrong; then nothing has changed.
   */
  update(config: AppConfig): Promise<AppUpdate>;
  /** From now on new work is refused with 503. Resolves when the last answer under way has ended. */
  drain(): Promise<void>;
  /** Stops all that was started, at once. */
  close(): Promise<void>;
}

/** What an update has changed. */
export interface AppUpdate {
  /** Those of before that are served still. */
  readonly changed: readonly ModelChange[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/**
 * Builds the gateway that `warmroute serve` runs for the same configuration: with `url` and simulated replicas it runs everywhere;
 * commands, files and discoveries are for the platform to bring.
 * @throws ConfigError that tells all that is wrong with the configuration; TypeError or RangeError for what only shows on use.
 */
export async function buildOpenAiApp(config: AppConfig, platform: AppPlatform = {}): Promise<App> {
  const app = new RunningApp(platform);
  try {
    await app.update(config);
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

class RunningApp implements App {
  readonly #platform: AppPlatform;
  readonly #context: ModelContext;
  readonly #upstreamFetch: typeof fetch;
  #models: readonly ServedModel[] = [];
  #gateway: Gateway | null = null;
  /** Whether it has one router for all models. */
  #isOne = true;
  /** Gateways of before, until their last answer has ended. */
  readonly #former = new Set<Promise<void>>();
  /** Models that are not served any more, until their last request has ended. */
  readonly #gone = new Set<ServedModel>();
  #drainMs = 0;
  /** Updates come one after another. */
  #updating: Promise<unknown> = Promise.resolve();

  constructor(platform: AppPlatform) {
    this.#platform = platform;
    const inPlace = new InPlace();
    this.#upstreamFetch = inPlace.over(platform.upstreamFetch ?? ((input, init) => fetch(input, init)));
    this.#context = {
      platform,
      start: platform.start ?? inPlace.start,
      onEvent: (event: AppEvent) => platform.onEvent?.(event),
      drainMs: () => this.#drainMs,
    };
  }

  get models(): readonly ServedModel[] {
    return this.#models;
  }

  fetch(request: Request): Promise<Response> {
    return this.#gateway!.fetch(request);
  }

  handle(request: HttpRequest): Promise<HttpAnswer> {
    return this.#gateway!.handle(request);
  }

  update(config: AppConfig): Promise<AppUpdate> {
    const updated = this.#updating.then(() => this.#update(config));
    this.#updating = updated.catch(() => {});
    return updated;
  }

  async drain(): Promise<void> {
    await Promise.all([this.#gateway!.drain(), ...this.#former]);
  }

  async close(): Promise<void> {
    await this.#updating;
    this.#gateway?.close();
    await Promise.all([...this.#models, ...this.#gone].map((model) => model.close()));
  }

  async #update(given: AppConfig): Promise<AppUpdate> {
    checkConfig(given);
    const config = await withSecrets(given, this.#platform);
    const before = new Map(this.#models.map((model) => [model.name, model]));
    const plans: ModelPlan[] = [];
    const isFirst = this.#gateway === null;
    const routers = () => plans.map(({ config: { name = "" }, router }) => router ?? before.get(name)!.router);
    try {
      for (const model of config.models) {
        plans.push(await ServedModel.plan(model, this.#platform, before.get(model.name ?? "") ?? null));
      }
      this.#setGateway(config, routers());
    } catch (error) {
      for (const { router } of plans) router?.[Symbol.dispose]();
      throw error;
    }

    // From here on nothing throws but a server that cannot be started.
    this.#drainMs = (config.drainTimeoutSecs ?? 30) * 1000;
    const models = plans.map((plan) => before.get(plan.config.name ?? "") ?? new ServedModel(plan, this.#context));
    const added = models.filter((model) => !this.#models.includes(model));
    const gone = this.#models.filter((model) => !models.includes(model));
    this.#models = models;
    const changes = await Promise.all(models.map((model, i) => model.apply(plans[i]!)));
    for (const { model, failures } of changes) {
      for (const failure of failures) {
        if (isFirst) throw failure;
        this.#context.onEvent({ event: "problem", model, message: failure.message });
      }
    }
    for (const model of gone) {
      this.#gone.add(model);
      void model.remove().finally(() => this.#gone.delete(model));
    }
    return {
      changed: changes.filter((_, i) => !added.includes(models[i]!)),
      added: added.map(({ name }) => name),
      removed: gone.map(({ name }) => name),
    };
  }

  /** @throws TypeError or RangeError for what the gateway refuses; then it stays as it was. */
  #setGateway(config: AppConfig, routers: readonly Router[]): void {
    const { onRequestEnd, tracing } = this.#platform;
    const isOne = config.models[0]!.name === undefined;
    const options = {
      ...gatewayOptions(config),
      router: isOne ? routers[0] : undefined,
      models: isOne
        ? undefined
        : Object.fromEntries(config.models.map((model, i) => [model.name!, namedRouter(model, routers[i]!)])),
      ...(this.#platform.upstream === undefined
        ? { upstreamFetch: this.#upstreamFetch }
        : { upstream: this.#platform.upstream }),
      ...(onRequestEnd !== undefined && { onRequestEnd }),
      ...(tracing !== undefined && { tracing }),
    } as unknown as GatewayOptions;
    const before = this.#gateway;
    if (before !== null && isOne === this.#isOne) {
      before.setOptions(options);
      return;
    }
    this.#gateway = createGateway(options);
    this.#isOne = isOne;
    if (before === null) return;
    // A gateway of one router cannot become one of several. Requests that it has begun end there.
    before.close();
    const ended = before.drain().finally(() => this.#former.delete(ended));
    this.#former.add(ended);
  }
}

function namedRouter({ aliases, servedName }: ModelConfig, router: Router): ModelOptions {
  return { router, ...(aliases !== undefined && { aliases }), ...(servedName !== undefined && { servedName }) };
}
