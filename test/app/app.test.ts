import { createHash } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type App,
  type AppConfig,
  type AppEvent,
  type AppPlatform,
  buildOpenAiApp,
  type DiscoveredReplica,
  type ModelConfig,
} from "../../src/app/index.js";
import type { Tracing } from "../../src/gateway/index.js";
import type { Policy, PolicyEnvironment } from "../../src/routing/index.js";
import { PrefixTree } from "../../src/tree/index.js";

const MODEL = "Qwen/Qwen2.5-1.5B-Instruct";
const simulated = { speed: 1000 };
/** Without timers of its own. */
const quiet = { health: false, load: false } as const;

async function start(config: AppConfig, platform: AppPlatform = {}): Promise<App> {
  const app = await buildOpenAiApp({ ...quiet, ...config }, platform);
  onTestFinished(() => app.close());
  return app;
}

function complete(app: App, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ model: MODEL, prompt: "Why is the sky blue?", max_tokens: 5, ...more });
  return app.fetch(new Request("http://app/v1/completions", { method: "POST", body, headers }));
}

const replicasOf = (app: App) => app.models[0]!.router.replicas.map(({ id }) => id);

test("simulated replicas run inside of the app: no socket, no process", async () => {
  const app = await start({ models: [{ replicas: [{ simulated, count: 2 }] }] });
  expect(replicasOf(app)).toEqual(["replica-1", "replica-2"]);
  expect(await (await complete(app)).json()).toMatchObject({ model: MODEL, usage: { completion_tokens: 5 } });
});

test("the platform's tracing hears of requests", async () => {
  const heard: string[] = [];
  const tracing: Tracing = {
    begin: ({ method, route }) => ({
      traceId: "0".repeat(32),
      asked: (_, model) => void heard.push(`asked ${model}`),
      tried: ({ replica }) => void heard.push(`tried ${replica.id}`),
      send: (_, call) => call(),
      gaveUp: (why) => void heard.push(`gave up ${why}`),
      firstToken: () => void heard.push("first token"),
      ended: ({ outcome, traceId }) => void heard.push(`${method} ${route} ${outcome} ${traceId?.length}`),
    }),
  };
  const app = await start({ models: [{ replicas: [{ simulated }] }] }, { tracing });
  await (await complete(app, { stream: true })).text();
  expect(heard).toEqual([`asked ${MODEL}`, "tried replica-1", "first token", "POST /v1/completions completed 32"]);
});

test("ids: by the address, by the place, or as given with a number", async () => {
  const app = await start({
    models: [
      {
        replicas: [
          { url: "http://10.0.0.1:8000/base/" },
          { simulated },
          { id: "small", count: 2, simulated },
          { id: "alone", simulated },
        ],
      },
    ],
  });
  expect(app.models[0]!.router.replicas.map(({ id, url }) => [id, url])[0]).toEqual([
    "10.0.0.1:8000",
    "http://10.0.0.1:8000/base",
  ]);
  expect(replicasOf(app)).toEqual(["10.0.0.1:8000", "replica-2", "small-1", "small-2", "alone"]);
});

test("several models: each with its replicas and its policy", async () => {
  const app = await start({
    models: [
      { name: "large", replicas: [{ simulated }] },
      { name: "small", policy: "pow_of_2", replicas: [{ simulated, count: 2 }] },
    ],
  });
  expect(app.models.map(({ name, router }) => [name, router.policy, router.replicas.length])).toEqual([
    ["large", "prefix_aware", 1],
    ["small", "pow_of_2", 2],
  ]);
});

