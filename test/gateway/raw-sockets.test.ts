import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { HeaderList } from "../../src/protocol/index.js";
import { deadAddress, post, resolvers, startGateway, transport, until } from "./support.js";

// What no client and no server library says, by sockets, with Node's own objects and undici, as `warmroute serve` serves.
beforeAll(() => {
  transport.kind = "node";
});

const BODY = JSON.stringify({ model: "m", prompt: "hello" });
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/** A replica that is told each request, head and body, and on which connection it came. */
async function replica(answer: (socket: Socket, request: string, number: number) => void): Promise<string> {
  const server = createServer((socket) => {
    let text = "";
    let number = 0;
    socket.on("error", () => {});
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      for (;;) {
        const head = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (head < 0 || text.length < head + 4 + length) return;
        const request = text.slice(0, head + 4 + length);
        text = text.slice(request.length);
        answer(socket, request, ++number);
      }
    });
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(url: string): { socket: Socket; received: () => string } {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return { socket, received: () => text };
}

function request(body: string = BODY, headers = ""): string {
  return `POST /v1/completions HTTP/1.1\r\nhost: x\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}

describe("a client", () => {
  test("that leaves before its pipelined requests are answered gives all of their places back", async () => {
    const large = "x".repeat(1_000_000);
    const a = await replica((socket, asked) => {
      if (asked.includes("first")) return; // never answers
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${large.length}\r\n\r\n${large}`);
    });
    const gateway = await startGateway([a]);
    const { socket } = client(gateway.url);
    const second = JSON.stringify({ model: "m", prompt: "second" });
    socket.write(request(JSON.stringify({ model: "m", prompt: "first" })) + request(second));
    await until(() => gateway.router.replicas[0]!.queueLength === 2);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await gateway.ended(2);
    expect(gateway.records.map(({ outcome }) => outcome)).toEqual(["client_left", "client_left"]);
    expect(gateway.router.replicas[0]!.queueLength).toBe(0);
  });

  test("whose host is none is told so", async () => {
    const gateway = await startGateway([await replica((socket) => socket.write(ANSWER))]);
    for (const host of ["[", "a:b:c", "1.2.3.4.5", "x:99999", "a..b:"]) {
      for (const line of ["POST /v1/completions?a=1", "POST /v1/completions", "GET /health?a=1"]) {
        const { socket, received } = client(gateway.url);
        socket.write(`${line} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 0\r\n\r\n`);
        await until(() => received().includes("\r\n\r\n"));
        expect([host, line, received().slice(9, 12)]).not.toContain("500");
      }
    }
  });

  test("that spells a path another way is told that there is nothing", async () => {
    const gateway = await startGateway([await replica((socket) => socket.write(ANSWER))]);
    for (const path of ["/v1/completions/", "/v1/%63ompletions", "//v1/completions"]) {
      const response = await post(gateway.url + path, BODY);
      expect([path, response.status, await response.json()]).toMatchObject([
        path,
        404,
        { error: { code: "unknown_path" } },
      ]);
    }
  });

  test("whose header cannot be passed on does not make replicas look broken", async () => {
    const gateway = await startGateway([await replica((socket) => socket.write(ANSWER))]);
    for (const value of ["a\x7fb", "caf\xe9", "\x01", "a\tb", "a\x0bb"]) {
      const { socket, received } = client(gateway.url);
      socket.write(request(BODY, `x-a: ${value}\r\n`), "latin1");
      await until(() => received().includes("\r\n\r\n"));
      expect([JSON.stringify(value), received().slice(9, 12)]).not.toContain("502");
    }
  });

  test("whose chunked body was too large is answered on the same connection again", async () => {
    const gateway = await startGateway([await replica((socket) => socket.write(ANSWER))], { maxBodyBytes: 1000 });
    const { socket, received } = client(gateway.url);
    const chunk = `258\r\n${"x".repeat(600)}\r\n`;
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(90)}0\r\n\r\n`,
    );
    await until(() => received().includes("HTTP/1.1 413"));
    socket.write(request());
    await until(() => received().includes("HTTP/1.1 200"));
  });

  test("whose body was refused while an earlier request waited is answered whatever it asks next", async () => {
    const first = resolvers<Socket>();
    const a = await replica((socket, asked) => {
      if (asked.includes("first")) first.resolve(socket);
      // Later than an unread body is waited for.
      else setTimeout(() => socket.write(ANSWER), 1200);
    });
    const gateway = await startGateway([a], { maxBodyBytes: 1000 });
    const { socket, received } = client(gateway.url);
    const chunk = `258\r\n${"x".repeat(600)}\r\n`;
    socket.write(request(JSON.stringify({ model: "m", prompt: "first" })));
    socket.write(`POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(2)}`);
    await gateway.ended(1);
    await until(() => gateway.router.replicas[0]!.queueLength === 1);
    socket.write(`${chunk}0\r\n\r\n${request()}`);
    await until(() => gateway.router.replicas[0]!.queueLength === 2);
    (await first.promise).write(ANSWER);
    await until(() => received().split("HTTP/1.1 200").length === 3 || socket.destroyed);
    expect(received().match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 413", "HTTP/1.1 200"]);
  });
});

describe("a replica's", () => {
  test("header that cannot be passed on does not keep its place", async () => {
    const reader = { read: async () => ({ done: false as const, value: new Uint8Array(1) }), cancel: async () => {} };
    const headers = new HeaderList([["x-a", "\u0100"]]);
    const upstream = {
      decodes: false,
      send: async () => ({ status: 200, statusText: "", headers, body: { getReader: () => reader } }),
    };
    const gateway = await startGateway([deadAddress()], { upstream });
    expect((await post(`${gateway.url}/v1/completions`, BODY)).status).toBe(500);
    await gateway.ended(1);
    expect(gateway.router.replicas[0]!.queueLength).toBe(0);
  });

  test("answer that is no HTTP that can be passed on is called so", async () => {
    for (const head of ["content-length: 5\r\ncontent-length: 6", `x-a: ${"a".repeat(100_000)}`]) {
      const a = await replica((socket) => socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\nhello!`));
      const gateway = await startGateway([a]);
      expect((await post(`${gateway.url}/v1/completions`, BODY)).status).toBe(502);
      expect(gateway.records.map(({ failures }) => failures)).toEqual([["bad_answer"]]);
    }
  });

  test("fields that come twice are joined, and those that Connection names are dropped wherever it names them", async () => {
    const twice =
      "connection: x-one\r\nconnection: x-two\r\nx-one: 1\r\nx-two: 2\r\nvary: a\r\nvary: b\r\nx-request-id: 1\r\nx-request-id: 2\r\n";
    const a = await replica((socket) => socket.write(ANSWER.replace("content-length", `${twice}content-length`)));
    const gateway = await startGateway([a]);
    const { socket, received } = client(gateway.url);
    socket.write(request(BODY, "x-request-id: mine\r\n"));
    await until(() => received().endsWith("{}"));
    expect(received()).not.toMatch(/x-one|x-two/);
    expect(received()).toMatch(/vary: a, b\r\n/);
    expect(received().match(/x-request-id: .*/g)).toEqual(["x-request-id: mine"]);
  });

  test("answer without a body is announced without one", async () => {
    for (const status of [204, 205]) {
      const body = status === 205 ? "{}" : "";
      const a = await replica((socket) => socket.write(`HTTP/1.1 ${status} None\r\ncontent-length: 2\r\n\r\n${body}`));
      const gateway = await startGateway([a]);
      const { socket, received } = client(gateway.url);
      socket.write(request());
      await until(() => received().includes("\r\n\r\n"));
      expect(received()).not.toMatch(/content-length: 2/i);
    }
  });

  test.each([
    ["closed", (socket: Socket) => socket.destroy()],
    ["reset", (socket: Socket) => socket.resetAndDestroy()],
  ])("connection that is %s when it is used again is no failure: the request is sent on another", async (_, end) => {
    const bodies: string[] = [];
    const a = await replica((socket, asked, number) => {
      if (number > 1) {
        end(socket);
        return;
      }
      bodies.push(asked.slice(asked.indexOf("\r\n\r\n") + 4));
      socket.write(ANSWER);
    });
    const gateway = await startGateway([a]);
    for (let i = 0; i < 4; i++) {
      const response = await post(`${gateway.url}/v1/completions`, BODY);
      expect([response.status, await response.text()]).toEqual([200, "{}"]);
    }
    expect(bodies).toEqual([BODY, BODY, BODY, BODY]);
    expect(gateway.records.map(({ failures }) => failures)).toEqual([[], [], [], []]);
  });
});
