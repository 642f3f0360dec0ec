/** A process of its own for each peer, so that none finds the heap and the compiled code that another has left. */
import { checkAgreement } from "../peers/agreement.js";
import { peers } from "../peers/index.js";
import { chatTexts } from "../texts.js";
import type { Assignment, Figures } from "./figures.js";
import { memoryOf } from "./memory.js";
import { timeOperations } from "./time.js";

process.once("message", async ({ peer: name, texts, seed, timeMs, operations }: Assignment) => {
  const peer = peers[name];
  if (peer === undefined) throw new RangeError(`no peer ${name}`);
  if (peer.exact) checkAgreement(peer);
  const memoryBytes = memoryOf(peer, texts, seed);
  const figures = await timeOperations(peer, chatTexts(texts, seed), chatTexts(texts, seed), operations, timeMs);
  process.send!({ figures, memoryBytes } satisfies Figures, () => process.disconnect());
});
