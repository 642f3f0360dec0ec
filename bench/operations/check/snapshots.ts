import { PrefixTree } from "../../../dist/index.js";
import { textsOf } from "../workloads/index.js";
import { Filler } from "./filler.js";
import { type CheckOptions, type Goal, shown } from "./goal.js";
import { leastTimes } from "./least-times.js";

const SIZES = [2000, 40_000];
const TENANTS = 4;
const LEAST_GB_A_SECOND = 1;
/** A call of milliseconds is more often interrupted than one of microseconds, and a pass has only one. */
const MORE_PASSES = 3;

/** How fast a tree becomes bytes, and bytes a tree. */
export function snapshotGoals({ seed, passes }: CheckOptions): Goal[] {
  return SIZES.flatMap((texts) => {
    const { tree } = new Filler(textsOf("chat", texts, seed), TENANTS).fill();
    const bytes = tree.snapshot();
    let restored: PrefixTree | undefined;
    const { snapshot, restore } = leastTimes(
      {
        snapshot: { count: 1, call: () => tree.snapshot() },
        restore: {
          count: 1,
          prepare: () => {
            restored?.[Symbol.dispose]();
          },
          call: () => {
            restored = PrefixTree.restore(bytes);
          },
        },
      },
      MORE_PASSES * passes,
    );
    return [rateGoal("snapshot", snapshot), rateGoal("restore", restore)];

    function rateGoal(what: string, timeUs: number): Goal {
      return {
        what: `${what} of ${texts.toLocaleString("en")} texts`,
        // Bytes a microsecond are megabytes a second.
        measured: bytes.length / timeUs / 1000,
        limit: LEAST_GB_A_SECOND,
        atLeast: true,
        unit: "GB/s",
        figures: `${bytes.length} bytes in ${shown(timeUs)} µs`,
      };
    }
  });
}
