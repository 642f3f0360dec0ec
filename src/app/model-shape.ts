import { type OptionTable, POLICIES, type PolicyName } from "../routing/index.js";
import { PROFILES } from "../simulator/index.js";
import {
  isMapping,
  jsonSchemaOf,
  list,
  mapping,
  mappingsOf,
  oneKeyOf,
  optionsOf,
  type Problem,
  type Shape,
  text,
  texts,
  type Values,
  value,
} from "./shape.js";
import * as tables from "./tables.js";

const MODULE_PATH = /[\\/]|\.[cm]?[jt]s$/;

/** Told from a policy's name by a slash or by its ending. */
export function isModulePath(policy: string): boolean {
  return MODULE_PATH.test(policy);
}

export function modelShape(): Shape {
  const names = Object.keys(POLICIES);
  const oneKey = oneKeyOf(["apiKey", "apiKeyFile"], true);
  const isPolicy = (given: unknown) => typeof given === "string" && (names.includes(given) || isModulePath(given));
  return mapping(
    "A model: who serves it, and how a replica is chosen.",
    {
      name: text("a text", {
        description:
          "As requests have it. Where there is one model only it may be left out: that one gets all requests.",
      }),
      aliases: list(text("a text", { description: "A name." }), {
        description:
          "Other names that requests may have for it. They share its cache, and replicas are asked by `servedName`. An adapter is no alias.",
      }),
      servedName: text("a text", {
        description:
          "The name that its replicas know it by: it takes the place of any other one in the body. Left out: its `name`.",
      }),
      policy: value(isPolicy, `one of ${names.join(", ")}, or the path of a module as ./my-policy.mjs`, {
        description: "How a replica is chosen: by a policy's name, or by the path of a module that exports one.",
        default: "prefix_aware",
        anyOf: [
          ...names.map((name) => ({ const: name, description: POLICIES[name as PolicyName].about })),
          { type: "string", pattern: MODULE_PATH.source },
        ],
      }),
      policyOptions: value((given) => typeof given === "object" && given !== null, "a mapping of options", {
        description: "The policy's options. A module's function gets them as its second parameter.",
        type: "object",
      }),
      ...optionsOf(tables.ROUTER),
      backoff: mapping("The waits of a request that replicas reject.", optionsOf(tables.BACKOFF)),
      locality: mapping("Where this gateway runs: replicas on its node come first, then those in its zone.", {
        node: text("a text", { description: "The machine." }),
        zone: text("a text", { description: "The zone." }),
      }),
      ...optionsOf(tables.PLACES),
      ...upstream(),
      replicas: list(replicaShape(), { description: "Its replicas." }),
      discovery: discoveryShape(),
    },
    {
      more: { ...oneKey.more, allOf: policyRules() },
      check(given, problem) {
        oneKey.check?.(given, problem);
        checkPolicyOptions(given, problem);
        for (const other of ["aliases", "servedName"]) {
          if (given.name === undefined && given[other] !== undefined)
            problem([other], "is for a model with a name only");
        }
        if (given.replicas === undefined && given.discovery === undefined) {
          problem([], "must have replicas, or a discovery that finds them");
        }
        checkIds(given.replicas, problem);
      },
    },
  );
}

/** One that discovery has found: a `url`, which nobody starts. Made on first use. */
export function foundReplicaShape(): Shape {
  foundShape ??= replicaShape(true);
  return foundShape;
}

let foundShape: Shape | undefined;

function replicaShape(found = false): Shape {
  const kinds = oneKeyOf(["url", "simulated", "command"]);
  const oneKey = oneKeyOf(["apiKey", "apiKeyFile"], true);
  const common = {
    id: text("a text", {
      description: "Names it. Left out: host and port of its url, or replica-1 and so on by its place.",
    }),
    url: text("an http or https address without credentials, query, fragment and /v1", {
      description: "Of a server that runs already, without /v1.",
      pattern: "^[hH][tT][tT][pP][sS]?://(?!.*/v1/*$)[^?#@\\s/][^?#@\\s]*$",
    }),
    ...optionsOf(tables.PLACES),
    ...upstream(),
    labels: texts({ description: "What requests can ask for." }),
    models: list(text("a text", { description: "A name." }), {
      description: "The models (adapters) that it serves, where not all replicas serve the same.",
    }),
    node: text("a text", { description: "The machine that it runs on, for `locality`." }),
    zone: text("a text", { description: "The zone that it runs in, for `locality`." }),
  };
  if (found) return mapping("A replica.", common, { required: ["url"], ...oneKey });
  return mapping(
    "A replica: one of `url`, `simulated` and `command`.",
    {
      ...common,
      simulated: mapping("It behaves like vLLM, without a model.", {
        profile: value((given) => Object.keys(PROFILES).includes(given as string), Object.keys(PROFILES).join(" or "), {
          description: "GPU and model.",
          enum: Object.keys(PROFILES),
          default: Object.keys(PROFILES)[0],
        }),
        ...optionsOf(tables.SIMULATED),
      }),
      command: list(
        text("a text", { description: "A word." }),
        {
          description:
            "Program and arguments of a server that is started, without a shell; {port} and {id} are put in.",
        },
        1,
      ),
      ...optionsOf(tables.COPIES),
      env: texts({ description: "More environment of the command." }),
      cwd: text("the path of a folder", {
        description: "Folder that the command runs in. Left out: the configuration's.",
      }),
      ...optionsOf(tables.SPAWN),
      ready: mapping("A started server is ready when this path answers with a status below 400.", {
        path: text("a path that begins with /", { description: "Path.", default: "/health", pattern: "^/" }),
        ...optionsOf(tables.READY),
      }),
    },
    {
      more: { allOf: [kinds.more, oneKey.more] },
      check(given, problem) {
        kinds.check?.(given, problem);
        oneKey.check?.(given, problem);
        if (given.command === undefined) {
          for (const name of ["env", "cwd", "port", "ready", "stopTimeoutMs"]) {
            if (given[name] !== undefined) problem([name], "is for a command only");
          }
        }
        if (given.count === undefined) return;
        if (given.url !== undefined) problem(["count"], "is not for a url");
        if (given.port !== undefined) problem(["port"], "cannot be the same for several");
      },
    },
  );
}

