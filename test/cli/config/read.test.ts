import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/cli/config/read.js";
import fc from "../../properties.js";
import { folder } from "../files.js";

/** What is read of a file of that text. */
async function read(text: string, environment: Record<string, string> = {}, name = "config.yaml") {
  const path = folder({ [name]: text });
  const { config, files } = await readConfig(join(path, name), environment);
  return { config, files: files.map((file) => file.replace(`${path}/`, "")), path };
}

/** The lines that are told of it, without the folder. */
async function told(text: string, environment: Record<string, string> = {}, name = "config.yaml"): Promise<string[]> {
  const path = folder({ [name]: text });
  const error: Error = await readConfig(join(path, name), environment).then(
    () => new Error("it is right"),
    (refusal) => refusal,
  );
  return error.message.replaceAll(`${path}/`, "").split("\n");
}

describe("what is wrong is told with file, line and column", () => {
  test("a value", async () => {
    const text = "models:\n  - replicas:\n      - url: http://a\n        maxOngoingRequests: many\n";
    expect(await told(text)).toEqual([
      'config.yaml:4:29: models[0].replicas[0].maxOngoingRequests must be a whole number, 1 or more, not "many"',
    ]);
  });

  test("a key, at the key", async () => {
    expect(await told("models: [{ replicas: [{ url: http://a }] }]\nretrys: { maxTries: 2 }\n")).toEqual([
      'config.yaml:2:1: unknown key "retrys"; did you mean retries?',
    ]);
  });

  test("something missing, where it is missing", async () => {
    expect(await told("models:\n  - replicas:\n      - id: a\n")).toEqual([
      "config.yaml:3:9: models[0].replicas[0] must have exactly one of url, simulated, command, not none",
    ]);
    expect(await told("keys:\n  - key: a\nmodels: [{ replicas: [] }]\n")).toEqual([
      "config.yaml:2:5: keys[0].name is missing; it must be a text",
    ]);
  });

  test("a name that a model has already, at the alias; an alias of a model without a name", async () => {
    const text = `models:
  - name: small
    aliases: [tiny, large]
    replicas: [{ url: http://a }]
  - name: large
    aliases: [tiny, ""]
    replicas: [{ url: http://b }]
`;
    expect(await told(text)).toEqual([
      'config.yaml:6:21: models[1].aliases[1] must be a text, not ""',
      'config.yaml:3:21: models[0].aliases[1] must be different from all names and other aliases, not "large" again',
      'config.yaml:6:15: models[1].aliases[0] must be different from all names and other aliases, not "tiny" again',
    ]);
    expect(await told("models:\n  - aliases: [tiny]\n    replicas: [{ url: http://a }]\n")).toEqual([
      "config.yaml:2:14: models[0].aliases is for a model with a name only",
    ]);
  });

  test("a proxy by a name in place of an address", async () => {
    expect(await told("models: [{ replicas: [] }]\ntrustedProxies:\n  - 10.0.0.0/8\n  - balancer\n")).toEqual([
      'config.yaml:4:5: trustedProxies[1] must be an IP address or a network as 10.0.0.0/8, not "balancer"',
    ]);
  });

  test("all of it, in lines of their own", async () => {
    expect(await told("models: []\nlog: { format: xml }\n")).toEqual([
      "config.yaml:1:9: models must not be an empty list",
      'config.yaml:2:16: log.format must be "text" or "json", not "xml"',
    ]);
  });

  test("JSON too", async () => {
    const text = '{\n  "models": [\n    { "replicas": [{ "url": 5 }] }\n  ]\n}\n';
    expect(await told(text, {}, "config.json")).toEqual([
      "config.json:3:29: models[0].replicas[0].url must be an http or https address without credentials, query, fragment and /v1, not 5",
    ]);
  });

  test.each([
    ["a key twice", "models: []\nmodels: []\n", /^config.yaml:2:1: .*keys must be unique/],
    ["no YAML", "models: [\n", /^config.yaml:\d+:\d+: /],
    ["two documents", "models: []\n---\nmodels: []\n", /^config.yaml:2:1: .*multiple documents/],
    ["a tag that means nothing here", "models: !secret a\n", /^config.yaml:1:9: .*!secret/],
    ["nothing", "", /^config.yaml:1:1: it must be a mapping with /],
  ])("%s", async (_, text, message) => {
    expect((await told(text))[0]).toMatch(message);
  });

  test("a file that is named and is not there", async () => {
    expect(await told("models:\n  - apiKeyFile: key.txt\n    replicas: [{ url: http://a }]\n")).toEqual([
      "config.yaml:2:17: key.txt cannot be read",
    ]);
  });
});

