import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Hono } from "hono";
import { beforeAll, describe, expect, test } from "vitest";
import { servesConversations } from "./conversations.js";
import { installed } from "./needs.js";
import { MODEL, npmStart, origin, place, simulated } from "./support.js";

describe("examples/hono", () => {
  const replicas = simulated(4);
  const folder = place("hono");

  describe("the app", () => {
    let app: Hono;
    beforeAll(async () => {
      process.env.REPLICAS = replicas.list();
      ({ app } = await import(pathToFileURL(join(folder, "app.js")).href));
    });
    const ask = (token: string) =>
      app.request("/llm/v1/chat/completions", {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content: "Why?" }], max_tokens: 3 }),
      });

    test("asks for its key before a replica is chosen", async () => {
      expect((await ask("wrong")).status).toBe(401);
      const answer = await ask("secret");
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 3 } });
    });

    test("has its own routes beside the gateway's", async () => {
      const list = (await (await app.request("/replicas")).json()) as { chars: number; queueLength: number }[];
      expect(list.map(({ queueLength }) => queueLength)).toEqual([0, 0, 0, 0]);
      expect(list.reduce((sum, { chars }) => sum + chars, 0)).toBeGreaterThan(0);
      expect(await (await app.request("/")).text()).toContain("/llm/v1");
      expect((await app.request("/v1/models")).status).toBe(404);
    });
  });

  // Node's server for it is no dependency of this repository: this part is for npm run test:examples alone.
  describe.runIf(installed() !== undefined)("served by Node", () => {
    let url: string;
    beforeAll(async () => {
      url = await origin(npmStart(folder, { REPLICAS: replicas.list(), PORT: "0" }));
    });
    servesConversations({ baseURL: () => `${url}/llm/v1`, replicaUrls: () => replicas.urls, apiKey: "secret" });
  });
});
