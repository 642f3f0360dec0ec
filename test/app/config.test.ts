import { describe, expect, test } from "vitest";
import { type AppConfig, buildOpenAiApp, configProblems, configSchema } from "../../src/app/index.js";
import { GATEWAY_DEFAULTS } from "../../src/gateway/index.js";
import { POLICIES } from "../../src/routing/index.js";
import { PROFILES } from "../../src/simulator/index.js";
import fc from "../properties.js";

const replicas = [{ url: "http://10.0.0.1:8000" }];

/** The messages about a configuration. */
function told(config: unknown): string[] {
  return configProblems(config).map(({ message }) => message);
}

describe("a configuration that is wrong", () => {
  test.each<[string, object, ...string[]]>([
    ["no models", {}, "models is missing; it must be a list"],
    ["an empty list of them", { models: [] }, "models must not be an empty list"],
    [
      "a number that is a text",
      { models: [{ replicas }], timeouts: { idleMs: "60s" } },
      'timeouts.idleMs must be a number, from 1 to 2147483647, not "60s"',
    ],
    [
      "a number out of its range",
      { models: [{ replicas }], retries: { budget: 2 } },
      "retries.budget must be a number, from 0 to 1, not 2",
    ],
    [
      "part of a number",
      { models: [{ replicas }], retries: { maxTries: 1.5 } },
      "retries.maxTries must be a whole number, 1 or more, not 1.5",
    ],
    [
      "a word that there is not",
      { models: [{ replicas, insertAt: "later" }] },
      'models[0].insertAt must be "choice" or "accept", not "later"',
    ],
    [
      "an unknown key that is near to one that there is",
      { models: [{ replicas }], drain_timeout_secs: 5 },
      'unknown key "drain_timeout_secs"; did you mean drainTimeoutSecs?',
    ],
    [
      "an unknown key that is near to none",
      { models: [{ replicas }], log: { colour: true } },
      'unknown key "colour" in log; there are format, requests, sample, file',
    ],
    [
      "an option of another policy",
      { models: [{ replicas, policy: "pow_of_2", policyOptions: { matchRateThreshold: 0.2 } }] },
      'unknown key "matchRateThreshold" in models[0].policyOptions; there are none',
    ],
    [
      "an option of a policy out of its range",
      { models: [{ replicas, policyOptions: { matchRateThreshold: 2 } }] },
      "models[0].policyOptions.matchRateThreshold must be a number, from 0 to 1, not 2",
    ],
    [
      "options of a policy that do not go together",
      { models: [{ replicas, policyOptions: { evictionTargetChars: 500_000 } }] },
      "models[0].policyOptions cannot be: evictionTargetChars must be at most evictionThresholdChars (400000), not 500000",
    ],
    [
      "a policy that there is not",
      { models: [{ replicas, policy: "best" }] },
      `models[0].policy must be one of ${Object.keys(POLICIES).join(", ")}, or the path of a module as ./my-policy.mjs, not "best"`,
    ],
    [
      "a replica of two kinds",
      { models: [{ replicas: [{ url: "http://a", simulated: {} }] }] },
      "models[0].replicas[0] must have exactly one of url, simulated, command, not url and simulated",
    ],
    [
      "a replica of none",
      { models: [{ replicas: [{ id: "a" }] }] },
      "models[0].replicas[0] must have exactly one of url, simulated, command, not none",
    ],
    [
      "an address with /v1",
      { models: [{ replicas: [{ url: "http://10.0.0.1/v1/" }] }] },
      'models[0].replicas[0].url must be an http or https address without credentials, query, fragment and /v1, not "http://10.0.0.1/v1/"',
    ],
    [
      "two replicas of one id",
      { models: [{ replicas: [{ url: "http://a:1" }, { id: "a:1", url: "http://b" }] }] },
      'models[0].replicas[1].id must be different from the others, not "a:1" again',
    ],
    [
      "what is for a command only",
      { models: [{ replicas: [{ url: "http://a", env: { A: "b" } }] }] },
      "models[0].replicas[0].env is for a command only",
    ],
    ["nowhere to send to", { models: [{ name: "a" }] }, "models[0] must have replicas, or a discovery that finds them"],
    [
      "several models, one without a name",
      { models: [{ name: "a", replicas }, { replicas }] },
      "models[1] must have a name, since there are several models",
    ],
    [
      "two models of one name",
      {
        models: [
          { name: "a", replicas },
          { name: "a", replicas },
        ],
      },
      'models[1].name must be different from the others, not "a" again',
    ],
    [
      "mappings in place of names, that cannot be made texts",
      {
        models: [
          { replicas: [{ simulated: { profile: { toString: 1 } } }], policy: { toString: 1 }, policyOptions: {} },
        ],
      },
      `models[0].policy must be one of ${Object.keys(POLICIES).join(", ")}, or the path of a module as ./my-policy.mjs, not a mapping`,
      `models[0].replicas[0].simulated.profile must be ${Object.keys(PROFILES).join(" or ")}, not a mapping`,
    ],
    [
      "a list in place of a name",
      { models: [{ replicas: [{ simulated: { profile: [Object.keys(PROFILES)[0]] } }] }] },
      `models[0].replicas[0].simulated.profile must be ${Object.keys(PROFILES).join(" or ")}, not a list`,
    ],
    [
      "two discoveries",
      { models: [{ discovery: { dns: { name: "a", port: 1 }, file: { path: "b" } } }] },
      "models[0].discovery must have exactly one of dns, file, kubernetes, not dns and file",
    ],
    [
      "addresses without a port",
      { models: [{ discovery: { dns: { name: "a" } } }] },
      "models[0].discovery.dns must have a port, which only SRV records tell",
    ],
    [
      "true where false or a mapping is meant",
      { models: [{ replicas }], breaker: true },
      "breaker must be false or a mapping with failures, openMs, halfOpenRequests, not true",
    ],
    [
      "a wrong key in such a mapping",
      { models: [{ replicas }], health: { period: 5 } },
      'unknown key "period" in health; there are path, intervalMs, timeoutMs, unhealthyAfter, healthyAfter',
    ],
  ])("%s", (_, config, ...messages) => {
    expect(told(config)).toEqual(messages);
  });

  test("is told as a whole, not one mistake at a time", () => {
    const config = {
      lisen: { port: 1 },
      models: [{ replicas: [{}], policyOptions: { spil: "none" } }],
      keys: [{ name: "a", key: 5 }],
    };
    expect(told(config)).toHaveLength(4);
  });

  test("no message shows a secret", () => {
    const secret = "sk-4d1f";
    const wrong = {
      admin: { token: [secret] },
      keys: [
        { name: "a", key: { value: secret } },
        { name: "b", sha256: "x", key: secret },
      ],
      models: [{ apiKey: 12345, headers: { authorization: 12345 }, replicas }],
    };
    expect(told(wrong)).toHaveLength(6);
    expect(told(wrong).join()).not.toMatch(/sk-4d1f|12345/);
  });
});

