import { beforeAll, describe, expect, test } from "vitest";
import type { Run } from "../../cli/support.js";
import { servesConversations } from "../conversations.js";
import { npmStart, origin, place, simulated } from "../support.js";

describe("examples/express", () => {
  const replicas = simulated(4);
  let started: Run;
  let url: string;
  beforeAll(async () => {
    started = npmStart(place("express"), { REPLICAS: replicas.list(), PORT: "0" });
    url = await origin(started);
  });

  servesConversations({ baseURL: () => `${url}/v1`, replicaUrls: () => replicas.urls, apiKey: "secret" });

  test("the app's own middleware comes first, and its own routes are beside the gateway's", async () => {
    const denied = await fetch(`${url}/v1/chat/completions`, { method: "POST", body: "{}" });
    expect(denied.status).toBe(401);
    expect(await (await fetch(url)).text()).toContain("/v1");
    expect(await (await fetch(`${url}/metrics`)).text()).toContain("warmroute_");
  });

  test("SIGTERM ends it", async () => {
    started.child.kill("SIGTERM");
    expect(await started.exit).toBe(0);
    expect(started.lines.filter((line) => line.startsWith("/v1/chat/completions 200 replica-")).length).toBeGreaterThan(
      10,
    );
  });
});
