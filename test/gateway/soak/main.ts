// A gateway under load while its replicas die. `--help` tells more.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Agent, fetch } from "undici";
import { Random } from "../../../src/random/index.js";

const HELP = `npm run test:soak -- [--seconds 60] [--rate 200] [--kill-every 20] [--seed 1]

A gateway in front of two models with two simulated replicas each, all in processes of their own; one replica after another is
killed and started again. At the end outcomes must add up, no lease be left, memory have stayed within ±10 % after the warm-up
(30 s, or a quarter), and no request have been answered by the wrong model.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "200" },
    "kill-every": { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit();
}
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const killEvery = Number(values["kill-every"]);
const random = new Random(Number(values.seed));

const MODELS = ["small", "large"];
const REPLICAS = 2;
const CONVERSATIONS = 300;
const CLIENTS_LEAVING = 0.03;
const SPEED = 200;

interface Told {
  readonly url: string;
}

interface Reading {
  readonly open: number;
  readonly leases: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly causes: Readonly<Record<string, number>>;
  readonly bytes: number;
  readonly sockets: number;
}

/** As many at once as there are: sockets that come and go would be counted as memory that grows. */
const dispatcher = new Agent({ connections: 128 });

const children = new Set<ChildProcess>();

async function start(
  file: string,
  args: readonly string[],
  execArgv: readonly string[] = [],
): Promise<ChildProcess & Told> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ["--import", "tsx", ...execArgv],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.add(child);
  child.once("exit", () => children.delete(child));
  const [{ url }] = (await once(child, "message")) as [Told];
  return Object.assign(child, { url });
}

/** Client's side of what happened. */
const seen = {
  sent: 0,
  whole: 0,
  left: 0,
  brokenOff: 0,
  failed: new Map<string, number>(),
  refused: new Map<number, number>(),
  wrongModel: 0,
  unanswered: 0,
};

async function ask(url: string, model: string, conversation: number, turns: number): Promise<void> {
  seen.sent++;
  const streamed = random.float() < 0.7;
  const leaves = streamed && random.float() < CLIENTS_LEAVING;
  const messages = Array.from({ length: turns }, (_, i) => ({
    role: i % 2 === 0 ? "user" : "assistant",
    content: `${conversation}.${i}: ${"Why is the sky blue, and what is it made of? ".repeat(4)}`,
  }));
  let answered = false;
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      dispatcher,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages, stream: streamed, max_tokens: 16 }),
    });
    answered = true;
    if (response.status !== 200) {
      seen.refused.set(response.status, (seen.refused.get(response.status) ?? 0) + 1);
      await response.arrayBuffer();
      return;
    }
    if (leaves) {
      const reader = response.body!.getReader();
      await reader.read();
      await reader.cancel();
      seen.left++;
      return;
    }
    const text = await response.text();
    if (/"code":"replica_(broke|stalled)"/.test(text)) seen.brokenOff++;
    else if (streamed ? text.endsWith("data: [DONE]\n\n") : JSON.parse(text)) seen.whole++;
    else seen.unanswered++;
    for (const [, of] of text.matchAll(/"model":"([^"]*)"/g)) if (of !== model) seen.wrongModel++;
  } catch (error) {
    const { code = "unknown" } = ((error as Error).cause ?? {}) as { code?: string };
    // An answer that is no stream is cut where its replica broke off.
    if (answered) seen.brokenOff++;
    else seen.failed.set(code, (seen.failed.get(code) ?? 0) + 1);
  }
}

async function main(): Promise<void> {
  const replicas = new Map<string, (ChildProcess & Told)[]>();
  for (const model of MODELS) {
    const all = Array.from({ length: REPLICAS }, () => start("replica.ts", ["0", model, String(SPEED)]));
    replicas.set(model, await Promise.all(all));
  }
  const urls = Object.fromEntries([...replicas].map(([model, all]) => [model, all.map(({ url }) => url)]));
  const gateway = await start("gateway.ts", [JSON.stringify(urls)], ["--expose-gc"]);
  const read = async (): Promise<Reading> => {
    gateway.send("read");
    return (await once(gateway, "message"))[0] as Reading;
  };

  const memory: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startMs = performance.now();
  let nextKillS = killEvery;
  let nextReadS = 1;
  let kills = 0;
  let due = 0;
  for (let nowS = 0; nowS < seconds; nowS = (performance.now() - startMs) / 1000) {
    for (; due < nowS * rate; due++) {
      const model = MODELS[random.below(MODELS.length)]!;
      const asked = ask(gateway.url, model, random.below(CONVERSATIONS), 1 + 2 * random.below(4));
      underWay.add(asked);
      void asked.finally(() => underWay.delete(asked));
    }
    if (nowS >= nextKillS) {
      nextKillS += killEvery;
      void replace(replicas.get(MODELS[kills % MODELS.length]!)!, MODELS[kills % MODELS.length]!, kills++ % REPLICAS);
    }
    if (nowS >= nextReadS) {
      nextReadS += 1;
      memory.push((await read()).bytes);
    }
    await sleep(5);
  }
  await Promise.all(underWay);
  let last = await read();
  // A client's leaving reaches the gateway by its socket, after the client is done.
  for (let i = 0; last.open > 0 && i < 200; i++) {
    await sleep(50);
    last = await read();
  }
  report(last, memory, kills, (performance.now() - startMs) / 1000);
}

async function replace(all: (ChildProcess & Told)[], model: string, i: number): Promise<void> {
  const { url } = all[i]!;
  all[i]!.kill("SIGKILL");
  await once(all[i]!, "exit");
  await sleep(1000);
  all[i] = await start("replica.ts", [new URL(url).port, model, String(SPEED)]);
}

function report(last: Reading, memory: readonly number[], kills: number, tookS: number): void {
  // A reading a second. Code is compiled and sockets are opened for longer than the first quarter of a short run.
  const warm = memory.slice(Math.min(Math.floor(memory.length / 2), Math.max(30, Math.floor(memory.length / 4))));
  const half = Math.floor(warm.length / 2);
  const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
  const change = mean(warm.slice(half)) / mean(warm.slice(0, half)) - 1;
  const ended = Object.values(last.outcomes).reduce((sum, each) => sum + each, 0);
  const { refused, failed, ...counts } = seen;
  console.log(
    JSON.stringify({
      seconds: Math.round(tookS),
      rate: Math.round(seen.sent / tookS),
      kills,
      client: { ...counts, refused: Object.fromEntries(refused), failed: Object.fromEntries(failed) },
      gateway: last,
      memoryMiB: memory.map((bytes) => Math.round(bytes / 2 ** 18) / 4),
      memoryChange: Math.round(change * 1000) / 1000,
    }),
  );
  const wrong = [
    ended !== seen.sent && `${seen.sent} requests were sent, and ${ended} outcomes counted`,
    last.open !== 0 && `${last.open} requests are open`,
    last.leases !== 0 && `${last.leases} leases or waiting requests are left`,
    seen.wrongModel > 0 && `${seen.wrongModel} answers came from the wrong model`,
    seen.unanswered > 0 && `${seen.unanswered} answers ended without being whole, and without an error`,
    (last.outcomes.internal_error ?? 0) > 0 && `the gateway failed ${last.outcomes.internal_error} times`,
    seen.whole < seen.sent * 0.9 && `only ${seen.whole} of ${seen.sent} requests were answered whole`,
    Math.abs(change) > 0.1 && `memory changed by ${(change * 100).toFixed(1)} %`,
  ].filter((each) => each !== false);
  for (const each of wrong) console.error(`soak: ${each}`);
  if (wrong.length === 0) console.log("soak: all is as it should be");
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

try {
  await main();
} finally {
  for (const child of children) child.kill("SIGKILL");
}
