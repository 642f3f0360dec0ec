import { expect, test } from "vitest";
import { dnsDiscovery } from "../../../src/cli/discovery/dns.js";
import { nameServer } from "./name-server.js";
import { watched } from "./support.js";

const soon = { minIntervalMs: 100, intervalMs: 100 };

test("addresses, each once and in order, and what becomes of them", async () => {
  const server = await nameServer("A", { ttl: 0, data: ["10.0.0.2", "10.0.0.1", "10.0.0.2"] });
  const { becomes, told } = watched(
    dnsDiscovery({ name: "vllm.test", port: 8000, servers: [server.address], ...soon }),
  );
  await becomes("10.0.0.1:8000 http://10.0.0.1:8000", "10.0.0.2:8000 http://10.0.0.2:8000");
  server.answer({ ttl: 0, data: ["10.0.0.2", "10.0.0.3"] });
  await becomes("10.0.0.2:8000 http://10.0.0.2:8000", "10.0.0.3:8000 http://10.0.0.3:8000");
  // In another order they are the same.
  server.answer({ ttl: 0, data: ["10.0.0.3", "10.0.0.2"] });
  await server.asked(3);
  expect(told).toHaveLength(2);
});

test("IPv6", async () => {
  const server = await nameServer("AAAA", { ttl: 0, data: ["2001:db8:0:0:0:0:0:1"] });
  const discovery = dnsDiscovery({
    name: "vllm.test",
    records: "AAAA",
    port: 80,
    servers: [server.address],
    scheme: "https",
  });
  await watched(discovery).becomes("[2001:db8::1]:80 https://[2001:db8::1]:80");
});

test("SRV: ports too, and only those of the first priority", async () => {
  const server = await nameServer("SRV", {
    ttl: 0,
    data: [
      { priority: 10, port: 8002, target: "b.vllm.test" },
      { priority: 10, port: 8001, target: "a.vllm.test" },
      { priority: 20, port: 8003, target: "reserve.vllm.test" },
    ],
  });
  const { becomes } = watched(
    dnsDiscovery({ name: "_http._tcp.vllm.test", records: "SRV", servers: [server.address], ...soon }),
  );
  await becomes("a.vllm.test:8001 http://a.vllm.test:8001", "b.vllm.test:8002 http://b.vllm.test:8002");
});

test("the TTL says when to ask again, within the bounds", async () => {
  const server = await nameServer("A", { ttl: 3600, data: ["10.0.0.1"] });
  const { becomes } = watched(
    dnsDiscovery({ name: "vllm.test", port: 1, servers: [server.address], minIntervalMs: 100, intervalMs: 200 }),
  );
  await becomes("10.0.0.1:1 http://10.0.0.1:1");
  await server.asked(3);
});

test("a server that is ill changes nothing; that there is no such name has to be said three times", async () => {
  const server = await nameServer("A", { ttl: 0, data: ["10.0.0.1"] });
  const { becomes, told, problem } = watched(
    dnsDiscovery({ name: "vllm.test", port: 1, servers: [server.address], ...soon }),
  );
  await becomes("10.0.0.1:1 http://10.0.0.1:1");
  server.answer("failure");
  await problem(/^vllm\.test is not found: .*SERVFAIL/);
  await server.asked(8);
  expect(told).toHaveLength(1);
  server.answer("no such name");
  await server.asked(2);
  expect(told).toHaveLength(1);
  await becomes();
  server.answer({ ttl: 0, data: ["10.0.0.1"] });
  await becomes("10.0.0.1:1 http://10.0.0.1:1");
});
