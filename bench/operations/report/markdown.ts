import { OPERATIONS, type Operation } from "../suite/figures.js";
import { OURS, type PeerFigures, type Results, type WorkloadResults } from "./results.js";

/** A table for each workload and number of texts, and what they were measured with. */
export function markdown(results: Results): string {
  return [
    "# Operations",
    `p50 / p99 in µs, the timer included; in parentheses the p50 as a multiple of ${OURS}'s. Memory: MB, and bytes a distinct ` +
      "character (UTF-16 units, with what texts begin with in common counted once).",
    conditions(results),
    ...results.workloads.flatMap((workload) => [`## ${heading(workload)}`, tableOf(workload)]),
    ...results.absent.map(({ peer, why, howToGet }) => `Absent: ${peer} (${why}). To get it: ${howToGet}.`),
    ...results.failed.map(
      ({ peer, workload, texts, error }) => `Failed: ${peer} with ${texts} texts of ${workload}: ${error}.`,
    ),
  ].join("\n\n");
}

export function conditions({ machine, tenants, timeMs, seed, command, date }: Results): string {
  return (
    `\`${command}\`: ${tenants} tenants, seed ${seed}, ${timeMs} ms an operation. Node ${machine.node}, ${machine.cpu} × ` +
    `${machine.cores}, ${machine.os}, ${date.slice(0, 10)}.`
  );
}

export function heading({ workload, texts, meanCharacters }: WorkloadResults): string {
  return `${texts.toLocaleString("en")} texts of ${workload}, ${meanCharacters.toLocaleString("en")} characters on average`;
}

/** A row a peer, a column an operation that any of them has, and one for the memory. */
export function tableOf(workload: WorkloadResults): string {
  const ours = workload.peers.find(({ peer }) => peer === OURS);
  const operations = OPERATIONS.filter((operation) => workload.peers.some((peer) => figureOf(peer, operation)));
  const rows = workload.peers.map((peer) => [
    peer === ours ? `**${peer.peer}**` : peer.peer,
    ...operations.map((operation) => timeCell(peer, ours, operation)),
    memoryCell(peer, ours, workload.distinctCharacters),
  ]);
  return table(["", ...operations, "memory"], rows);
}

function figureOf({ figures }: PeerFigures, operation: Operation) {
  return figures.find((each) => each.operation === operation);
}

function timeCell(peer: PeerFigures, ours: PeerFigures | undefined, operation: Operation): string {
  const figure = figureOf(peer, operation);
  if (figure === undefined) return "–";
  const times = `${shown(figure.p50Us)} / ${shown(figure.p99Us)}`;
  const base = ours && figureOf(ours, operation);
  return base === undefined || peer === ours ? times : `${times} (${shown(figure.p50Us / base.p50Us)} ×)`;
}

function memoryCell({ peer, memoryBytes }: PeerFigures, ours: PeerFigures | undefined, characters: number): string {
  if (memoryBytes === null) return "–";
  const bytes = `${shown(memoryBytes / 1e6)} MB, ${shown(memoryBytes / characters)}`;
  return peer === OURS || !ours?.memoryBytes ? bytes : `${bytes} (${shown(memoryBytes / ours.memoryBytes)} ×)`;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function shown(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();
}