describe("the environment", () => {
  const models = "models: [{ replicas: [{ url: http://a }] }]\n";

  test("takes the place of variables; a number or a flag only where one is accepted", async () => {
    const text = `
listen: { host: "\${HOST:-0.0.0.0}", port: "\${PORT}" }
replicaHeader: \${HEADER}
keys: [{ name: a, key: "\${KEY}" }]
models: [{ name: 'of \${TEAM} and $\${TEAM}', replicas: [{ url: http://a }] }]
`;
    const { config } = await read(text, { PORT: "8080", HEADER: "true", KEY: "12345", TEAM: "us" });
    expect(config.listen).toEqual({ host: "0.0.0.0", port: 8080 });
    expect(config.replicaHeader).toBe(true);
    expect(config.keys).toEqual([{ name: "a", key: "12345" }]);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file is to say.
    expect(config.models[0]!.name).toBe("of us and ${TEAM}");
  });

  test("a text comes in as it is, whatever YAML would make of it", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file is to say.
    const text = 'models: [{ name: "${NAME}", replicas: [] }]\n';
    const path = folder({ "config.yaml": text });
    const any = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom("1", "true", "null", "- a", "$" + "{X}", "a: b", '"', "\n"),
    );
    await fc.assert(
      fc.asyncProperty(any, async (name) => {
        const { config } = await readConfig(join(path, "config.yaml"), { NAME: name });
        expect(config.models[0]!.name).toBe(name);
      }),
    );
  });

  test("in JSON too, where every text has quotes", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what the file is to say.
    const text = '{ "listen": { "port": "${PORT}" }, "models": [{ "replicas": [] }] }';
    expect((await read(text, { PORT: "81" }, "config.json")).config.listen).toEqual({ port: 81 });
  });

  test("a variable that is not set is told with its place; an empty one has its default", async () => {
    expect(await told(`${models}admin: { token: "\${TOKEN}" }\nlisten: { host: "\${HOST}" }\n`)).toEqual([
      "config.yaml:2:17: the environment has no TOKEN",
      "config.yaml:3:17: the environment has no HOST",
    ]);
    const { config } = await read(`${models}listen: { host: "\${HOST:-::1}" }\n`, { HOST: "" });
    expect(config.listen).toEqual({ host: "::1" });
  });

  test("a value cannot bring keys or lists with it", async () => {
    const { config } = await read(`${models}listen:\n  host: \${HOST}\n`, { HOST: "[a, b]" });
    expect(config.listen).toEqual({ host: "[a, b]" });
  });

  test("an unquoted one inside of braces is no YAML, and the reason is told", async () => {
    expect(await told(`${models}listen: { port: \${PORT} }\n`)).toEqual([
      expect.stringMatching(/^config.yaml:2:18: .*; a variable inside of \{ \} or \[ \] needs quotes$/),
    ]);
  });

  test("a variable with a wrong value is told as any other", async () => {
    expect(await told(`${models}listen:\n  port: \${PORT}\n`, { PORT: "http" })).toEqual([
      'config.yaml:3:9: listen.port must be a whole number, from 0 to 65535, not "http"',
    ]);
  });
});

test("anchors, merge keys and x- keys: parts that are written once", async () => {
  const { config } = await read(`
x-replica: &small { simulated: { speed: 10 }, maxOngoingRequests: 20 }
models:
  - name: a
    replicas: [*small, { <<: *small, maxOngoingRequests: 5 }]
`);
  expect(config).toEqual({
    models: [
      {
        name: "a",
        replicas: [
          { simulated: { speed: 10 }, maxOngoingRequests: 20 },
          { simulated: { speed: 10 }, maxOngoingRequests: 5 },
        ],
      },
    ],
  });
});

test("paths count from the file's folder, and the files are told, to be watched", async () => {
  const path = folder({
    "etc/config.yaml": `
admin: { tokenFile: token }
models:
  - policy: ../policies/mine.mjs
    replicas: [{ command: [serve], cwd: bin }, { command: [serve] }]
    discovery: { file: { path: replicas.yaml } }
`,
    "etc/token": "t",
    "policies/mine.mjs": "",
  });
  const { config, files } = await readConfig(join(path, "etc/config.yaml"), {});
  expect(files).toEqual(["etc/config.yaml", "etc/token", "policies/mine.mjs"].map((file) => join(path, file)));
  expect(config.models[0]).toMatchObject({
    policy: join(path, "policies/mine.mjs"),
    replicas: [{ cwd: join(path, "etc/bin") }, { cwd: join(path, "etc") }],
    discovery: { file: { path: join(path, "etc/replicas.yaml") } },
  });
});