test("a model is asked for by its aliases, and its replicas by the name that they serve", async () => {
  const replicas = [{ simulated, count: 2 }];
  const models = [{ name: "large", aliases: ["gpt-4o"], servedName: MODEL, replicas }];
  const app = await start({ models, replicaHeader: true, trustedProxies: ["10.0.0.0/8"] });
  const told = async (model: string) => {
    const response = await complete(app, { model });
    const { headers } = response;
    return [response.status, ((await response.json()) as { model?: string }).model, headers.get("x-warmroute-match")];
  };
  // The simulated replicas, as vLLM, answer 404 to a name that is not theirs.
  expect(await told("large")).toEqual([200, MODEL, "0.000"]);
  expect(await told("gpt-4o")).toEqual([200, MODEL, "1.000"]);
  expect((await told(MODEL))[0]).toBe(404);
  const { router } = app.models[0]!;
  await app.update({ ...quiet, models: [{ name: "large", aliases: ["gpt-5"], servedName: MODEL, replicas }] });
  expect(app.models[0]!.router).toBe(router);
  expect([(await told("gpt-4o"))[0], (await told("gpt-5"))[0]]).toEqual([404, 200]);
});

test("the gateway's options come from it, and an update takes back what it leaves out", async () => {
  const models = [{ replicas: [{ simulated }] }];
  const app = await start({
    models,
    keys: [{ name: "team", key: "secret" }],
    admin: { token: "admin" },
    replicaHeader: true,
  });
  const admin = () => app.fetch(new Request("http://app/admin/stats", { headers: { authorization: "Bearer admin" } }));
  expect((await complete(app)).status).toBe(401);
  expect((await complete(app, {}, { authorization: "Bearer secret" })).status).toBe(200);
  expect((await admin()).status).toBe(200);
  await app.update({ ...quiet, models });
  const response = await complete(app);
  expect([response.status, response.headers.get("x-warmroute-replica")]).toEqual([200, null]);
  expect((await admin()).status).toBe(404);
});

test("a wrong configuration is told as a whole, and nothing is started", async () => {
  await expect(buildOpenAiApp({ models: [{ replicas: [{}] }], brekaer: false } as AppConfig)).rejects.toThrow(
    /exactly one of url, simulated, command, not none\nunknown key "brekaer"; did you mean breaker\?/,
  );
});

test.each([
  [{ models: [{ replicas: [{ command: ["vllm"] }] }] }, /only `warmroute serve` starts processes/],
  [{ models: [{ apiKeyFile: "/run/key", replicas: [{ simulated }] }] }, /no platform.readFile/],
  [{ models: [{ policy: "./mine.mjs", replicas: [{ simulated }] }] }, /no platform.loadPolicy/],
  [{ models: [{ discovery: { file: { path: "a" } } }] }, /platform.discover, or a discovery of your own/],
] as const)("what only a platform can do is refused without one: %j", async (config, message) => {
  await expect(buildOpenAiApp({ ...quiet, ...(config as unknown as AppConfig) })).rejects.toThrow(message);
});

describe("a policy of one's own", () => {
  const first = (_: PolicyEnvironment, options: { place: number }): Policy => ({
    name: `place ${options.place}`,
    tree: null,
    choose: ({ candidates }) => ({
      replica: candidates[options.place]!,
      reason: "random",
      matchedChars: 0,
    }),
  });

  test("gets its options as a second parameter", async () => {
    const policy = first as unknown as (environment: PolicyEnvironment) => Policy;
    const app = await start({ models: [{ policy, policyOptions: { place: 1 }, replicas: [{ simulated, count: 2 }] }] });
    expect(app.models[0]!.router.route({ prompt: "hi" }).replica.id).toBe("replica-2");
  });

  test("is loaded by the platform, and made anew when its module has changed", async () => {
    let version = "1";
    const loadPolicy = async (path: string) => ({
      policy: () => ({ ...first({} as never, { place: 0 }), name: path + version }),
      version,
    });
    const config = { models: [{ policy: "./mine.mjs", replicas: [{ simulated }] }] };
    const app = await start(config, { loadPolicy });
    const { router } = app.models[0]!;
    expect(router.policy).toBe("./mine.mjs1");
    await app.update({ ...quiet, ...config });
    expect(app.models[0]!.router).toBe(router);
    version = "2";
    await app.update({ ...quiet, ...config });
    expect(app.models[0]!.router.policy).toBe("./mine.mjs2");
  });
});

