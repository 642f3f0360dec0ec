import { beforeAll, describe, expect, test } from "vitest";
import { servesConversations } from "./conversations.js";
import { npmStart, origin, place, simulated } from "./support.js";

describe("examples/node-http", () => {
  const replicas = simulated(4);
  const folder = place("node-http");
  let url: string;
  beforeAll(async () => {
    url = await origin(npmStart(folder, { REPLICAS: replicas.list(), PORT: "0" }));
  });

  servesConversations({ baseURL: () => `${url}/v1`, replicaUrls: () => replicas.urls });

  const post = (body: string) => fetch(`${url}/v1/chat/completions`, { method: "POST", body });

  test("refuses what is no JSON, and what is no POST", async () => {
    expect((await post('{"messages":')).status).toBe(400);
    expect((await fetch(url)).status).toBe(405);
  });

  test("passes on a replica's own refusal", async () => {
    const answer = await post(JSON.stringify({ model: "another", messages: [{ role: "user", content: "Why?" }] }));
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { type: "NotFoundError" } });
  });
});

describe("examples/node-http with a replica that is not there", () => {
  const replicas = simulated(1);
  const folder = place("node-http");
  let url: string;
  beforeAll(async () => {
    // Port 9 (discard) is nobody's.
    url = await origin(npmStart(folder, { REPLICAS: `http://127.0.0.1:9 ${replicas.list()}`, PORT: "0" }));
  });

  test("answers from the other one", async () => {
    for (let i = 0; i < 8; i++) {
      const body = JSON.stringify({ prompt: `${i} is a number`, max_tokens: 2 });
      const answer = await fetch(`${url}/v1/completions`, { method: "POST", body });
      expect(answer.headers.get("x-warmroute-replica")).toBe("replica-2");
      expect(answer.status).toBe(200);
    }
  });
});
