// Who has sent a request, and how much: as `warmroute serve` hears it, by Node's own sockets.
import { connect } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { createGateway } from "../../src/gateway/index.js";
import { Router } from "../../src/routing/index.js";
import { post, resolvers, serve, startGateway, transport, until } from "./support.js";

beforeAll(() => {
  transport.kind = "node";
});

const fine = () => new Response('{"answer":true}');
const forwarded = { "x-forwarded-for": "6.6.6.6, 203.0.113.9" };

describe("the client's address", () => {
  test("is the socket's, whatever a header claims", async () => {
    const { url, ended } = await startGateway([await serve(fine)]);
    await post(`${url}/v1/completions`, { prompt: "p" }, { headers: forwarded });
    await post(`${url}/nowhere`, {}, { headers: forwarded });
    await fetch(`${url}/v1/completions`, { headers: forwarded });
    expect((await ended(3)).map(({ client }) => client)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });

  test("is what trusted proxies say, and from the next request on what other ones say", async () => {
    const { url, gateway, ended } = await startGateway([await serve(fine)], { trustedProxies: ["127.0.0.0/8"] });
    await post(`${url}/v1/completions`, { prompt: "p" }, { headers: forwarded });
    gateway.setOptions({ trustedProxies: ["10.0.0.0/8"] });
    await post(`${url}/v1/completions`, { prompt: "p" }, { headers: forwarded });
    expect((await ended(2)).map(({ client }) => client)).toEqual(["203.0.113.9", "127.0.0.1"]);
  });

  test("is known of one that has left", async () => {
    const { url, ended, router } = await startGateway([await serve(() => new Promise<Response>(() => {}))]);
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(`POST /v1/completions HTTP/1.1\r\nhost: ${hostname}\r\ncontent-length: 14\r\n\r\n{"prompt":"p"}`);
    await until(() => router.leases === 1);
    socket.destroy();
    expect(await ended(1)).toMatchObject([{ outcome: "client_left", client: "127.0.0.1", bytesIn: 14, bytesOut: 0 }]);
  });

  test("is null for a fetch handler, to which nobody tells it", async () => {
    const told = resolvers<string | null>();
    const router = new Router({ policy: "random", replicas: [{ id: "a", url: "http://a" }] });
    const gateway = createGateway({
      router,
      upstreamFetch: async () => fine(),
      trustedProxies: ["0.0.0.0/0"],
      onRequestEnd: ({ client }) => told.resolve(client),
    });
    const request = new Request("http://g/v1/completions", {
      method: "POST",
      body: '{"prompt":"p"}',
      headers: forwarded,
    });
    await (await gateway.fetch(request)).text();
    expect(await told.promise).toBe(null);
  });
});

describe("bytes", () => {
  test("of the request's body and of the answer's, as they are on the wire", async () => {
    const events = "data: 1\n\ndata: é\n\n";
    const { url, ended } = await startGateway([
      await serve(() => new Response(events, { headers: { "content-type": "text/event-stream" } })),
    ]);
    const body = '{ "prompt": "äöü" }';
    expect(await (await post(`${url}/v1/completions`, body)).text()).toBe(events);
    const size = (text: string) => new TextEncoder().encode(text).byteLength;
    expect(await ended(1)).toMatchObject([{ bytesIn: size(body), bytesOut: size(events) }]);
  });

  test("of what the gateway answers itself, none", async () => {
    const { url, ended } = await startGateway([await serve(fine)], { maxBodyBytes: 10 });
    await post(`${url}/v1/completions`, { prompt: "too much" });
    await post(`${url}/v1/completions`, "{}");
    expect(await ended(2)).toMatchObject([
      { outcome: "bad_request", status: 413, bytesIn: 0, bytesOut: 0 },
      { outcome: "bad_request", status: 400, bytesIn: 2, bytesOut: 0 },
    ]);
  });
});
