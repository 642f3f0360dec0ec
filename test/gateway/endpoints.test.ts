import { describe, expect, test } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";
import { post, serve, startGateway } from "./support.js";

const TEXT = "Why is the sky blue? ".repeat(20);

describe("every endpoint", () => {
  test.each([
    ["/v1/completions", { prompt: TEXT }],
    ["/v1/chat/completions", { messages: [{ role: "user", content: TEXT }] }],
    ["/v1/responses", { input: TEXT, instructions: "Be brief." }],
    ["/v1/messages", { system: "Be brief.", messages: [{ role: "user", content: [{ type: "text", text: TEXT }] }] }],
  ])("%s is routed by its prompt, and passes as it came", async (path, body) => {
    let received = "";
    const replica = await serve(async (request) => {
      received = `${new URL(request.url).pathname} ${await request.text()}`;
      return new Response('{"x_unknown": 1}');
    });
    const { url, ended, router } = await startGateway([replica, replica]);
    const sent = `${JSON.stringify({ ...body, x_unknown: { deep: [1] } })} `;
    for (let i = 0; i < 2; i++) expect(await (await post(url + path, sent)).text()).toBe('{"x_unknown": 1}');
    expect(received).toBe(`${path} ${sent}`);
    const [first, second] = await ended(2);
    expect([first!.matchRate, second!.matchRate, second!.reason]).toEqual([0, 1, "prefix_match"]);
    expect(second!.replica).toBe(first!.replica);
    expect(router.tree!.stats().chars).toBeGreaterThanOrEqual(TEXT.length);
  });

  test.each([
    ["/v1/embeddings", { model: "m", input: TEXT }],
    ["/v1/rerank", { model: "m", query: TEXT, documents: [TEXT] }],
    ["/tokenize", { model: "m", prompt: TEXT }],
    ["/detokenize", { model: "m", tokens: [1, 2] }],
  ])("%s goes where the least is to do, and leaves no text in the tree", async (path, body) => {
    const replica = await serve(async (request) => new Response(await request.text()));
    const { url, router, ended } = await startGateway([replica, replica, replica]);
    router.setLoad("a", { running: 9, waiting: 0 });
    router.setLoad("b", { running: 1, waiting: 0 });
    router.setLoad("c", { running: 5, waiting: 3 });
    for (let i = 0; i < 3; i++) expect(await (await post(url + path, body)).json()).toEqual(body);
    expect((await ended(3)).map(({ replica }) => replica)).toEqual(["b", "b", "b"]);
    expect(router.tree!.stats().chars).toBe(0);
  });
});

test("with equal loads they are spread: no replica draws all of them because its tree is the smallest", async () => {
  const replica = await serve(() => new Response("{}"));
  const { url, ended } = await startGateway([replica, replica, replica, replica]);
  for (let i = 0; i < 40; i++) await post(`${url}/v1/embeddings`, { input: TEXT });
  expect(new Set((await ended(40)).map(({ replica }) => replica)).size).toBe(4);
});

test("an error of /v1/messages has Anthropic's shape too", async () => {
  const { url } = await startGateway([await serve(() => new Response("{}"))]);
  const response = await post(`${url}/v1/messages`, { messages: [] });
  expect(await response.json()).toMatchObject({
    type: "error",
    error: { type: "invalid_request_error", message: expect.stringMatching(/^messages must be/), param: "messages" },
  });
});

describe("several models", () => {
  async function gatewayOf(...models: string[]) {
    const replicas = await Promise.all(
      models.map((model) =>
        serve(async (request) => {
          if (new URL(request.url).pathname === "/v1/models") {
            return Response.json({
              object: "list",
              data: [{ id: model, object: "model", owned_by: "vllm" }, { id: "other" }],
            });
          }
          return new Response(`${model} answers ${((await request.json()) as { model: string }).model}`);
        }),
      ),
    );
    const routers = models.map(
      (_, i) => new Router({ policy: "prefix_aware", replicas: [{ id: "replica-1", url: replicas[i]! }] }),
    );
    const gateway = createGateway({ models: Object.fromEntries(models.map((model, i) => [model, routers[i]!])) });
    return { gateway, url: await serve((request) => gateway.fetch(request)) };
  }

  test("each request goes to the replicas of its own", async () => {
    const { url } = await gatewayOf("small", "large");
    for (const model of ["small", "large", "small"]) {
      expect(await (await post(`${url}/v1/completions`, { model, prompt: TEXT })).text()).toBe(
        `${model} answers ${model}`,
      );
    }
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('warmroute_requests_total{model="small",replica="replica-1",outcome="completed"} 2\n');
    expect(metrics).toContain('warmroute_requests_total{model="large",replica="replica-1",outcome="completed"} 1\n');
  });

  test.each(["huge", undefined, 7, "__proto__", "constructor", ""])(
    "one that is not served (%s) is 404, with those that are",
    async (model) => {
      const { url } = await gatewayOf("small", "large");
      const response = await post(`${url}/v1/completions`, { model, prompt: "p" });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { code: "model_not_found", param: "model", message: expect.stringContaining("there are small, large.") },
      });
    },
  );

  test("/v1/models names these, and no others of their replicas", async () => {
    const { url } = await gatewayOf("small", "large");
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(["small", "large"]);
  });

  test("where one router's replicas name theirs, an unknown one is 404 too", async () => {
    const replica = await serve(() => new Response("{}"));
    const router = new Router({
      policy: "pow_of_2",
      replicas: [{ id: "a", url: replica, model: ["base", "adapter"] }],
    });
    const gateway = createGateway({ router });
    const ask = (model: string) =>
      gateway.fetch(
        new Request("http://g/v1/completions", { method: "POST", body: JSON.stringify({ model, prompt: "p" }) }),
      );
    expect((await ask("adapter")).status).toBe(200);
    const unknown = await ask("other");
    expect([unknown.status, await unknown.json()]).toMatchObject([
      404,
      { error: { message: 'There is no model "other"; there are base, adapter.' } },
    ]);
  });
});
