import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { checkPorts, endpointsOf, type SimulatedReplicas, type SimulatedReplicasOptions } from "./replicas.js";
import { UsageError } from "./usage-error.js";

/** What a child says: that it serves, or why it does not. */
export type ChildMessage = { readonly url: string; readonly model: string } | { readonly refused: string };

const CHILD = new URL("./replica-process.js", import.meta.url);

/** As `startSimulatedReplicas`, but each in a process of its own; all end when one does. */
export async function startReplicaProcesses(options: SimulatedReplicasOptions): Promise<SimulatedReplicas> {
  const { count, port, zeromq, ...common } = options;
  checkPorts(count, port);
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.map(ended));
  };
  try {
    for (let i = 0; i < count; i++) {
      const own: SimulatedReplicasOptions = {
        ...common,
        count: 1,
        port: port === 0 ? 0 : port + i,
        ...(zeromq !== undefined && { zeromq: endpointsOf(zeromq, i) }),
      };
      // A group of its own: a Ctrl-C at the terminal is the parent's, who stops the children.
      const child = fork(CHILD, [], { detached: true });
      children.push(child);
      child.send(own);
    }
    const started = await Promise.all(children.map(ready));
    return {
      replicas: started.map(({ url }, i) => ({ id: `replica-${i + 1}`, url })),
      model: started[0]!.model,
      died: Promise.race(children.map(died)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(child: ChildProcess): Promise<{ url: string; model: string }> {
  const message = await Promise.race([
    once(child, "message").then(([said]) => said as ChildMessage),
    once(child, "exit").then(([code, signal]): ChildMessage => ({ refused: `a replica ended with ${code ?? signal}` })),
  ]);
  if ("refused" in message) throw new UsageError(message.refused);
  return message;
}

async function died(child: ChildProcess): Promise<string> {
  const [code, signal] = await once(child, "exit");
  return `the replica of process ${child.pid} has ended with ${code ?? signal}`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}
