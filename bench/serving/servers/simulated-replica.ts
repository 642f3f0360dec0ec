import { listen } from "../../../src/cli/listen.js";
import { stopSignal } from "../../../src/cli/shutdown.js";
import { type ProfileName, simulatedReplica } from "../../../src/simulator/index.js";

/** What a simulated replica in a process of its own is told. */
export interface SimulatedReplicaFlags {
  readonly model?: string | undefined;
  readonly profile: ProfileName;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  readonly speed: number;
}

/** Serves one on a free port, and says where, until it is told to stop, which cuts what is open. */
export async function serveSimulatedReplica(flags: SimulatedReplicaFlags): Promise<void> {
  const stop = stopSignal();
  const { model, ...others } = flags;
  const replica = simulatedReplica({ ...others, ...(model !== undefined && { model }) });
  const listener = await listen((request) => replica.fetch(request), { host: "127.0.0.1", port: 0 });
  process.stdout.write(`replica at ${listener.url}\n`);
  await stop;
  replica.close();
  listener.destroy();
  await listener.close();
}
