import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { failureOf } from "../../src/gateway/failures.js";
import { RetryBudget } from "../../src/gateway/retry-budget.js";
import { deadAddress, metric, post, serve, startGateway } from "./support.js";

const PROMPT = { prompt: "Why is the sky blue?" };
/** A label has up to 63 characters (RFC 1035): this name is refused before a server is asked, which may take longer than a connection may. */
const NO_NAME = `${"no-such-host".padEnd(64, "-x")}.invalid`;

describe("why a replica gave no answer", () => {
  const cause = (code: string) =>
    Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("x"), { code }) });

  test.each([
    ["refused", cause("ECONNREFUSED")],
    ["refused", Object.assign(new TypeError("fetch failed"), { cause: { errors: [{ code: "ECONNREFUSED" }] } })],
    [
      "refused",
      Object.assign(new Error("Unable to connect. Is the computer able to access the url?"), {
        code: "ConnectionRefused",
      }),
    ],
    [
      "refused",
      new TypeError(
        "error sending request for url: client error (Connect): tcp connect error: Connection refused (os error 111)",
      ),
    ],
    ["dns", cause("ENOTFOUND")],
    [
      "dns",
      new TypeError("error sending request: client error (Connect): dns error: failed to lookup address information"),
    ],
    ["connect_timeout", cause("UND_ERR_CONNECT_TIMEOUT")],
    ["no_route", cause("EHOSTUNREACH")],
    ["tls", cause("DEPTH_ZERO_SELF_SIGNED_CERT")],
    ["tls", cause("CERT_HAS_EXPIRED")],
    ["tls", cause("ERR_TLS_CERT_ALTNAME_INVALID")],
    ["reset", cause("UND_ERR_SOCKET")],
    ["reset", cause("ECONNRESET")],
    ["bad_answer", cause("HPE_INVALID_CONSTANT")],
    ["other", new Error("?")],
    ["other", "a string"],
    ["other", null],
  ])("is read as %s from %s", (failure, error) => {
    expect(failureOf(error)).toBe(failure);
  });

  test("is told to the client without an address, and counted", async () => {
    const dead = deadAddress();
    const { url, ended } = await startGateway([dead, `http://${NO_NAME}`]);
    const response = await post(`${url}/v1/completions`, PROMPT);
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(text).toContain("(2 tried: ");
    expect(text).toContain("the connection was refused");
    expect(text).toContain("its name could not be resolved");
    for (const address of [new URL(dead).host, "127.0.0.1", NO_NAME]) expect(text).not.toContain(address);
    expect([...(await ended(1))[0]!.failures].sort()).toEqual(["dns", "refused"]);
    expect(await metric(url, 'warmroute_upstream_failures_total{replica="a",cause="refused"}')).toBe(1);
    expect(await metric(url, 'warmroute_upstream_failures_total{replica="b",cause="dns"}')).toBe(1);
  });

  test("an https address whose server speaks none is a failure of TLS or of its answer", async () => {
    const plain = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")).listen(0, "127.0.0.1");
    onTestFinished(() => void plain.close());
    await once(plain, "listening");
    const { port } = plain.address() as { port: number };
    const { url, ended } = await startGateway([`https://127.0.0.1:${port}`]);
    expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(502);
    expect((await ended(1))[0]!.failures).toEqual(["tls"]);
  });

  test("what is no HTTP is told as such", async () => {
    const gibberish = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n")).listen(0, "127.0.0.1");
    onTestFinished(() => void gibberish.close());
    await once(gibberish, "listening");
    const { port } = gibberish.address() as { port: number };
    const { url, ended } = await startGateway([`http://127.0.0.1:${port}`]);
    expect(await (await post(`${url}/v1/completions`, PROMPT)).text()).toContain("is no HTTP that can be passed on");
    expect((await ended(1))[0]!.failures).toEqual(["bad_answer"]);
  });
});

describe("retries", () => {
  test("are a share of the requests, with some allowed to begin with", () => {
    const budget = new RetryBudget(0.2);
    const took = () => Array.from({ length: 200 }, () => budget.take()).filter(Boolean).length;
    expect(took()).toBe(100);
    for (let i = 0; i < 10; i++) budget.requested();
    expect(took()).toBe(2);
    for (let i = 0; i < 1000; i++) budget.requested();
    expect(took()).toBe(100);
    expect(new RetryBudget(0).take()).toBe(false);
  });

  test("beyond the budget are not made: the first answer is the result", async () => {
    const ill = await serve(() => new Response("no", { status: 500 }));
    const { url, ended } = await startGateway([ill, ill, ill], { breaker: false, retries: { budget: 0 } });
    for (let i = 0; i < 5; i++) expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(500);
    expect(await ended(5)).toMatchObject(Array(5).fill({ outcome: "replica_error", tries: 1, failures: [500] }));
    expect(await metric(url, "warmroute_retries_over_budget_total")).toBe(5);
  });

  test("of a body that is too large to keep are not made", async () => {
    const ill = await serve(() => new Response("no", { status: 502 }));
    const { url, ended } = await startGateway([ill, ill], { retries: { maxBufferBytes: 10 } });
    expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(502);
    expect(await ended(1)).toMatchObject([{ tries: 1 }]);
  });

  test("of statuses that are not named are not made", async () => {
    const ill = await serve(() => new Response("no", { status: 500 }));
    const { url, ended } = await startGateway([ill, ill], { retries: { statuses: [503] } });
    expect((await post(`${url}/v1/completions`, PROMPT)).status).toBe(500);
    expect(await ended(1)).toMatchObject([{ tries: 1, outcome: "replica_error" }]);
  });
});
