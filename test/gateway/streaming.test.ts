import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, test, vi } from "vitest";
import { post, resolvers, serve, settled, startGateway } from "./support.js";

const EVENTS = { "content-type": "text/event-stream" };
const PROMPT = { prompt: "Why is the sky blue?", stream: true };

/** A replica whose answer the test writes piece by piece. */
async function scripted(headers: Record<string, string> = EVENTS) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const arrived = resolvers<Request>();
  const url = await serve((request) => {
    arrived.resolve(request);
    return new Response(readable, { headers });
  });
  return {
    url,
    arrived: arrived.promise,
    write: (text: string) => void writer.write(encoder.encode(text)),
    end: () => void writer.close(),
    breakOff: () => void writer.abort(new Error("the replica died")),
    /** Resolves when the gateway has left. */
    left: writer.closed.catch(() => {}),
  };
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

test("each piece passes before the replica writes the next", async () => {
  const replica = await scripted();
  const { url, ended } = await startGateway([replica.url]);
  replica.write("data: 1\n\n");
  const response = await post(`${url}/v1/completions`, PROMPT);
  const reader = response.body!.getReader();
  expect(await readText(reader)).toBe("data: 1\n\n");
  for (const piece of ["data: 2\n\n", "data: 3\n\n"]) {
    replica.write(piece);
    expect(await readText(reader)).toBe(piece);
  }
  replica.end();
  expect((await reader.read()).done).toBe(true);
  expect(await ended(1)).toMatchObject([{ outcome: "completed", streamed: true, status: 200 }]);
});

describe("a client that leaves", () => {
  test("before the answer aborts the replica's request and frees its place", async () => {
    const arrived = resolvers<Request>();
    const replica = await serve((request) => {
      arrived.resolve(request);
      return new Promise(() => {});
    });
    const { url, router, ended } = await startGateway([replica]);
    const client = new AbortController();
    const answer = post(`${url}/v1/completions`, PROMPT, { signal: client.signal });
    const request = await arrived.promise;
    expect(router.replicas[0]!.queueLength).toBe(1);
    const aborted = once(request.signal, "abort");
    client.abort();
    await expect(answer).rejects.toThrow("aborted");
    await aborted;
    expect(await ended(1)).toMatchObject([{ outcome: "client_left", status: 499, replica: "a", ttftMs: null }]);
    expect(router.replicas[0]!.queueLength).toBe(0);
  });

  test("in the middle of the answer does so too", async () => {
    const replica = await scripted();
    const { url, router, ended } = await startGateway([replica.url]);
    const client = new AbortController();
    replica.write("data: 1\n\n");
    const response = await post(`${url}/v1/completions`, PROMPT, { signal: client.signal });
    await response.body!.getReader().read();
    client.abort();
    await replica.left;
    expect(await ended(1)).toMatchObject([{ outcome: "client_left", status: 200 }]);
    expect(router.replicas[0]!.queueLength).toBe(0);
  });

  test("while it still sends its request is not an error of the gateway", async () => {
    const log = vi.spyOn(console, "error");
    const { url, ended } = await startGateway([await serve(() => new Response())]);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", () => socket.destroy());
    expect(await ended(1)).toMatchObject([{ outcome: "client_left", tries: 0, replica: null }]);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  test("is noticed by the body alone where a runtime tells it in no other way", async () => {
    const replica = await scripted();
    const { gateway, router, records } = await startGateway([replica.url]);
    replica.write("data: 1\n\n");
    const response = await gateway.fetch(
      new Request("http://gateway/v1/completions", { method: "POST", body: JSON.stringify(PROMPT) }),
    );
    await response.body!.cancel();
    await replica.left;
    expect(records).toMatchObject([{ outcome: "client_left" }]);
    expect(router.replicas[0]!.queueLength).toBe(0);
  });

  test("is noticed through the runtime's own stream, where there is one (workerd)", async () => {
    vi.stubGlobal("IdentityTransformStream", class extends TransformStream {});
    const replica = await scripted();
    const { gateway, router, records } = await startGateway([replica.url]);
    replica.write("data: 1\n\n");
    const request = new Request("http://gateway/v1/completions", { method: "POST", body: JSON.stringify(PROMPT) });
    const reader = (await gateway.fetch(request)).body!.getReader();
    expect(await readText(reader)).toBe("data: 1\n\n");
    await reader.cancel();
    await replica.left;
    expect(records).toMatchObject([{ outcome: "client_left" }]);
    expect(router.leases).toBe(0);
    vi.unstubAllGlobals();
  });
});

describe("a replica that breaks off", () => {
  test("a stream of events ends it with an error event", async () => {
    const replica = await scripted();
    const { url, router, ended } = await startGateway([replica.url]);
    replica.write("data: 1\n\n");
    const response = await post(`${url}/v1/completions`, PROMPT);
    const reader = response.body!.getReader();
    let text = await readText(reader);
    replica.write('data: {"half');
    text += await readText(reader);
    replica.breakOff();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      text += new TextDecoder().decode(piece.value);
    }
    const events = text.split(/\n\n+/).filter((event) => event !== "");
    expect(events.slice(0, 2)).toEqual(["data: 1", 'data: {"half']);
    expect(JSON.parse(events[2]!.replace("data: ", ""))).toMatchObject({
      error: { type: "upstream_error", code: "replica_broke" },
    });
    expect(await ended(1)).toMatchObject([{ outcome: "replica_broke", status: 200 }]);
    expect(router.replicas[0]!.queueLength).toBe(0);
  });

  test("any other answer cuts the connection", async () => {
    const replica = await scripted({ "content-type": "application/json" });
    const { url, ended } = await startGateway([replica.url]);
    replica.write('{"id":');
    const response = await post(`${url}/v1/completions`, PROMPT);
    const reader = response.body!.getReader();
    expect(await readText(reader)).toBe('{"id":');
    replica.breakOff();
    await expect(reader.read()).rejects.toThrow();
    expect(await ended(1)).toMatchObject([{ outcome: "replica_broke" }]);
  });
});

test("a replica writes no faster than the client reads", async () => {
  const total = 64 * 1024 * 1024;
  let produced = 0;
  const replica = await serve(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            if (produced === total) return controller.close();
            produced += 65_536;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
        { headers: EVENTS },
      ),
  );
  const { url, ended } = await startGateway([replica]);
  const client = httpRequest(`${url}/v1/completions`, { method: "POST" }).end(JSON.stringify(PROMPT));
  const [answer] = await once(client, "response");
  answer.pause();
  const readProduced = async () => {
    await fetch(`${url}/health`); // a round trip, so that every party has had its turn
    return produced;
  };
  expect(await settled(readProduced)).toBeLessThan(total / 2);

  let received = 0;
  for await (const chunk of answer) received += chunk.length;
  expect(received).toBe(total);
  expect(await ended(1)).toMatchObject([{ outcome: "completed" }]);
});
