import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { plotBenchmarkComparison, sweepReport, toPng, toSvg } from "../plots/index.js";
import { sweep } from "../serving/sweep/sweep.js";
import { about, type RunNote } from "./about.js";
import { type Agreement, agreements, BASELINE, COMPARED, figuresOf, type StrategyFigures } from "./figures.js";
import { agreementTable, RATIO_NOTE, strategiesTable } from "./tables.js";

export interface HeadlineOptions {
  readonly out: string;
  /** A small one, to see that it runs. */
  readonly quick: boolean;
  readonly sockets: boolean;
}

const CONFIG = fileURLToPath(new URL("headline.yaml", import.meta.url));
const QUICK = { num_prompts: 60, repeat: 2 };
const SIMULATED = "The GPUs are simulated: four L4 with Qwen2.5-1.5B as src/simulator/profiles.ts describes them.";

/**
 * The reference's experiment: every policy in virtual time over the seeds, then the two that the reference compared over real sockets, with
 * client, gateway and replicas in a process each. Writes results, pictures and reports.
 * @returns the exit code: 1 when a sweep failed, or sockets and virtual time disagree.
 */
export async function headline({ out, quick, sockets }: HeadlineOptions, command: string): Promise<number> {
  const given = quick ? QUICK : {};
  const inTime = join(out, "virtual");
  rmSync(inTime, { recursive: true, force: true });
  const code = await sweep(CONFIG, { out: inTime, virtual: true, fresh: true, overrides: given, command });
  if (code !== 0) return code;
  const virtual = figuresOf(csvIn(inTime));

  let overSockets: Sockets | null = null;
  if (sockets) {
    const folder = join(out, "sockets");
    rmSync(folder, { recursive: true, force: true });
    const overrides = {
      ...given,
      routing_strategies_dict: { [BASELINE]: BASELINE, [COMPARED]: { policy: COMPARED, do_eviction: true } },
      repeat: 1,
      track_metrics: true,
    };
    const note = about(command);
    const failed = await sweep(CONFIG, { out: folder, virtual: false, fresh: true, overrides, command });
    if (failed !== 0) return failed;
    rmSync(join(folder, "logs"), { recursive: true, force: true });
    const figures = figuresOf(csvIn(folder));
    overSockets = { note, figures, agreement: agreements(figuresOf(csvIn(inTime), 1), figures) };
    await report(folder, "The headline over sockets (simulated GPUs)");
    // Megabytes, and drawn in the report.
    rmSync(join(folder, "custom_results"), { recursive: true, force: true });
  }
  await report(inTime, "Every policy on the reference's experiment (simulated GPUs)");
  await draw(inTime, out);
  const results = { ...about(command), simulated: true, note: SIMULATED, virtual, sockets: overSockets };
  writeFileSync(join(out, "headline.json"), `${JSON.stringify(results, null, 2)}\n`);
  const text = markdown(command, virtual, overSockets);
  writeFileSync(join(out, "headline.md"), text);
  process.stdout.write(text);
  return overSockets === null || overSockets.agreement.every(({ within }) => within) ? 0 : 1;
}

interface Sockets {
  readonly note: RunNote;
  readonly figures: readonly StrategyFigures[];
  readonly agreement: readonly Agreement[];
}

function csvIn(folder: string): string {
  return join(folder, "csv_results", "serve_reference_sweep_results.csv");
}

async function report(folder: string, title: string): Promise<void> {
  const { html, missing } = await sweepReport(folder, title);
  writeFileSync(join(folder, "report.html"), html);
  for (const why of missing) process.stderr.write(`not drawn: ${why}\n`);
}

/** The reference's comparison, and the same of all policies. */
async function draw(folder: string, out: string): Promise<void> {
  const file = csvIn(folder);
  const two = plotBenchmarkComparison({
    file,
    where: { request_router: [BASELINE, COMPARED] },
    title: "prefix_aware against pow_of_2, simulated GPUs",
  });
  const all = plotBenchmarkComparison({ file, title: "Every policy against pow_of_2, simulated GPUs" });
  writeFileSync(join(out, "comparison.svg"), await toSvg(two, "auto"));
  writeFileSync(join(out, "comparison.png"), await toPng(await toSvg(two, "light")));
  writeFileSync(join(out, "comparison-dark.png"), await toPng(await toSvg(two, "dark")));
  writeFileSync(join(out, "comparison-all.svg"), await toSvg(all, "auto"));
}

function markdown(command: string, virtual: readonly StrategyFigures[], sockets: Sockets | null): string {
  const { runs, completed } = virtual[0]!;
  const prompts = completed / runs;
  const parts = [
    "# The headline: the reference's experiment",
    `${SIMULATED} ${prompts.toLocaleString("en")} prompts of chats made with the statistics of the reference's sample, 40 at a time at 100 a second, at most 20 a replica.`,
    `## In virtual time, ${runs} seeds`,
    strategiesTable(virtual, true),
    `${RATIO_NOTE} The reference's run is of its own prefix_aware, on real L4; the simulated engine was fitted to it.`,
  ];
  if (sockets !== null) {
    const { note, figures, agreement } = sockets;
    parts.push(
      `## Over real sockets, once\n\nClient, gateway and replicas in a process each, on ${note.machine}, ${note.node}; load of the machine ${note.load}.`,
      strategiesTable(figures, true),
      agreementTable(agreement),
    );
  }
  parts.push(`\`${command}\``);
  return `${parts.join("\n\n")}\n`;
}
