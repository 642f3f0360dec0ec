import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { UsageError } from "../../../src/cli/usage-error.js";
import { errorCode } from "../../file-fault.js";

/** Who writes into a sweep's folder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Keeps a folder for one sweep: two would mix up lines, logs and what is done.
 * @param path of the file that says who has it.
 * @throws UsageError when another one has it that still runs. One that was killed has it no more.
 */
export function lockFolder(path: string): Disposable {
  const own: Holder = { pid: process.pid, host: hostname() };
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: "wx" });
      return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    checkFree(path);
    rmSync(path, { force: true });
  }
}

/** @throws UsageError when a sweep that still runs has the folder. */
export function checkFree(path: string): void {
  const holder = holderIn(path);
  if (holder === null || !isRunning(holder)) return;
  const { pid, host } = holder;
  const where = host === hostname() ? "" : ` on ${host}`;
  throw new UsageError(
    `another sweep (process ${pid}${where}) writes there: wait for it, or choose another --out; if there is none, remove ${path}`,
  );
}

/** Null where there is none that can be read: it was cut while it was written. */
function holderIn(path: string): Holder | null {
  try {
    const { pid, host } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : null;
  } catch {
    return null;
  }
}

function isRunning({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    // Somebody else's.
    return errorCode(error) === "EPERM";
  }
}
