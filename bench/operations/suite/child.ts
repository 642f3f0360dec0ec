/** A process of its own for each peer, so that none finds the heap and the compiled code that another has left. */
import { checkAgreement } from "../peers/agreement.js";
import { peers } from "../peers/index.js";
import { textsOf } from "../workloads/index.js";
import type { Answer, Assignment, Figures } from "./figures.js";
import { memoryOf } from "./memory.js";
import { timeOperations } from "./time.js";

process.once("message", async (assignment: Assignment) => {
  const answer = await figuresOf(assignment).catch((error: Error) => ({ error: error.message }));
  process.send!(answer satisfies Answer, () => process.disconnect());
});

async function figuresOf({ peer: name, workload, texts, seed, timeMs, operations }: Assignment): Promise<Figures> {
  const peer = peers[name];
  if (peer === undefined) throw new RangeError(`no peer ${name}`);
  if (peer.exact) checkAgreement(peer);
  const makeTexts = () => textsOf(workload, texts, seed);
  const memoryBytes = memoryOf(peer, makeTexts);
  return { figures: await timeOperations(peer, makeTexts(), makeTexts(), operations, timeMs), memoryBytes };
}
