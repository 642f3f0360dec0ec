import { nowS } from "../tree/index.js";
import { shown } from "./shown.js";

/** The user's clock, whose times are looked at; the wall clock where there is none. */
export function checkedClock(clock: (() => number) | undefined): () => number {
  if (clock === undefined) return nowS;
  return () => {
    const timeS: unknown = clock();
    if (!Number.isFinite(timeS)) throw new RangeError(`clock must give finite seconds, not ${shown(timeS)}`);
    return timeS as number;
  };
}
