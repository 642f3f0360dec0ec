import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createUpstream, type UpstreamOptions } from "../../src/cli/upstream.js";
import { HeaderList, Stop, type StopSignal, webResponse } from "../../src/protocol/index.js";

async function listening<Kind extends Server>(server: Kind): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

interface Asked {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  signal?: StopSignal;
}

/** Its answers as the web's, for what they have to read them with. */
function upstream(options?: UpstreamOptions): (url: string, asked?: Asked) => Promise<Response> {
  const made = createUpstream(options);
  onTestFinished(() => made.close());
  return async (url, { method = "GET", headers = {}, body, signal = new Stop() } = {}) =>
    webResponse(
      await made.send(url, { method, headers: new HeaderList(Object.entries(headers)), body: body ?? null, signal }),
    );
}

describe("Node's transport", () => {
  test("sends what it is given, and keeps its connections", async () => {
    let connections = 0;
    const seen: unknown[] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      seen.push([request.method, request.url, request.headers["x-a"], body]);
      response.writeHead(201, { "x-b": "1", "set-cookie": ["a=1", "b=2"] }).end("done");
    }).on("connection", () => connections++);
    const address = `http://127.0.0.1:${await listening(server)}`;
    const send = upstream();
    for (let i = 0; i < 10; i++) {
      const body = new TextEncoder().encode("hello");
      const response = await send(`${address}/path?q=1`, { method: "POST", headers: { "x-a": "1" }, body });
      expect([response.status, response.headers.get("x-b"), response.headers.getSetCookie()]).toEqual([
        201,
        "1",
        ["a=1", "b=2"],
      ]);
      expect(await response.text()).toBe("done");
    }
    expect(seen).toEqual(Array(10).fill(["POST", "/path?q=1", "1", "hello"]));
    expect(connections).toBeLessThan(4);
  });

  test("follows no redirect, passes on what is encoded as it is, and gives no body where there is none", async () => {
    const answers: Record<string, RequestListener> = {
      "/redirect": (_, response) => response.writeHead(307, { location: "http://127.0.0.1:1/" }).end(),
      "/gzip": (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("plain")),
      "/none": (_, response) => response.writeHead(204).end(),
    };
    const server = createServer((request, response) => answers[request.url!]!(request, response));
    const address = `http://127.0.0.1:${await listening(server)}`;
    const send = upstream();
    expect((await send(`${address}/redirect`)).status).toBe(307);
    const encoded = await send(`${address}/gzip`);
    expect(encoded.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(await encoded.arrayBuffer()).toString()).toBe("plain");
    expect((await send(`${address}/none`)).body).toBe(null);
  });

  test("passes pieces as they come, reads no faster than they are taken, and ends with its signal", async () => {
    let written = 0;
    const server = createServer((_, response) => {
      response.write("first");
      const more = () => {
        while (!response.destroyed && response.write(new Uint8Array(65536))) written += 65536;
      };
      response.on("drain", more);
      more();
    });
    const gone = once(server, "request").then(([, response]) => once(response, "close"));
    const address = `http://127.0.0.1:${await listening(server)}`;
    const client = new AbortController();
    const response = await upstream()(address, { signal: client.signal });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value).startsWith("first")).toBe(true);
    for (let before = -1; before !== written; ) {
      before = written;
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
    client.abort();
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow("abort");
    await gone;
  });

  test("gives up on a connection that does not come about", async () => {
    const mute = createTcpServer(() => {});
    const port = await listening(mute);
    const error = await upstream({ connectMs: 50 })(`https://127.0.0.1:${port}`).catch((each) => each);
    expect(error).toMatchObject({ code: "UND_ERR_CONNECT_TIMEOUT" });
  });
});

describe("over TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "warmroute-tls-"));
  const pem = (name: string) => readFileSync(join(folder, name), "utf8");
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };

  beforeAll(() => {
    for (const [name, subject] of [
      ["server", "/CN=localhost"],
      ["client", "/CN=gateway"],
    ] as const) {
      const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
      openssl(
        "req",
        "-x509",
        ...key,
        "-out",
        `${name}.crt`,
        "-subj",
        subject,
        "-days",
        "2",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
      );
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function server(): Promise<string> {
    const options = { cert: pem("server.crt"), key: pem("server.key"), ca: pem("client.crt"), requestCert: true };
    const secure = createTlsServer({ ...options, rejectUnauthorized: true }, (_, response) => response.end("trusted"));
    secure.on("tlsClientError", () => {});
    return `https://127.0.0.1:${await listening(secure)}`;
  }

  test("a replica that is not trusted is not sent anything", async () => {
    const error = await upstream()(await server()).catch((each) => each);
    expect(error.code).toMatch(/SELF_SIGNED/);
  });

  test("a replica that asks for a certificate is shown the one that was given", async () => {
    const address = await server();
    const tls = { ca: pem("server.crt"), cert: pem("client.crt"), key: pem("client.key") };
    expect(await (await upstream({ tls })(address)).text()).toBe("trusted");
    await expect(upstream({ tls: { ca: tls.ca } })(address).then((response) => response.text())).rejects.toThrow();
  });
});
