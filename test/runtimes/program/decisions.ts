import { type Lease, NoReplicaError, type PolicyName, Router } from "../../../src/index.js";
import { Random } from "../../../src/random/index.js";
import { sha256 } from "../../conformance/sha256.js";
import { Conversations } from "./conversations.js";
import type { Input } from "./input.js";

const SEED = 20_261_124;
const DECISIONS = 10_000;
/** More leases at a time than the replicas have room for, so that all being full is decided, too. */
const REPLICAS = Array.from({ length: 8 }, (_, i) => ({ id: `replica-${i}`, maxOngoingRequests: 3 + (i % 3) }));
const MOST_LEASES = 40;

/** Each policy decides in every runtime as it did where the golden values were made. */
export async function checkDecisions({ policies, golden }: Input): Promise<void> {
  const wrong: string[] = [];
  for (const policy of policies) {
    const got = await decisionsHash(policy);
    const expected = golden.decisions[policy] ?? "nothing: it has no golden value yet";
    if (got !== expected) wrong.push(`${policy} (seed ${SEED}): ${got}, not ${expected}`);
  }
  const gone = Object.keys(golden.decisions).filter((policy) => !policies.includes(policy));
  if (gone.length > 0) wrong.push(`there is no policy ${gone.join(", ")} any more`);
  if (wrong.length > 0) throw new Error(wrong.join("; "));
}

/** SHA-256 of 10,000 decisions, a line each, while leases end in all the ways there are. */
export async function decisionsHash(policy: string): Promise<string> {
  const random = new Random(SEED);
  const conversations = new Conversations(random);
  let nowS = 1_700_000_000;
  const router = new Router({ policy: policy as PolicyName, replicas: REPLICAS, seed: SEED, clock: () => nowS });
  const leases: Lease[] = [];
  const lines: string[] = [];
  for (let decided = 0; decided < DECISIONS; ) {
    nowS += random.below(2000) / 1000;
    while (leases.length > 0 && random.below(MOST_LEASES) < leases.length) {
      end(leases.splice(random.below(leases.length), 1)[0]!, random);
    }
    const { request, session } = conversations.next();
    const exclude = random.below(10) === 0 ? new Set([REPLICAS[random.below(REPLICAS.length)]!.id]) : new Set<string>();
    const options = { exclude, ...(session !== null && { session }) };
    try {
      const lease = router.route(request, options);
      leases.push(lease);
      lines.push(line(lease));
      decided++;
    } catch (error) {
      if (!(error instanceof NoReplicaError)) throw error;
      lines.push(`none of ${error.replicas}, ${error.full} full`);
    }
  }
  router[Symbol.dispose]?.();
  return sha256(lines.join("\n"));
}

function end(lease: Lease, random: Random): void {
  const way = random.below(10);
  if (way === 0) lease.reject();
  else if (way === 1) lease.reject({ queueLength: random.below(10) });
  else {
    if (way > 2) lease.accept();
    lease.release();
  }
}

function line({ decision }: Lease): string {
  const { replica, reason, matchedChars, textChars, candidates } = decision;
  return `${replica} ${reason} ${matchedChars}/${textChars} ${candidates.map(({ queueLength }) => queueLength).join()}`;
}
