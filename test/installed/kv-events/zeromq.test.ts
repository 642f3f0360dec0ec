import { decode } from "@msgpack/msgpack";
import { describe, expect, onTestFinished, test } from "vitest";
import * as zeromq from "zeromq";
import { startReplica } from "../../../src/simulator/index.js";
import { freeEndpoint } from "../../simulator/kv-events/support.js";
import { tokens } from "../../simulator/support.js";

describe("KV events over ZeroMQ", () => {
  async function start() {
    const [endpoint, replayEndpoint] = [await freeEndpoint(), await freeEndpoint()];
    const running = await startReplica({
      speed: 100,
      zeromq: { endpoint, replayEndpoint, topic: "kv@replica", module: zeromq },
    });
    onTestFinished(() => running.close());
    const ask = (first: number) =>
      fetch(`${running.url}/v1/completions`, {
        method: "POST",
        body: JSON.stringify({ prompt: tokens(16, first), max_tokens: 1 }),
      }).then((response) => response.text());
    return { running, endpoint, replayEndpoint, ask };
  }

  test("a subscriber gets topic, sequence number and payload of each batch", async () => {
    const { endpoint, ask } = await start();
    const subscriber = new zeromq.Subscriber();
    onTestFinished(() => subscriber.close());
    subscriber.connect(endpoint);
    subscriber.subscribe("kv@");
    const received = subscriber.receive();
    // What is published before the subscription has arrived is nobody's: so until one comes.
    let first = 0;
    let came = false;
    void received.then(() => {
      came = true;
    });
    while (!came) await ask(++first);
    const [topic, seq, payload] = await received;
    expect(new TextDecoder().decode(topic)).toBe("kv@replica");
    const number = seq!.readBigUInt64BE();
    expect(decode(payload!)).toEqual([
      expect.any(Number),
      [["BlockStored", [expect.any(Number)], null, tokens(16, Number(number) + 1), 16, null, "GPU", null, [null]]],
      0,
    ]);
  });

  test("a DEALER gets what is kept from a number on, and the end marker", async () => {
    const { replayEndpoint, ask } = await start();
    for (const first of [1, 2, 3]) await ask(first);
    const dealer = new zeromq.Dealer();
    onTestFinished(() => dealer.close());
    dealer.connect(replayEndpoint);
    await dealer.send(["", new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1])]);
    const replies: [bigint, number][] = [];
    for await (const [, seq, payload] of dealer) {
      const number = seq!.readBigUInt64BE();
      replies.push([number, payload!.length === 0 ? 0 : (decode(payload!) as [number, unknown[]])[1].length]);
      if (payload!.length === 0) break;
    }
    expect(replies).toEqual([
      [1n, 1],
      [2n, 1],
      [0xffff_ffff_ffff_ffffn, 0],
    ]);
  });

  test("a restart publishes from 0 on, and replays nothing of what was before", async () => {
    const { running, endpoint, replayEndpoint, ask } = await start();
    const subscriber = new zeromq.Subscriber();
    onTestFinished(() => subscriber.close());
    subscriber.connect(endpoint);
    subscriber.subscribe("kv@");
    let subscribed = false;
    void subscriber.receive().then(() => {
      subscribed = true;
    });
    for (let first = 1; !subscribed; first++) await ask(first);
    running.replica.inject({ kind: "restart" });
    const dealer = new zeromq.Dealer();
    onTestFinished(() => dealer.close());
    dealer.connect(replayEndpoint);
    await dealer.send(["", new Uint8Array(8)]);
    const [, end] = await dealer.receive();
    expect([...end!]).toEqual(Array(8).fill(0xff));
    await ask(77);
    for await (const [, seq, payload] of subscriber) {
      // What was published before the restart may still be on its way.
      if (seq!.readBigUInt64BE() > 0n) continue;
      const [, [[, , , stored]]] = decode(payload!) as [number, [[string, number[], null, number[]]], number];
      expect(stored).toEqual(tokens(16, 77));
      break;
    }
  });

  test("an endpoint in use is told", async () => {
    const { endpoint } = await start();
    await expect(startReplica({ zeromq: { endpoint, module: zeromq } })).rejects.toThrow(
      `KV events cannot be published at ${endpoint}: Address already in use`,
    );
  });
});
