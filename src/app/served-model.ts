import { type Rendering, Router } from "../routing/index.js";
import type { ModelConfig } from "./config.js";
import type { Discovery } from "./discovery.js";
import { handOver, type KeptTexts } from "./kept-texts.js";
import { foundMember, type Member, membersOf } from "./members.js";
import type { AppEvent, AppPlatform, ServerEvents, StartServer } from "./platform.js";
import { type RouterPlan, routerPlan, sameKey } from "./policy.js";
import { later, until } from "./quiet.js";
import { Server } from "./server.js";

/** What a model needs of its app. */
export interface ModelContext {
  readonly platform: AppPlatform;
  readonly start: StartServer;
  readonly onEvent: (event: AppEvent) => void;
  /** How long a replica that is removed may go on with what it has. */
  readonly drainMs: () => number;
}

/** What a change of a model needs, made before anything is changed. */
export interface ModelPlan {
  readonly config: ModelConfig;
  readonly members: readonly Member[];
  /** A new one; null if the one before stays. */
  readonly router: Router | null;
  readonly key: RouterPlan["key"];
  /** Where more replicas are found; null if nowhere. */
  readonly source: Discovery | null;
}

/** What a change has changed. */
export interface ModelChange {
  /** Its name; empty for the only one without. */
  readonly model: string;
  readonly added: readonly string[];
  /** They end what they have first. */
  readonly removed: readonly string[];
  /** Their servers are stopped when they have ended what they have, and others are started in their place. */
  readonly restarted: readonly string[];
  /** Whether the router was made anew, since its policy or its options are others. */
  readonly rebuilt: boolean;
  /** What the new router knows of what was sent before; null where the one before goes on. */
  readonly kept: KeptTexts | null;
  /** Of servers that could not be started. */
  readonly failures: readonly Error[];
}

/** No retry waits for longer between two choices, so that a router without requests for so long gets no more. */
const QUIET_MS = 10_000;

/** One model while it is served: its router, its replicas and the servers that were started for them. */
export class ServedModel {
  readonly #context: ModelContext;
  #config: ModelConfig;
  #router: Router;
  #key: RouterPlan["key"];
  #members: readonly Member[] = [];
  #found: readonly Member[] = [];
  #finding: { readonly key: unknown; readonly stop: AbortController } | null = null;
  readonly #servers = new Map<string, Server>();
  /** Removals under way. */
  readonly #leaving = new Set<Promise<void>>();
  /** Routers of before, until their last request has ended. */
  readonly #former = new Set<Router>();
  /** While servers start that can be up at once: they are to come in the order of the configuration. */
  #holding = false;
  #closed = false;