describe("secrets", () => {
  test("of the replicas are sent to them, out of a file, a replica's own before its model's", async () => {
    const app = await start(
      {
        models: [
          {
            apiKeyFile: "/run/key",
            headers: { "X-Team": "a" },
            replicas: [{ url: "http://a" }, { url: "http://b", apiKey: "own", headers: { "x-team": "b" } }],
          },
        ],
      },
      { readFile: async (path) => `of ${path}\n` },
    );
    expect(app.models[0]!.router.replicas.map(({ headers }) => headers)).toEqual([
      { authorization: "Bearer of /run/key", "x-team": "a" },
      { authorization: "Bearer own", "x-team": "b" },
    ]);
  });

  test("an empty file is refused", async () => {
    const config = { ...quiet, models: [{ replicas: [{ simulated }] }], admin: { tokenFile: "/run/token" } };
    await expect(buildOpenAiApp(config, { readFile: async () => "\n" })).rejects.toThrow("/run/token is empty");
  });
});

describe("an update", () => {
  test("adds and removes replicas, and keeps the rest with what was sent to it", async () => {
    const app = await start({
      models: [
        {
          replicas: [
            { id: "a", simulated },
            { id: "b", simulated },
          ],
        },
      ],
    });
    await complete(app);
    const { router } = app.models[0]!;
    const known = router.tree!.tenantToCharCount;
    const owner = known.get("a") ? "a" : "b";
    const update = await app.update({
      ...quiet,
      models: [
        {
          replicas: [
            { id: owner, simulated },
            { id: "c", simulated },
          ],
        },
      ],
    });
    expect(update.changed).toMatchObject([{ added: ["c"], removed: [owner === "a" ? "b" : "a"], rebuilt: false }]);
    expect(app.models[0]!.router).toBe(router);
    expect(replicasOf(app)).toEqual([owner, "c"]);
    expect(router.tree!.tenantToCharCount.get(owner)).toBe(known.get(owner));
  });

  test("makes a policy anew while a stream that it has begun goes on to its end", async () => {
    const slow = { speed: 20 };
    const app = await start({ models: [{ replicas: [{ simulated: slow }] }] });
    const response = await complete(app, { stream: true, max_tokens: 50 });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    const before = app.models[0]!.router;
    const update = await app.update({ ...quiet, models: [{ policy: "kv_cost", replicas: [{ simulated: slow }] }] });
    expect(update.changed).toMatchObject([{ rebuilt: true, restarted: [] }]);
    expect(app.models[0]!.router).not.toBe(before);
    expect(before.leases).toBe(1);
    let text = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(before.leases).toBe(0);
    expect((await complete(app)).status).toBe(200);
  });

  describe("to another policy", () => {
    const PROMPTS = Array.from({ length: 6 }, (_, i) => `${i}: ${"a conversation of its own, ".repeat(20)}`);
    const replicas = ["a", "b", "c"].map((id) => ({ id, simulated }));

    /** Serves prompts by the first of them, then changes to the second. */
    async function change(before: Partial<ModelConfig>, after: Partial<ModelConfig>) {
      const app = await start({ replicaHeader: true, models: [{ replicas, ...before }] });
      const homes: (string | null)[] = [];
      for (const prompt of PROMPTS) {
        const { headers } = await complete(app, { prompt });
        homes.push(headers.get("x-warmroute-replica"));
      }
      const update = await app.update({ ...quiet, replicaHeader: true, models: [{ replicas, ...after }] });
      const { rebuilt, kept } = update.changed[0]!;
      return { app, homes, rebuilt, kept };
    }

    const of = PROMPTS.join("").length;

    test.each<[string, Partial<ModelConfig>, Partial<ModelConfig>]>([
      ["with other options", {}, { policyOptions: { matchRateThreshold: 0.5 } }],
      ["of another name", {}, { policy: "kv_cost" }],
      ["of another name", { policy: "cache_aware" }, { policy: "prefix_aware" }],
      ["of another seed", {}, { seed: 7 }],
      ["with another time to insert", {}, { insertAt: "accept" }],
    ])("%s keeps what is warm", async (_, before, after) => {
      const { app, homes, rebuilt, kept } = await change(before, after);
      expect({ rebuilt, kept }).toEqual({ rebuilt: true, kept: { chars: of, of, lost: null } });
      expect([...app.models[0]!.router.tree!.tenantToCharCount.keys()]).toEqual(["a", "b", "c"]);
      for (const [i, prompt] of PROMPTS.entries()) {
        const { headers } = await complete(app, { prompt: `${prompt}and its next turn` });
        expect(headers.get("x-warmroute-replica")).toBe(homes[i]);
        expect(Number(headers.get("x-warmroute-match"))).toBeGreaterThan(0.9);
      }
    });

    test("keeps what the new bounds have room for, the newest of it", async () => {
      const { app, kept } = await change({}, { policyOptions: { maxChars: of / 2 } });
      expect(kept).toMatchObject({ of, lost: null });
      expect(kept!.chars).toBeGreaterThan(0);
      expect(kept!.chars).toBeLessThanOrEqual(of / 2);
      const match = async (prompt: string) => (await complete(app, { prompt })).headers.get("x-warmroute-match");
      expect([await match(PROMPTS.at(-1)!), await match(PROMPTS[0]!)]).toEqual(["1.000", "0.000"]);
    });

    test.each<[string, Partial<ModelConfig>, Partial<ModelConfig>, string]>([
      ["one without a tree", {}, { policy: "pow_of_2" }, "pow_of_2 keeps no prefix tree"],
      ["one after one without a tree", { policy: "prefix_blocks" }, {}, "prefix_blocks keeps no prefix tree"],
      ["another rendering", {}, { rendering: "reference" }, "texts were rendered as structured"],
    ])("%s begins with nothing, and says why", async (_, before, after, lost) => {
      const { app, kept } = await change(before, after);
      expect(kept).toMatchObject({ chars: 0, lost });
      expect(app.models[0]!.router.tree?.stats().chars ?? 0).toBe(0);
    });

    test("keeps nothing of a replica that is gone with it", async () => {
      const { app, homes } = await change({}, { policy: "kv_cost", replicas: replicas.slice(1) });
      expect(homes).toContain("a");
      expect([...app.models[0]!.router.tree!.tenantToCharCount.keys()]).toEqual(["b", "c"]);
      const metrics = await (await app.fetch(new Request("http://app/metrics"))).text();
      expect(metrics).toContain('replica="b"');
      expect(metrics).not.toContain('replica="a"');
    });

    test("goes on with a tree that a policy from code brings along", async () => {
      const tree = new PrefixTree();
      const own = (name: string): Policy => ({
        name,
        tree,
        choose: ({ candidates }) => ({ replica: candidates[0]!, reason: "custom", matchedChars: 0 }),
        onReplicasChanged: ({ added }) => tree.addTenants(added),
        onRouted: ({ key, replica }) => tree.insert(key.text, replica.id),
      });
      const { kept } = await change({ policy: own("first") }, { policy: own("second") });
      expect(kept).toEqual({ chars: of, of, lost: null });
    });

    test("leaves a replica alone that is drained, until it is undrained", async () => {
      const admin = { tokenSha256: createHash("sha256").update("token").digest("hex") };
      const config = { ...quiet, admin, replicaHeader: true };
      const app = await start({ ...config, models: [{ replicas }] });
      const post = (path: string) =>
        app.fetch(
          new Request(`http://app/admin/${path}`, { method: "POST", headers: { authorization: "Bearer token" } }),
        );
      await post("replicas/a/drain");
      const update = await app.update({ ...config, models: [{ policy: "round_robin", replicas }] });
      expect(update.changed[0]!.rebuilt).toBe(true);
      const served = async () => {
        const names = new Set<string | null>();
        for (let i = 0; i < 6; i++) names.add((await complete(app)).headers.get("x-warmroute-replica"));
        return [...names].sort();
      };
      expect(await served()).toEqual(["b", "c"]);
      await post("replicas/a/undrain");
      expect(await served()).toEqual(["a", "b", "c"]);
    });
  });

  test("lets a removed replica end what it has before its server is stopped", async () => {
    const events: AppEvent[] = [];
    let onRemoved = () => {};
    const removed = new Promise<void>((resolve) => {
      onRemoved = resolve;
    });
    const app = await start(
      { models: [{ replicas: [{ id: "a", simulated: { speed: 20 } }] }] },
      {
        onEvent(event) {
          events.push(event);
          if (event.event === "replica_removed") onRemoved();
        },
      },
    );
    const response = await complete(app, { stream: true, max_tokens: 50 });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    await app.update({ ...quiet, models: [{ replicas: [{ id: "b", simulated }] }] });
    expect(replicasOf(app)).toEqual(["b"]);
    expect(events.map(({ event }) => event)).not.toContain("replica_removed");
    let text = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    expect(text).toMatch(/data: \[DONE\]\n\n$/);
    await removed;
    expect((await complete(app)).status).toBe(200);
  });

  test("that is wrong changes nothing", async () => {
    const app = await start({ models: [{ replicas: [{ simulated }] }] });
    const { router } = app.models[0]!;
    for (const wrong of [
      { models: [] },
      { models: [{ policy: "./mine.mjs", replicas: [{ simulated }] }] },
      { models: [{ policy: "pow_of_2" as const, replicas: [{ id: "replica-2", simulated }, { simulated }] }] },
    ]) {
      await expect(app.update({ ...quiet, ...wrong })).rejects.toThrow();
    }
    expect([app.models[0]!.router, replicasOf(app)]).toEqual([router, ["replica-1"]]);
    expect((await complete(app)).status).toBe(200);
  });

  test("models come and go", async () => {
    const app = await start({ models: [{ name: "a", replicas: [{ simulated }] }] });
    const update = await app.update({ ...quiet, models: [{ name: "b", replicas: [{ simulated }] }] });
    expect([update.added, update.removed]).toEqual([["b"], ["a"]]);
    expect(app.models.map(({ name }) => name)).toEqual(["b"]);
  });
});

