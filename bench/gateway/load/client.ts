// The load generator, in a process of its own: `tsx client.ts '<LoadSpec>'` prints one LoadResult as JSON.
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { summarize } from "../../../src/measure/index.js";
import { chatBodies } from "./bodies.js";
import type { LoadResult, LoadSpec, Percentiles } from "./spec.js";

const CHATS = 500;
const MOST_CONNECTIONS = 4096;

const spec: LoadSpec = JSON.parse(process.argv[2]!);
const { stream } = spec;
const bodies = chatBodies(
  CHATS,
  stream === undefined ? {} : { stream: true, max_tokens: stream.chunks, seed: stream.paceMs },
);
const pool = new Pool(spec.url, { connections: MOST_CONNECTIONS });
const firstByteMs: number[] = [];
const totalMs: number[] = [];
const betweenMs: number[] = [];
const lateMs: number[] = [];
let completed = 0;
let failed = 0;
let index = 0;

/** Sends one; resolves when it has ended. */
function send(onFirst: () => void = () => {}): Promise<void> {
  const begin = performance.now();
  let last = 0;
  let status = 0;
  return new Promise((resolve) => {
    pool.dispatch(
      {
        path: "/v1/chat/completions",
        method: "POST",
        headers: { "content-type": "application/json" },
        body: bodies[index++ % CHATS]!,
      },
      {
        onConnect() {},
        onHeaders(code) {
          status = code;
          return true;
        },
        onData() {
          const now = performance.now();
          if (last === 0) {
            firstByteMs.push(now - begin);
            onFirst();
          } else betweenMs.push(now - last);
          last = now;
          return true;
        },
        onComplete() {
          totalMs.push(performance.now() - begin);
          if (status === 200) completed++;
          else failed++;
          resolve();
        },
        onError() {
          failed++;
          onFirst();
          resolve();
        },
      },
    );
  });
}

async function closed(concurrency: number, seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) await send();
    }),
  );
}

async function open(rate: number, seconds: number): Promise<void> {
  const begin = performance.now();
  const sent: Promise<void>[] = [];
  const total = rate * seconds;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const now = performance.now();
      while (sent.length < total && begin + (sent.length * 1000) / rate <= now) {
        lateMs.push(now - begin - (sent.length * 1000) / rate);
        sent.push(send());
      }
      if (sent.length < total) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(sent);
}

async function hold(streams: number, seconds: number): Promise<void> {
  let waiting = streams;
  const begun = Array.from({ length: streams }, () =>
    new Promise<void>((resolve) => void send(resolve)).then(() => {
      waiting--;
    }),
  );
  const late = new AbortController();
  const over = sleep(seconds * 1000, undefined, { signal: late.signal }).catch(() => {});
  await Promise.race([Promise.all(begun), over]);
  late.abort();
  failed += waiting;
}

const begin = performance.now();
if (spec.kind === "closed") await closed(spec.concurrency, spec.seconds);
else if (spec.kind === "open") await open(spec.rate, spec.seconds);
else await hold(spec.streams, spec.seconds);
const result: LoadResult = {
  completed,
  failed,
  seconds: (performance.now() - begin) / 1000,
  ...figure("firstByteMs", firstByteMs),
  ...figure("totalMs", totalMs),
  ...figure("betweenMs", betweenMs),
  ...figure("lateMs", lateMs),
};
console.log(JSON.stringify(result));
if (spec.kind === "hold") process.stdin.on("end", () => process.exit(0)).resume();
else await pool.close();

function figure(name: string, values: number[]): Record<string, Percentiles> {
  if (values.length === 0) return {};
  const { median: p50, p90, p99 } = summarize(values)!;
  return { [name]: { p50, p90, p99 } };
}
