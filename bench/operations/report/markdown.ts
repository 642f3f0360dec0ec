import { OPERATIONS } from "../suite/figures.js";
import { OURS, type Results, type Workload } from "./results.js";

/** Two tables, times and memory, with the ratio of each to ours. */
export function markdown(results: Results): string {
  const { machine, tenants, timeMs, seed } = results;
  const sizes = results.workloads.map((each) => `${each.texts} (mean ${each.meanCharacters} characters)`);
  return [
    `Texts: ${sizes.join(", ")}; ${tenants} tenants; seed ${seed}; ${timeMs} ms an operation. ` +
      `Node ${machine.node}, ${machine.cpu} × ${machine.cores}, ${machine.os}. \`${results.command}\``,
    table(
      ["operation", "texts", "peer", "p50 µs", "p99 µs", "mean µs", "p50 : ours"],
      OPERATIONS.flatMap((operation) => results.workloads.flatMap((workload) => timeRows(workload, operation))),
    ),
    table(
      ["texts", "peer", "memory MB", "bytes a distinct character", "memory : ours"],
      results.workloads.flatMap(memoryRows),
    ),
    ...results.absent.map(({ peer, howToGet }) => `Absent: ${peer}. To get it: ${howToGet}.`),
  ].join("\n\n");
}

function timeRows({ texts, peers }: Workload, operation: string): string[][] {
  const figureOf = (figures: Workload["peers"][number]) => figures.figures.find((each) => each.operation === operation);
  const ours = peers.filter(({ peer }) => peer === OURS).map(figureOf)[0];
  return peers.flatMap((peer) => {
    const figure = figureOf(peer);
    if (figure === undefined) return [];
    const times = [figure.p50Us, figure.p99Us, figure.meanUs].map(shown);
    return [[operation, `${texts}`, peer.peer, ...times, ratio(figure.p50Us, ours?.p50Us)]];
  });
}

function memoryRows({ texts, peers, distinctCharacters }: Workload): string[][] {
  const ours = peers.find(({ peer }) => peer === OURS)?.memoryBytes;
  return peers.flatMap(({ peer, memoryBytes }) => {
    if (memoryBytes === null) return [];
    const perCharacter = shown(memoryBytes / distinctCharacters);
    return [[`${texts}`, peer, shown(memoryBytes / 1e6), perCharacter, ratio(memoryBytes, ours)]];
  });
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

function ratio(value: number, ours: number | null | undefined): string {
  return ours ? `${shown(value / ours)} ×` : "–";
}

function shown(value: number): string {
  return value >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();
}
