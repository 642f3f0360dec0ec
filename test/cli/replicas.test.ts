import { expect, test } from "vitest";
import { endpointsOf } from "../../src/cli/replicas.js";

test("each further replica publishes its KV events at the next port", () => {
  const ports = { endpoint: "tcp://*:5557", replayEndpoint: "tcp://127.0.0.1:6000", topic: "kv" };
  expect(endpointsOf(ports, 0)).toEqual(ports);
  expect(endpointsOf(ports, 3)).toEqual({ ...ports, endpoint: "tcp://*:5560", replayEndpoint: "tcp://127.0.0.1:6003" });
  expect(endpointsOf({}, 1)).toEqual({ endpoint: "tcp://*:5558" });
});
