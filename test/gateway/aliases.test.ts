import { describe, expect, test } from "vitest";
import { createGateway, type GatewayOptions, type ModelOptions, type RequestRecord } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";
import { post, serve, sha256 } from "./support.js";

const NAME = "Qwen/Qwen2.5-7B-Instruct";
const PROMPT = "Why is the sky blue? ".repeat(20);

/** A replica that knows one name only, as vLLM does, and what it was sent. */
async function engine(name: string) {
  const sent: string[] = [];
  const url = await serve(async (request) => {
    if (request.url.endsWith("/v1/models"))
      return Response.json({ data: [{ id: name, object: "model", max_model_len: 8 }] });
    const body = await request.text();
    sent.push(body);
    const { model } = JSON.parse(body);
    return model === name ? Response.json({ model }) : Response.json({ error: `no ${model}` }, { status: 404 });
  });
  return { url, sent };
}

async function gatewayOf(replica: string, names: Omit<ModelOptions, "router">, more: Partial<GatewayOptions> = {}) {
  const records: RequestRecord[] = [];
  const router = new Router({ policy: "prefix_aware", replicas: [{ id: "a", url: replica }] });
  const gateway = createGateway({
    models: { [NAME]: { router, ...names } },
    onRequestEnd: (record) => records.push(record),
    ...more,
  });
  return { gateway, router, records, url: await serve((request) => gateway.fetch(request)) };
}

describe("an alias", () => {
  test("is answered by the model, which is asked by the name that its replicas know; not another byte changes", async () => {
    const { url: replica, sent } = await engine(NAME);
    const { url, records } = await gatewayOf(replica, { aliases: ["qwen", "gpt-4o"] });
    const body = (model: string) =>
      ` { "x": {"model":"qwen"},\n "model" : ${JSON.stringify(model)} , "prompt":"é\\u00e9 {\\"model\\":1}" } `;
    for (const model of ["qwen", "gpt-4o", NAME])
      expect((await post(`${url}/v1/completions`, body(model))).status).toBe(200);
    expect(sent).toEqual([body(NAME), body(NAME), body(NAME)]);
    expect(records.map(({ model, requestModel }) => [model, requestModel])).toEqual([
      [NAME, "qwen"],
      [NAME, "gpt-4o"],
      [NAME, NAME],
    ]);
  });

  test.each(["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings", "/tokenize"])(
    "at %s too",
    async (path) => {
      const { url: replica, sent } = await engine(NAME);
      const { url } = await gatewayOf(replica, { aliases: ["qwen"] });
      const messages = [{ role: "user", content: "Hi" }];
      expect((await post(`${url}${path}`, { model: "qwen", messages, input: "Hi", prompt: "Hi" })).status).toBe(200);
      expect(JSON.parse(sent[0]!).model).toBe(NAME);
    },
  );

  test("shares the model's cache", async () => {
    const { url: replica } = await engine(NAME);
    const { url, records, router } = await gatewayOf(replica, { aliases: ["qwen"] });
    for (const model of [NAME, "qwen"]) await post(`${url}/v1/completions`, { model, prompt: PROMPT });
    expect(records.map(({ matchRate }) => matchRate)).toEqual([0, 1]);
    expect(router.tree!.stats().chars).toBe(PROMPT.length);
  });

  test("is listed with the model, as its replicas describe it; without an answer of theirs too", async () => {
    const { url: replica } = await engine(NAME);
    const list = async (url: string) => ((await (await fetch(`${url}/v1/models`)).json()) as { data: unknown[] }).data;
    const { url } = await gatewayOf(replica, { aliases: ["qwen"] });
    const about = { object: "model", max_model_len: 8 };
    expect(await list(url)).toEqual([
      { id: NAME, ...about },
      { id: "qwen", ...about },
    ]);
    const other = await engine("something else");
    const { url: stranger } = await gatewayOf(other.url, { aliases: ["qwen"] });
    expect(await list(stranger)).toMatchObject([{ id: NAME, owned_by: "warmroute" }, { id: "qwen" }]);
  });

  test("may come and go while it runs", async () => {
    const { url: replica } = await engine(NAME);
    const { gateway, url, router } = await gatewayOf(replica, {});
    const status = async () => (await post(`${url}/v1/completions`, { model: "qwen", prompt: "p" })).status;
    expect(await status()).toBe(404);
    gateway.setOptions({ models: { [NAME]: { router, aliases: ["qwen"] } } });
    expect(await status()).toBe(200);
    gateway.setOptions({ models: { [NAME]: router } });
    expect(await status()).toBe(404);
  });

  test("is understood at /admin", async () => {
    const { url: replica } = await engine(NAME);
    const { url } = await gatewayOf(replica, { aliases: ["qwen"] }, { adminTokenSha256: await sha256("token") });
    await post(`${url}/v1/completions`, { model: NAME, prompt: PROMPT });
    const headers = { authorization: "Bearer token" };
    const explained = await post(`${url}/admin/explain`, { model: "qwen", prompt: PROMPT }, { headers });
    expect(await explained.json()).toMatchObject({ decision: { hitChosen: PROMPT.length } });
    const decided = await fetch(`${url}/admin/decisions?model=qwen`, { headers });
    expect(await decided.json()).toMatchObject({ decisions: [{ model: NAME }] });
  });
});

describe("servedName", () => {
  test("takes the place of the model's own name and of its aliases; what replicas call it is not a name here", async () => {
    const { url: replica, sent } = await engine("local");
    const { url } = await gatewayOf(replica, { aliases: ["qwen"], servedName: "local" });
    const ask = (model: string) => post(`${url}/v1/completions`, { model, prompt: "p" });
    expect([(await ask(NAME)).status, (await ask("qwen")).status, (await ask("local")).status]).toEqual([
      200, 200, 404,
    ]);
    expect(sent.map((body) => JSON.parse(body).model)).toEqual(["local", "local"]);
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual([NAME, "qwen"]);
  });

  test("may be an alias, which then passes as it came", async () => {
    const { url: replica, sent } = await engine("local");
    const { url } = await gatewayOf(replica, { aliases: ["local"], servedName: "local" });
    const body = '{ "model":"local","prompt":"p" }';
    expect((await post(`${url}/v1/completions`, body)).status).toBe(200);
    expect(sent).toEqual([body]);
  });

  test("is in every try", async () => {
    const { url: replica, sent } = await engine("local");
    const failing = await serve(() => new Response(null, { status: 500 }));
    const router = new Router({
      policy: "round_robin",
      replicas: [failing, replica].map((url, i) => ({ id: `${i}`, url })),
    });
    const gateway = createGateway({ models: { [NAME]: { router, servedName: "local" } } });
    const url = await serve((request) => gateway.fetch(request));
    for (let i = 0; i < 4; i++)
      expect((await post(`${url}/v1/completions`, { model: NAME, prompt: "p" })).status).toBe(200);
    expect(new Set(sent.map((body) => JSON.parse(body).model))).toEqual(new Set(["local"]));
  });
});
