import { expect, test } from "vitest";
import { createGateway, type GatewayOptions } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";

const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a", url: "http://127.0.0.1:1" }] });

test.each<[string, object, typeof TypeError | typeof RangeError, RegExp]>([
  ["no router", {}, TypeError, /exactly one of router and models must be given, not none/],
  ["two of them", { router, models: { m: router } }, TypeError, /exactly one of router and models/],
  ["no model", { models: {} }, RangeError, /models must name a model/],
  ["a model without a name", { models: { "": router } }, RangeError, /models must be named/],
  ["a model that is none", { models: { m: {} } }, TypeError, /models\["m"\] must be a Router, not an object/],
  [
    "an alias that is a model's name",
    { models: { m: { router, aliases: ["n"] }, n: new Router({ policy: "random", replicas: [] }) } },
    RangeError,
    /an alias of "m" is another model's name .*: "n"/,
  ],
  ["an alias twice", { models: { m: { router, aliases: ["x", "x"] } } }, RangeError, /there twice: "x"/],
  [
    "an alias without a letter",
    { models: { m: { router, aliases: [""] } } },
    TypeError,
    /aliases\[0\] must be a string/,
  ],
  [
    "aliases that are no list",
    { models: { m: { router, aliases: "x" } } },
    TypeError,
    /aliases must be an array, not "x"/,
  ],
  [
    "a served name of no kind",
    { models: { m: { router, servedName: 1 } } },
    TypeError,
    /servedName must be a string.* 1/,
  ],
  ["an option that no model has", { models: { m: { router, alias: "x" } } }, TypeError, /unknown option "alias"/],
  [
    "a model's router that is none",
    { models: { m: { router: 1 } } },
    TypeError,
    /models\["m"\].router must be a Router/,
  ],
  ["one router twice", { models: { m: router, n: router } }, RangeError, /a router of its own/],
  ["an unknown option", { router, maxTries: 3 }, TypeError, /unknown option "maxTries" in options; there are router/],
  ["an unknown timeout", { router, timeouts: { idle: 3 } }, TypeError, /"idle" in timeouts; there are connectMs/],
  [
    "no time to take a piece",
    { router, timeouts: { sendMs: 0 } },
    RangeError,
    /timeouts.sendMs must be .*milliseconds.* not 0/,
  ],
  ["no time at all", { router, timeouts: { idleMs: 0 } }, RangeError, /timeouts.idleMs must be .*milliseconds.* not 0/],
  [
    "a path without a slash",
    { router, health: { path: "health" } },
    TypeError,
    /health.path must be a path .*"health"/,
  ],
  [
    "more than the whole",
    { router, retries: { budget: 2 } },
    RangeError,
    /retries.budget must be .* from 0 to 1, not 2/,
  ],
  ["a status that is fine", { router, retries: { statuses: [200] } }, RangeError, /retries.statuses .* not 200/],
  [
    "a token that is no hash",
    { router, adminTokenSha256: "secret" },
    TypeError,
    /64 hexadecimal digits, not a string of 6/,
  ],
  ["a key without a name", { router, keys: [{ name: "", sha256: "" }] }, TypeError, /keys\[0\].name must be a string/],
  ["a proxy by its name", { router, trustedProxies: ["lb"] }, TypeError, /trustedProxies\[0\] must be .* not "lb"/],
  [
    "proxies that are no list",
    { router, trustedProxies: "::1" },
    TypeError,
    /trustedProxies must be an array, not "::1"/,
  ],
  ["a limit of nothing", { router, maxBodyBytes: 0 }, RangeError, /maxBodyBytes must be .* not 0/],
  ["half a byte", { router, maxBodyBytes: 0.5 }, RangeError, /maxBodyBytes must be .* not 0.5/],
  ["a limit in words", { router, maxBodyBytes: "8" }, TypeError, /maxBodyBytes must be .* not "?8/],
  ["no tries", { router, retries: { maxTries: 0 } }, RangeError, /retries.maxTries must be .* not 0/],
  [
    "a switch that is none",
    { router, replicaHeader: "yes" },
    TypeError,
    /replicaHeader must be true or false, not "?yes/,
  ],
  ["a transport that is none", { router, upstreamFetch: 1 }, TypeError, /upstreamFetch must be a function, not 1/],
  ["a listener that is none", { router, onRequestEnd: 1 }, TypeError, /onRequestEnd must be a function, not 1/],
])("%s is refused", (_, options, error, message) => {
  const create = () => createGateway(options as GatewayOptions);
  expect(create).toThrow(error);
  expect(create).toThrow(message);
});

test.each([undefined, "127.0.0.1:8000", "ftp://host", "http://"])("a replica at %s is refused by its id", (url) => {
  const replica = url === undefined ? { id: "lost" } : { id: "lost", url };
  const lost = new Router({ policy: "pow_of_2", replicas: [replica] });
  expect(() => createGateway({ router: lost })).toThrow(/replica "lost"/);
});

test("a secret in a replica's url is refused, and not shown", () => {
  const lost = new Router({ policy: "pow_of_2", replicas: [{ id: "lost", url: "http://me:hush@host" }] });
  expect(() => createGateway({ router: lost })).toThrow(/replica "lost" must have no user or password/);
  expect(() => createGateway({ router: lost })).not.toThrow(/hush/);
});
