import { expect, test } from "vitest";
import { createGateway, type GatewayOptions } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";

const router = new Router({ policy: "pow_of_2", replicas: [{ id: "a", url: "http://127.0.0.1:1" }] });

test.each<[string, object, typeof TypeError | typeof RangeError, RegExp]>([
  ["no router", {}, TypeError, /router must be a Router/],
  ["a limit of nothing", { router, maxBodyBytes: 0 }, RangeError, /maxBodyBytes must be .* not 0/],
  ["half a byte", { router, maxBodyBytes: 0.5 }, RangeError, /maxBodyBytes must be .* not 0.5/],
  ["a limit in words", { router, maxBodyBytes: "8" }, TypeError, /maxBodyBytes must be .* not "?8/],
  ["no tries", { router, maxTries: 0 }, RangeError, /maxTries must be .* not 0/],
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