function upstream(): Record<string, Shape> {
  return {
    headers: texts({ description: "Headers that the replicas get, over those of the client." }),
    apiKey: text("a text", {
      description: "Key for the replicas (Authorization: Bearer); better from the environment.",
    }),
    apiKeyFile: text("the path of a file", { description: "File with that key." }),
  };
}

function discoveryShape(): Shape {
  const scheme = value((given) => given === "http" || given === "https", '"http" or "https"', {
    description: "Of the replicas' addresses.",
    enum: ["http", "https"],
    default: "http",
  });
  const port = optionsOf(tables.REPLICA_PORT).port!;
  return mapping(
    "More replicas, which come and go: found by one of these.",
    {
      dns: mapping(
        "The addresses of a name.",
        {
          name: text("a name", { description: "As `vllm.default.svc.cluster.local`, or `_http._tcp.vllm` for SRV." }),
          port,
          scheme,
          ...optionsOf(tables.DNS),
          servers: list(text("an address", { description: "As `10.0.0.2` or `127.0.0.1:5353`." }), {
            description: "Name servers. Left out: the system's.",
          }),
        },
        {
          required: ["name"],
          check({ records = "A", port: given }, problem) {
            if (records !== "SRV" && given === undefined) problem([], "must have a port, which only SRV records tell");
          },
        },
      ),
      file: mapping(
        "A file that is watched.",
        {
          path: text("the path of a file", {
            description: "With a list in YAML or JSON: urls, or mappings as under `replicas`.",
          }),
        },
        { required: ["path"] },
      ),
      kubernetes: mapping(
        "The ready endpoints of a service (EndpointSlices).",
        {
          service: text("a name", { description: "Name of the service." }),
          namespace: text("a name", { description: "Left out: the pod's own." }),
          port: value(isPort, "a port's name or number", {
            description: "Name or number of a port of the endpoints. It may be left out where they have one only.",
            type: ["string", "integer"],
          }),
          scheme,
          server: text("an http or https address", {
            description: "Of the API. Left out: as a pod's environment tells it.",
            pattern: "^https?://",
          }),
          tokenFile: text("the path of a file", { description: "Token. Left out: the service account's." }),
          caFile: text("the path of a file", { description: "CA of the API. Left out: the service account's." }),
        },
        { required: ["service"] },
      ),
    },
    oneKeyOf(["dns", "file", "kubernetes"]),
  );
}

function isPort(given: unknown): boolean {
  if (typeof given === "string") return given !== "";
  return Number.isInteger(given) && (given as number) >= 1 && (given as number) <= 65_535;
}

function policyOptionsShape(policy: PolicyName): Shape {
  const { about, options } = POLICIES[policy];
  return mapping(about, optionsOf(options as OptionTable));
}

/** Which options `policyOptions` may have depends on `policy`. */
function policyRules(): object[] {
  return (Object.keys(POLICIES) as PolicyName[]).map((policy) => {
    const options = jsonSchemaOf(policyOptionsShape(policy));
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    return { if: { properties: { policy: { const: policy } } }, then: { properties: { policyOptions: options } } };
  });
}

function checkPolicyOptions(given: Values, problem: Problem): void {
  const { policy = "prefix_aware", policyOptions } = given;
  if (!isMapping(policyOptions) || typeof policy !== "string" || !Object.hasOwn(POLICIES, policy)) return;
  const { error } = policyOptionsShape(policy as PolicyName).safeParse(policyOptions);
  for (const issue of error?.issues ?? []) {
    const path = ["policyOptions", ...issue.path];
    problem(path, issue.message, issue.code === "unrecognized_keys" ? issue.keys : undefined);
  }
  if (error !== undefined) return;
  try {
    POLICIES[policy as PolicyName].check?.(policyOptions);
  } catch (cause) {
    problem(["policyOptions"], `cannot be: ${(cause as Error).message}`);
  }
}

function checkIds(replicas: unknown, problem: Problem): void {
  const ids = new Set<unknown>();
  for (const [at, { id, url }] of mappingsOf(replicas)) {
    const named = id ?? hostOf(url);
    if (named === undefined) continue;
    if (ids.has(named)) {
      const path = ["replicas", at, id === undefined ? "url" : "id"];
      problem(path, `must be different from the others, not ${JSON.stringify(named)} again`);
    }
    ids.add(named);
  }
}

function hostOf(url: unknown): string | undefined {
  return typeof url === "string" && URL.canParse(url) ? new URL(url).host : undefined;
}
