import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import { listen, listenHttp } from "../../src/cli/listen.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { type FetchHandler, HeaderList, type Listener } from "../../src/protocol/index.js";

const listeners: Listener[] = [];

async function start(handler: FetchHandler): Promise<string> {
  const listener = await listen(handler, { host: "127.0.0.1", port: 0 });
  listeners.push(listener);
  return listener.url;
}

afterEach(async () => {
  for (const listener of listeners.splice(0)) {
    listener.destroy();
    await listener.close();
  }
});

describe("a request", () => {
  test("reaches the handler with its method, address, headers and bytes", async () => {
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    const url = await start(async (request) => {
      const received = new Uint8Array(await request.arrayBuffer());
      return Response.json({
        method: request.method,
        url: request.url,
        accept: request.headers.get("accept"),
        same: received.length === bytes.length && received.every((byte, i) => byte === bytes[i]),
      });
    });
    const response = await fetch(`${url}/a/b?c=d`, { method: "POST", body: bytes, headers: { accept: "x/y" } });
    expect(await response.json()).toEqual({ method: "POST", url: `${url}/a/b?c=d`, accept: "x/y", same: true });
  });

  test("whose address cannot be read is refused", async () => {
    const url = await start(async () => new Response("reached"));
    const answer = await raw(url, "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("whose body is not read to its end is answered all the same, after its client has sent it", async () => {
    const url = await start(async (request) => {
      await request.body!.getReader().read();
      return new Response("too large", { status: 413 });
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1").pause();
    const size = 20_000_000;
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`);
    await new Promise<unknown>((resolve) => socket.write(new Uint8Array(size), resolve));
    socket.end();
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*too large/s);
  });
});

describe("an answer", () => {
  test("keeps status, headers and repeated cookies", async () => {
    const url = await start(async () => {
      const headers = new Headers({ "x-one": "1" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(null, { status: 204, headers });
    });
    const response = await fetch(url);
    expect([response.status, response.headers.get("x-one")]).toEqual([204, "1"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  test("passes piece by piece, its head first", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const url = await start(async () => new Response(readable));
    const response = await fetch(url); // resolves on the head: nothing was written yet
    const reader = response.body!.getReader();
    for (const piece of ["one", "two"]) {
      void writer.write(new TextEncoder().encode(piece));
      const { value } = await reader.read();
      expect(new TextDecoder().decode(value)).toBe(piece);
    }
    void writer.close();
    expect((await reader.read()).done).toBe(true);
  });

  test("is produced no faster than the client takes it", async () => {
    const total = 64 * 1024 * 1024;
    let produced = 0;
    const url = await start(async (request) => {
      if (new URL(request.url).pathname === "/produced") return new Response(String(produced));
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (produced === total) return controller.close();
          produced += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
      });
      return new Response(body);
    });
    const client = httpRequest(url).end();
    const [answer] = await once(client, "response");
    answer.pause();

    expect(await settled(async () => Number(await (await fetch(`${url}/produced`)).text()))).toBeLessThan(total / 2);

    let received = 0;
    for await (const chunk of answer) received += chunk.length;
    expect(received).toBe(total);
  });

  test("whose reader throws where it should give what is there cuts the connection", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const reader = {
      takeReady: () => {
        throw new Error("a policy has failed");
      },
      read: () => new Promise<never>(() => {}),
      cancel: async () => {},
    };
    const answer = { status: 200, statusText: "", headers: new HeaderList([]), body: { getReader: () => reader } };
    const listener = await listenHttp(async () => answer, { host: "127.0.0.1", port: 0 });
    listeners.push(listener);
    await expect(fetch(listener.url)).rejects.toThrow("fetch failed");
    expect(log).toHaveBeenCalledWith(new Error("a policy has failed"));
    log.mockRestore();
  });

  test("that breaks off cuts the connection", async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(new TextEncoder().encode("some"));
        else controller.error(new Error("the source broke"));
      },
    });
    const url = await start(async () => new Response(body));
    const response = await fetch(url);
    await expect(response.text()).rejects.toThrow("terminated");
  });
});

describe("a client that leaves", () => {
  test("before the answer aborts the request", async () => {
    const { handler, arrived, aborted } = waiting();
    const socket = await send(await start(handler));
    await arrived;
    socket.destroy();
    await aborted;
  });

  test("is noticed when garbage was collected meanwhile", async () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const { handler, arrived, aborted } = waiting();
    const socket = await send(await start(handler));
    await arrived;
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.destroy();
    await aborted;
  });

  test("in the middle of the answer cancels its body", async () => {
    const cancelled = resolvers<void>();
    const url = await start(
      async () =>
        new Response(
          new ReadableStream<Uint8Array>({
            start: (controller) => controller.enqueue(new TextEncoder().encode("first")),
            cancel: () => cancelled.resolve(),
          }),
        ),
    );
    const socket = await send(url);
    await once(socket, "data");
    socket.destroy();
    await cancelled.promise;
  });

  test("in the middle of its body makes reading it fail", async () => {
    const failure = resolvers<unknown>();
    const url = await start(async (request) => {
      await request.text().catch(failure.resolve);
      return new Response();
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this", () => socket.destroy());
    expect(await failure.promise).toBeInstanceOf(Error);
  });
});

describe("close", () => {
  test("lets open answers end, then ends their connections", async () => {
    const arrived = resolvers<void>();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const listener = await listen(
      async () => {
        arrived.resolve();
        return new Response(readable);
      },
      { host: "127.0.0.1", port: 0 },
    );
    const answer = fetch(listener.url).then((response) => response.text());
    await arrived.promise;
    const closed = listener.close();
    const writer = writable.getWriter();
    void writer.write(new TextEncoder().encode("whole"));
    void writer.close();
    expect(await answer).toBe("whole");
    await closed;
    await expect(fetch(listener.url)).rejects.toThrow();
  });

  test("does not wait for connections that ask for nothing, new or used", async () => {
    const listener = await listen(async () => new Response("answer"), { host: "127.0.0.1", port: 0 });
    const silent = connect(Number(new URL(listener.url).port), "127.0.0.1");
    await once(silent, "connect");
    const used = await send(listener.url);
    await once(used, "data");
    await listener.close();
    await Promise.all([silent, used].map((socket) => socket.closed || once(socket, "close")));
  });
});

describe("a port that cannot be had", () => {
  test("is told with its number", async () => {
    const port = Number(new URL(await start(async () => new Response())).port);
    const second = listen(async () => new Response(), { host: "127.0.0.1", port });
    await expect(second).rejects.toThrow(
      new UsageError(`port ${port} on 127.0.0.1 is in use; choose another with --port`),
    );
  });
});

/** A handler that answers only when its request is aborted, and keeps no hold on it. */
function waiting(): { handler: FetchHandler; arrived: Promise<void>; aborted: Promise<void> } {
  const arrived = resolvers<void>();
  const aborted = resolvers<void>();
  const handler = ({ signal }: Request): Promise<Response> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        aborted.resolve();
        resolve(new Response());
      });
      arrived.resolve();
    });
  return { handler, arrived: arrived.promise, aborted: aborted.promise };
}

async function send(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "connect");
  return socket;
}

async function raw(url: string, request: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(request);
  return text(socket);
}

async function text(socket: Socket): Promise<string> {
  let received = "";
  for await (const chunk of socket) received += chunk;
  return received;
}

/** The value that a count comes to rest at. */
async function settled(read: () => Promise<number>): Promise<number> {
  let last = await read();
  for (let same = 0; same < 20; ) {
    const next = await read();
    same = next === last ? same + 1 : 0;
    last = next;
  }
  return last;
}

function resolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
