import { isNetwork } from "../protocol/index.js";
import { modelShape } from "./model-shape.js";
import {
  jsonSchemaOf,
  list,
  mapping,
  mappingsOf,
  oneKeyOf,
  optionsOf,
  orFalse,
  type Problem,
  type Shape,
  text,
  value,
} from "./shape.js";
import * as tables from "./tables.js";

/** A whole configuration. Made on first use. */
export function configShape(): Shape {
  shape ??= makeConfig();
  return shape;
}

/** The JSON Schema (2020-12) of a configuration file, for editors. */
export function configSchema(): object {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: SCHEMA_ADDRESS,
    title: "Configuration of warmroute serve",
    ...jsonSchemaOf(configShape()),
  };
}

const SCHEMA_ADDRESS = "https://unpkg.com/warmroute/schema/config.schema.json";

let shape: Shape | undefined;

function makeConfig(): Shape {
  return mapping(
    "Models, their replicas and the gateway in front of them.",
    {
      $schema: text("the address of a schema", { description: "The address of this schema, for editors." }),
      listen: mapping("Where it listens. It cannot change while it runs.", {
        host: text("a host or an address", { description: "Host or address.", default: "127.0.0.1" }),
        ...optionsOf(tables.LISTEN),
      }),
      tls: mapping(
        "Makes it listen by TLS. The files are read anew when they change.",
        { cert: file("Certificate chain in PEM."), key: file("Private key in PEM.") },
        { required: ["cert", "key"] },
      ),
      models: list(modelShape(), { description: "The models that are served." }, 1),
      admin: mapping(
        "Opens `/admin` to who has the token, which is told by one of these keys. Left out: there is no `/admin`.",
        {
          token: text("a text", { description: "The token; better from the environment." }),
          tokenFile: file("File with the token."),
          tokenSha256: sha256("the token"),
        },
        oneKeyOf(["token", "tokenFile", "tokenSha256"]),
      ),
      keys: list(keyShape(), { description: "Who may ask. Left out: everybody." }, 1),
      ...optionsOf(tables.LIMITS),
      trustedProxies: list(networkShape(), {
        description:
          "Proxies in front of the gateway: what they say in X-Forwarded-For counts as the client's address. Left out: none is believed.",
      }),
      timeouts: mapping("How long things may take.", optionsOf(tables.TIMEOUTS)),
      upstream: mapping(
        "Connections to the replicas. A certificate of one's own proves who asks (mTLS).",
        {
          ca: file("Certificates in PEM of the authorities that are trusted. Left out: the system's."),
          cert: file("The gateway's certificate chain in PEM."),
          key: file("Its private key in PEM."),
          servername: text("a name", {
            description: "Name that the replicas' certificates must have. Left out: that of their address.",
          }),
          ...optionsOf(tables.UPSTREAM),
        },
        {
          check({ cert, key }, problem) {
            if ((cert === undefined) !== (key === undefined))
              problem([], "must have both cert and key, or none of them");
          },
        },
      ),
      retries: mapping("When a request is sent to another replica.", {
        ...optionsOf(tables.RETRIES),
        statuses: list(statusShape(), {
          description: "Statuses of answers after which another replica is tried.",
          default: [408, 429, 500, 502, 503, 504],
        }),
      }),
      breaker: orFalse(
        "A replica that fails gets no requests for a while; `false`: it does.",
        optionsOf(tables.BREAKER),
      ),
      health: orFalse("How replicas are asked whether they live; `false`: not at all.", {
        path: path("/health"),
        ...optionsOf(tables.HEALTH),
      }),
      load: orFalse("How replicas are asked for their load; `false`: not at all.", {
        path: path("/metrics"),
        ...optionsOf(tables.LOAD),
      }),
      coldCache: orFalse(
        "A replica whose answers contradict the tree has lost its cache, and its texts are forgotten; `false`: never.",
        optionsOf(tables.COLD_CACHE),
      ),
      ...optionsOf(tables.STOP),
      ...optionsOf(tables.TRACING),
      log: mapping("What is printed.", {
        ...optionsOf(tables.LOG),
        file: text("the path of a file", {
          description:
            "Where the lines of requests are appended. It is opened anew on SIGHUP. Left out: the standard output.",
        }),
      }),
    },
    {
      required: ["models"],
      // For anchors: a file's reader takes them away.
      more: { patternProperties: { "^x-": {} } },
      check({ models, keys }, problem) {
        checkNames("models", models, problem);
        checkNames("keys", keys, problem);
        checkAliases(models, problem);
      },
    },
  );
}

function keyShape(): Shape {
  const exactlyOne = oneKeyOf(["key", "keyFile", "sha256"]);
  return mapping(
    "A client's key, told by one of `key`, `keyFile` and `sha256`, and what it may do.",
    {
      name: text("a text", { description: "Whose it is, in logs and metrics." }),
      key: text("a text", { description: "The key; better from the environment." }),
      keyFile: file("File with the key."),
      sha256: sha256("the key"),
      ...optionsOf(tables.KEY),
    },
    { required: ["name"], ...exactlyOne },
  );
}

function networkShape(): Shape {
  const about = { description: "Their address, or a network of them (CIDR).", type: "string" };
  return value(isNetwork, "an IP address or a network as 10.0.0.0/8", about);
}

function statusShape(): Shape {
  const is = (given: unknown) => Number.isInteger(given) && (given as number) >= 400 && (given as number) <= 599;
  const about = { description: "A status.", type: "integer", minimum: 400, maximum: 599 };
  return value(is, "a status, from 400 to 599", about);
}

/** Keys of clients too have names, none twice. */
function checkNames(list: "models" | "keys", given: unknown, problem: Problem): void {
  const all = mappingsOf(given);
  const names = new Set<unknown>();
  for (const [at, { name }] of all) {
    if (names.has(name) && name !== undefined) {
      problem([list, at, "name"], `must be different from the others, not ${JSON.stringify(name)} again`);
    }
    names.add(name);
    if (list === "models" && name === undefined && all.length > 1) {
      problem([list, at], "must have a name, since there are several models");
    }
  }
}

/** An alias is nobody else's, and no model's name. */
function checkAliases(models: unknown, problem: Problem): void {
  const all = mappingsOf(models);
  const names = new Set<unknown>(all.map(([, { name }]) => name));
  for (const [at, { aliases }] of all) {
    if (!Array.isArray(aliases)) continue;
    aliases.forEach((alias: unknown, i) => {
      if (names.has(alias)) {
        const path = ["models", at, "aliases", i];
        problem(path, `must be different from all names and other aliases, not ${JSON.stringify(alias)} again`);
      }
      names.add(alias);
    });
  }
}

function file(description: string): Shape {
  return text("the path of a file", { description });
}

function path(fallback: string): Shape {
  return text("a path that begins with /", { description: "Path on the replica.", default: fallback, pattern: "^/" });
}

function sha256(of: string): Shape {
  return text("64 hexadecimal digits", {
    description: `SHA-256 of ${of}, in hexadecimal.`,
    pattern: "^[0-9a-fA-F]{64}$",
  });
}