describe("a discovery of one's own", () => {
  test("tells the replicas, beside those of the configuration, until it is left out", async () => {
    let tell: (replicas: readonly DiscoveredReplica[]) => void = () => {};
    let ended: AbortSignal | undefined;
    const discovery = {
      watch(onReplicas: typeof tell, signal: AbortSignal) {
        tell = onReplicas;
        ended = signal;
      },
    };
    const problems: string[] = [];
    const app = await start(
      { models: [{ replicas: [{ id: "own", url: "http://own" }], maxOngoingRequests: 7, discovery }] },
      { onEvent: (event) => event.event === "problem" && problems.push(event.message) },
    );
    tell([
      { id: "x", url: "http://x:1" },
      { id: "own", url: "http://x:2" },
    ]);
    expect(replicasOf(app)).toEqual(["own", "x"]);
    expect(problems).toEqual(["replica own was found, but there is one of that id already"]);
    expect(app.models[0]!.router.replicas[1]!.maxOngoingRequests).toBe(7);
    tell([]);
    expect(replicasOf(app)).toEqual(["own"]);
    tell([{ id: "y", url: "http://y" }]);
    await app.update({ ...quiet, models: [{ replicas: [{ id: "own", url: "http://own" }] }] });
    expect(replicasOf(app)).toEqual(["own"]);
    expect(ended!.aborted).toBe(true);
  });
});
