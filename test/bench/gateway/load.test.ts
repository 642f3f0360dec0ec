import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { begin } from "../../../bench/gateway/load/run.js";
import { proxyKinds } from "../../../bench/gateway/proxies/kinds.js";

test("streams that are to be held and do not begin have failed after the time that they have", async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    request.resume();
    // Every second one is never answered, as when a proxy's client has no connection left for it.
    if (requests++ % 2 === 0) response.write("data: {}\n\n");
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stream = { chunks: 10, paceMs: 1000 };
  const { result, end } = await begin({
    kind: "hold",
    url: `http://127.0.0.1:${port}`,
    streams: 6,
    seconds: 1,
    stream,
  });
  end();
  expect(result.failed).toBe(3);
});

test("Bun is told that it may have more requests under way than by default", () => {
  const bun = proxyKinds({ nginx: "nginx", bun: "bun", python: "python3" }).find(({ name }) => name.includes("Bun"))!;
  expect(Number(bun.env!.BUN_CONFIG_MAX_HTTP_REQUESTS)).toBeGreaterThan(2000);
});