test("whatever is given, what is wrong is told: never an exception, never nothing where it cannot run", () => {
  const keys = fc.constantFrom(
    "models",
    "replicas",
    "policy",
    "policyOptions",
    "simulated",
    "profile",
    "url",
    "name",
    "listen",
    "keys",
    "breaker",
    "x",
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), fc.array(tie("value")), fc.dictionary(keys, tie("value"))),
  }));
  fc.assert(
    fc.property(value, (config) => {
      const problems = configProblems(config);
      for (const { message } of problems) expect(message).not.toMatch(/undefined|\[object/);
      if (problems.length === 0) expect((config as unknown as AppConfig).models.length).toBeGreaterThan(0);
    }),
  );
});

describe("the JSON Schema", () => {
  const schema = configSchema() as Part;

  test("says of every key what it is", () => {
    const bare = [...parts(schema)].filter(([, part]) => part.description === undefined).map(([path]) => path);
    expect(bare).toEqual([]);
  });

  test("has the gateway's own defaults", () => {
    const defaults = (part: Part): object =>
      Object.fromEntries(
        Object.entries(part.properties ?? {}).flatMap(([name, each]) =>
          each.default === undefined ? [] : [[name, each.default]],
        ),
      );
    for (const [name, value] of Object.entries(GATEWAY_DEFAULTS)) {
      const part = schema.properties![name]!;
      const ours = typeof value === "object" ? defaults(part.anyOf?.[0] ?? part) : part.default;
      expect({ [name]: ours }).toEqual({ [name]: value });
    }
  });

  test("every default that it tells is accepted where it is used: by the router and the gateway", async () => {
    const { models, ...gateway } = defaultsOf(schema) as Record<string, object>;
    const model = { ...defaultsOf(schema.properties!.models!.items!), name: "a", replicas: [{ simulated: {} }] };
    expect(models).toBeUndefined();
    expect(Object.keys(gateway).length).toBeGreaterThan(10);
    const config = { ...gateway, models: [model] } as AppConfig;
    await (await buildOpenAiApp(config)).close();
  });

  test("has the options of each policy", () => {
    const rules = (schema.properties!.models!.items!.allOf ?? []) as { if: Part; then: Part }[];
    const options = Object.fromEntries(
      rules.map((rule) => [
        rule.if.properties!.policy!.const,
        Object.keys(rule.then.properties!.policyOptions!.properties ?? {}),
      ]),
    );
    expect(options).toEqual(
      Object.fromEntries(Object.entries(POLICIES).map(([name, policy]) => [name, Object.keys(policy.options)])),
    );
  });
});

/** A value that has every default of the schema, in mappings within mappings; lists are left out. */
function defaultsOf({ properties = {} }: Part): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, part]) => {
      if (part.default !== undefined) return [[name, part.default]];
      const inner = part.properties === undefined ? part.anyOf?.find((each) => each.properties) : part;
      if (inner === undefined) return [];
      const values = defaultsOf(inner);
      return Object.keys(values).length === 0 || name === "discovery" ? [] : [[name, values]];
    }),
  );
}

interface Part {
  description?: string;
  default?: unknown;
  const?: string;
  properties?: Record<string, Part>;
  items?: Part;
  anyOf?: Part[];
  allOf?: unknown[];
}

function* parts(part: Part, path = ""): Generator<[string, Part]> {
  yield [path, part];
  for (const [name, each] of Object.entries(part.properties ?? {})) yield* parts(each, `${path}.${name}`);
  if (part.items !== undefined) yield* parts(part.items, `${path}[]`);
}