  /** @throws TypeError or RangeError for what the router refuses. */
  static async plan(config: ModelConfig, platform: AppPlatform, before: ServedModel | null): Promise<ModelPlan> {
    const members = membersOf(config);
    const { options, key } = await routerPlan(config, platform);
    const source = sourceOf(config, platform);
    const trial = new Router({ ...options, replicas: members.map((member) => member.options) });
    if (before !== null && sameKey(before.#key, key)) {
      trial[Symbol.dispose]();
      return { config, members, router: null, key, source };
    }
    trial.updateReplicas([]);
    return { config, members, router: trial, key, source };
  }

  constructor({ config, router, key }: ModelPlan, context: ModelContext) {
    this.#context = context;
    this.#config = config;
    this.#router = router!;
    this.#key = key;
  }

  get name(): string {
    return this.#config.name ?? "";
  }

  get router(): Router {
    return this.#router;
  }

  /** Carries out a plan. Resolves when all servers have been started. */
  async apply({ config, members, router, key, source }: ModelPlan): Promise<ModelChange> {
    const before = this.#members;
    const former = { router: this.#router, rendering: renderingOf(this.#config) };
    this.#config = config;
    this.#members = members;
    this.#key = key;
    const rebuilt = router !== null && router !== this.#router;
    if (rebuilt) {
      void this.#retire(this.#router);
      this.#router = router;
    }
    const ids = new Set(members.map(({ id }) => id));
    const removed = before.filter(({ id }) => !ids.has(id)).map(({ id }) => id);
    const restarted = this.#stopServers();
    this.#refresh();
    this.#find(source);
    // Before the first request comes to it. By now both have the same replicas: those that are gone are in neither tree.
    const kept = rebuilt ? handOver(former, { router: this.#router, rendering: renderingOf(config) }) : null;
    const failures = await this.#startServers();
    const known = new Set(before.map(({ id }) => id));
    const added = members.filter(({ id }) => !known.has(id)).map(({ id }) => id);
    return { model: this.name, added, removed, restarted, rebuilt, kept, failures };
  }

  /** Lets the model go: its replicas get no more requests, and end what they have. */
  async remove(): Promise<void> {
    this.#finding?.stop.abort();
    this.#found = [];
    this.#members = [];
    this.#stopServers();
    await Promise.all([this.#retire(this.#router), ...this.#leaving]);
  }

  /** Stops all that it has started, at once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#finding?.stop.abort();
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
    await Promise.all(this.#leaving);
    for (const router of [this.#router, ...this.#former]) router[Symbol.dispose]();
  }

  /** Stops the servers that no member has any more, when their requests have ended. Returns the ids of those that start anew. */
  #stopServers(): string[] {
    const wanted = new Map(
      this.#members.map(({ id, server }) => [id, server === null ? null : JSON.stringify(server)]),
    );
    const restarted: string[] = [];
    for (const [id, server] of this.#servers) {
      if (wanted.get(id) === server.key) continue;
      if (typeof wanted.get(id) === "string") restarted.push(id);
      this.#servers.delete(id);
      const leaving = this.#stop(server).finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
    // One that comes back at once, at another address, has an empty cache.
    if (restarted.length > 0) this.#refresh();
    return restarted;
  }

  async #stop(server: Server): Promise<void> {
    const replicas = [this.#router, ...this.#former].flatMap((router) =>
      router.replicas.filter(({ id }) => id === server.id),
    );
    const isIdle = () => this.#closed || replicas.every(({ queueLength }) => queueLength === 0);
    await until(isIdle, this.#context.drainMs());
    await server.stop();
    this.#context.onEvent({ event: "replica_removed", model: this.name, replica: server.id });
  }

  /** Returns why servers could not be started. */
  async #startServers(): Promise<Error[]> {
    const failures: Error[] = [];
    const missing = this.#members.filter(({ id, server }) => server !== null && !this.#servers.has(id));
    this.#holding = true;
    const starting = missing.map(async (member) => {
      const server = new Server(member, this.#context.start, this.#eventsOf(member.id));
      this.#servers.set(member.id, server);
      try {
        await server.started;
      } catch (error) {
        this.#servers.delete(member.id);
        failures.push(
          new Error(`replica ${member.id} cannot be started: ${(error as Error).message}`, { cause: error }),
        );
      }
    });
    await Promise.all(starting);
    this.#holding = false;
    this.#refresh();
    return failures;
  }

  #eventsOf(replica: string): ServerEvents {
    return {
      up: (url) => {
        this.#context.onEvent({ event: "replica_up", model: this.name, replica, url });
        if (!this.#holding) this.#refresh();
      },
      down: (reason) => {
        this.#context.onEvent({ event: "replica_down", model: this.name, replica, reason });
        this.#refresh();
      },
    };
  }

  /** Tells the routers which replicas there are. */
  #refresh(): void {
    const own = this.#members.flatMap(({ id, server, options }) => {
      if (server === null) return [options];
      const url = this.#servers.get(id)?.url ?? null;
      return url === null ? [] : [{ ...options, url }];
    });
    const taken = new Set(this.#members.map(({ id }) => id));
    const found = this.#found.filter(({ id }) => !taken.has(id)).map(({ options }) => options);
    for (const router of [this.#router, ...this.#former]) {
      try {
        router.updateReplicas([...own, ...found]);
      } catch (error) {
        this.#problem(`the replicas stay as they were: ${(error as Error).message}`);
      }
    }
  }

  #find(source: Discovery | null): void {
    const { discovery } = this.#config;
    // What the model says of all of its replicas holds for these too.
    const { headers, apiKey, maxOngoingRequests } = this.#config;
    const key =
      source === discovery ? source : JSON.stringify([discovery ?? null, headers, apiKey, maxOngoingRequests]);
    if (this.#finding?.key === key) return;
    this.#finding?.stop.abort();
    this.#finding = null;
    if (source === null) {
      this.#found = [];
      this.#refresh();
      return;
    }
    const stop = new AbortController();
    this.#finding = { key, stop };
    source.watch(
      (replicas) => {
        if (!stop.signal.aborted) this.#take(replicas.map((replica) => foundMember(this.#config, replica)));
      },
      stop.signal,
      (message) => this.#problem(message),
    );
  }

  #take(found: readonly Member[]): void {
    const before = new Map(this.#found.map((member) => [member.id, member]));
    const taken = new Set(this.#members.map(({ id }) => id));
    for (const { id, options } of found) {
      if (taken.has(id)) this.#problem(`replica ${id} was found, but there is one of that id already`);
      else if (!before.has(id)) {
        this.#context.onEvent({ event: "replica_added", model: this.name, replica: id, url: options.url! });
      }
      before.delete(id);
    }
    this.#found = found;
    this.#refresh();
    for (const id of before.keys()) this.#context.onEvent({ event: "replica_removed", model: this.name, replica: id });
  }

  async #retire(router: Router): Promise<void> {
    this.#former.add(router);
    const isQuiet = () => this.#closed || (router.leases === 0 && router.waiting === 0);
    do {
      await until(isQuiet, Number.POSITIVE_INFINITY);
      if (!this.#closed) await later(QUIET_MS);
    } while (!isQuiet());
    this.#former.delete(router);
    router[Symbol.dispose]();
  }

  #problem(message: string): void {
    this.#context.onEvent({ event: "problem", model: this.name, message });
  }
}

function renderingOf({ rendering = "structured" }: ModelConfig): Rendering {
  return rendering;
}

/** @throws TypeError where nobody can look there. */
function sourceOf({ discovery }: ModelConfig, { discover }: AppPlatform): Discovery | null {
  if (discovery === undefined) return null;
  if ("watch" in discovery) return discovery;
  if (discover === undefined) throw new TypeError("discovery needs platform.discover, or a discovery of your own");
  return discover(discovery);
}
