import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { ListenError, SseParser } from "../../src/protocol/index.js";
import { type RunningReplica, type StartReplicaOptions, startReplica } from "../../src/simulator/index.js";
import { tokens } from "./support.js";

/** As fast as the machine: nothing here is about time. */
async function start(options: StartReplicaOptions = {}): Promise<RunningReplica> {
  const running = await startReplica({ speed: 1000, ...options });
  onTestFinished(() => running.close());
  return running;
}

const ask = ({ url }: RunningReplica, body: object, init: RequestInit = {}) =>
  fetch(`${url}/v1/completions`, { method: "POST", body: JSON.stringify(body), ...init });

/** For a minute, at ten times the speed of a GPU: what is late comes all at once, as soon as the machine can. */
const ENDLESS = { prompt: tokens(40), max_tokens: 30_000, ignore_eos: true, stream: true };
const ENDLESS_AT = { speed: 10 };

describe("startReplica", () => {
  test("listens at a free port and answers", async () => {
    const running = await start();
    expect(running.url).toBe(`http://127.0.0.1:${running.port}`);
    const answer = await ask(running, { prompt: tokens(40), max_tokens: 3 });
    expect(await answer.json()).toMatchObject({ usage: { prompt_tokens: 40, completion_tokens: 3 } });
    expect(running.replica.stats.promptTokens).toBe(40);
  });

  test("streams, with the usage at the end", async () => {
    const running = await start();
    const body = { prompt: tokens(40), max_tokens: 3, stream: true, stream_options: { include_usage: true } };
    const events = new SseParser().push(await (await ask(running, body)).text()).map(({ data }) => data);
    expect(events).toHaveLength(5);
    expect(JSON.parse(events[3]!).usage.completion_tokens).toBe(3);
  });

  test("a client that leaves frees its blocks", async () => {
    const running = await start(ENDLESS_AT);
    const leaving = new AbortController();
    const response = await ask(running, ENDLESS, { signal: leaving.signal });
    await response.body!.getReader().read();
    expect(running.replica.stats.usedBlocks).toBeGreaterThan(0);
    leaving.abort();
    while (running.replica.stats.ongoing > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(running.replica.stats.usedBlocks).toBe(0);
  });

  test("close cuts what is open, and frees the port", async () => {
    const running = await start(ENDLESS_AT);
    const response = await ask(running, ENDLESS);
    const reader = response.body!.getReader();
    await reader.read();
    await running.close();
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow(TypeError);
    const again = await start({ port: running.port });
    expect((await fetch(`${again.url}/health`)).status).toBe(200);
  });

  test("can be disposed of", async () => {
    let url: string;
    {
      await using running = await startReplica();
      url = running.url;
      expect((await fetch(`${url}/health`)).status).toBe(200);
    }
    await expect(fetch(`${url}/health`)).rejects.toThrow(TypeError);
  });

  test("says what is wrong with an address or an option", async () => {
    const { port } = await start();
    await expect(startReplica({ port })).rejects.toThrow(new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is in use$`));
    await expect(startReplica({ port })).rejects.toBeInstanceOf(ListenError);
    await expect(startReplica({ host: "256.0.0.1" })).rejects.toThrow("256.0.0.1 is not an address of this machine");
    await expect(startReplica({ port: 70_000 })).rejects.toThrow("port must be a whole number from 0 to 65535");
    await expect(startReplica({ speed: 0 })).rejects.toThrow("speed must be above 0");
  });
});

describe("faults, at the socket", () => {
  test("refuse closes the connection without a byte", async () => {
    const { port, replica } = await start();
    replica.inject({ kind: "refuse" });
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    let bytes = 0;
    socket.on("data", (data) => {
      bytes += data.length;
    });
    await new Promise((resolve) => socket.once("close", resolve));
    expect(bytes).toBe(0);
  });

  test("cut gives the tokens before it, and then no end", async () => {
    const running = await start();
    await fetch(`${running.url}/admin/faults`, { method: "POST", body: '{"kind":"cut","afterTokens":4}' });
    const response = await ask(running, { ...ENDLESS, max_tokens: 50 });
    const parser = new SseParser();
    const events: string[] = [];
    const read = async () => {
      for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
        events.push(...parser.push(piece).map(({ data }) => data));
      }
    };
    await expect(read()).rejects.toThrow(TypeError);
    expect(events).toHaveLength(4);
    await expect(ask(running, { prompt: "a" })).rejects.toThrow(TypeError);
  });

  test("restart cuts what is under way and goes on at the same address", async () => {
    const running = await start(ENDLESS_AT);
    const whole = ask(running, { ...ENDLESS, stream: false });
    while (running.replica.stats.running === 0) await new Promise((resolve) => setImmediate(resolve));
    await fetch(`${running.url}/admin/faults`, { method: "POST", body: '{"kind":"restart"}' });
    await expect(whole).rejects.toThrow(TypeError);
    expect((await ask(running, { prompt: "a" })).status).toBe(200);
  });
});
