import { readdirSync, readFileSync } from "node:fs";

const TICKS_A_SECOND = 100;

/** What a process and all below it have used: seconds of CPU so far, bytes of memory now. Linux only. */
export function usageOf(pid: number): { cpuSeconds: number; residentBytes: number } {
  let cpuSeconds = 0;
  let residentBytes = 0;
  for (const each of familyOf(pid)) {
    const fields = statOf(each);
    if (fields === null) continue;
    cpuSeconds += (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
    residentBytes += Number(fields[21]) * 4096;
  }
  return { cpuSeconds, residentBytes };
}

function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family;
}

/** The fields of /proc/pid/stat from the state on; null when the process is gone. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
