import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Picture } from "./draw/picture.js";
import { toPng } from "./draw/png.js";
import { toSvg } from "./draw/svg.js";
import { THEMES, type Theme } from "./draw/theme.js";
import { plotBenchmarkComparison } from "./figures/benchmark-comparison.js";
import { plotDeploymentOverhead } from "./figures/deployment-overhead.js";
import { plotEvictionPolicy } from "./figures/eviction-policy.js";
import { LOAD_COLUMNS, type LoadDistributionOptions, plotServeLoadDistribution } from "./figures/load-distribution.js";
import { plotServeMetricSummary, plotVllmMetricSummary } from "./figures/metric-summary.js";
import { plotVllmMetricTimeseries } from "./figures/metric-timeseries.js";
import { plotOperationBenchmark } from "./figures/operation-benchmark.js";
import { plotServePrefixMatchRate } from "./figures/prefix-match-rate.js";
import { countRoutingMatches } from "./figures/routing-matches.js";
import { picturesOf } from "./report/pictures.js";
import { sweepReport } from "./report/report.js";

/** Of every plot: where it goes and how it looks. */
interface OutputOptions {
  out: string;
  format: Format[];
  theme: Theme;
  name?: string;
}

/** Of every plot that reads tables. */
interface CommonOptions extends OutputOptions {
  title?: string;
  where: Record<string, string[]>;
}

type Format = "svg" | "png";

/** Adds `plot`, with a command for each picture, and `report`. */
export function registerPlotCommands(program: Command): void {
  const plot = program
    .command("plot")
    .helpCommand(false)
    .description(
      "Draw a picture of results, as SVG and PNG. Each also answers to the reference's name (plot_serve_metric_summary).",
    );

  picture(
    plot,
    "serve-metric-summary",
    "<file...>",
    "bars of the strategies for one metric of serve_*_sweep_results.csv",
  )
    .requiredOption("--metric <name>", "a column, for instance mean_ttft_ms")
    .option("--by <column>", "group runs by this column alone")
    .action(draw((file, options) => plotServeMetricSummary({ file, ...options })));
  picture(plot, "vllm-metric-summary", "<file...>", "the same of vllm_*_sweep_results.csv, the engines' view")
    .requiredOption("--metric <name>", "a column, with or without ray_ and vllm:")
    .option("--by <column>", "group runs by this column alone")
    .action(draw((file, options) => plotVllmMetricSummary({ file, ...options })));
  picture(plot, "serve-load-distribution", "<file...>", "load of each replica over time, and the average")
    .addOption(new Option("--column <name>", "which load").choices(LOAD_COLUMNS).default("queue_length"))
    .action(draw((file, options) => plotServeLoadDistribution({ file, ...options })));
  picture(plot, "serve-prefix-match-rate", "<file...>", "match rate of each replica over time, and overall")
    .option("--window-sec <seconds>", "mean over so many seconds (default: a twelfth of the run)", seconds)
    .action(draw((file, options) => plotServePrefixMatchRate({ file, ...options })));
  picture(plot, "vllm-metric-timeseries", "<file...>", "one engine metric of each replica over time, and overall")
    .requiredOption("--metric-name <name>", "with or without ray_, vllm: and _total")
    .option("--window-sec <seconds>", "average histograms and rates over so many seconds", seconds, 10)
    .option("--rate", "a counter's growth a second")
    .action(draw((file, options) => plotVllmMetricTimeseries({ file, ...options })));
  picture(
    plot,
    "deployment-overhead",
    "<file...>",
    "the stages of a request: router, way to the replica, replica",
  ).action(draw((file, options) => plotDeploymentOverhead({ file, ...options })));
  picture(
    plot,
    "routing-matches",
    "<[name=]file...>",
    "how often a request went where it was first meant to",
    "count_routing_matches",
  ).action(draw((files, options) => countRoutingMatches({ logFile: namedFiles(files), ...options })));
  picture(
    plot,
    "eviction-policy",
    "<char-count-file> [vllm-metrics-file]",
    "size of the tree, tokens processed, KV cache in use",
  )
    .option(
      "--eviction-threshold-chars <count>",
      "characters of a replica above which the loop evicts",
      positive,
      400_000,
    )
    .option("--eviction-target-chars <count>", "and down to which", positive, 360_000)
    .option("--interval-secs <seconds>", "time between two of its runs", seconds, 10)
    .action(
      draw(([charCountFile, vllmMetricsFile], options) =>
        plotEvictionPolicy({ charCountFile: charCountFile!, ...(vllmMetricsFile && { vllmMetricsFile }), ...options }),
      ),
    );
  picture(plot, "benchmark-comparison", "<file...>", "TTFT, TPOT and E2E latency relative to a baseline")
    .option("--baseline <strategy>", "what the others are compared with", "pow_of_2")
    .option("--metrics <a,b>", "other columns than the means", (value) => value.split(","))
    .option("--by <column>", "group runs by this column alone")
    .action(draw((file, options) => plotBenchmarkComparison({ file, ...options })));
  output(plot.command("operation-benchmark <file>").alias("plot_operation_benchmark"))
    .description("the tree's operations and memory by the number of texts")
    .option("--title <text>", "instead of the picture's own")
    .option("--workload <name>", "which of the file's (default: its first)")
    .action(draw(([file], options) => plotOperationBenchmark({ file: file!, ...options })));
  output(plot.command("all <folder>"), false)
    .description("every picture that the results of a sweep's folder allow")
    .action(async (folder: string, options: OutputOptions) => {
      const { sections, missing } = picturesOf(folder);
      for (const picture of sections.flatMap(({ pictures }) => pictures)) await write(picture, options);
      for (const why of missing) process.stderr.write(`not drawn: ${why}\n`);
    });

  program
    .command("report <folder>")
    .description(
      "One self-contained HTML page of a sweep's folder: pictures, tables, configuration, the command to repeat it.",
    )
    .option("--out <file>", "where it goes (default: report.html in the folder)")
    .option("--title <text>", "its heading")
    .action(async (folder: string, { out, title }: { out?: string; title?: string }) => {
      const file = out ?? join(folder, "report.html");
      const { html, missing } = await sweepReport(folder, title);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, html);
      for (const why of missing) process.stderr.write(`not drawn: ${why}\n`);
      process.stdout.write(`${file}\n`);
    });
}

/** Of the commands that require or take them. */
interface Options extends CommonOptions {
  metric: string;
  metricName: string;
  column?: NonNullable<LoadDistributionOptions["column"]>;
}

function picture(plot: Command, name: string, args: string, description: string, alias?: string): Command {
  return output(plot.command(`${name} ${args}`).alias(alias ?? `plot_${name.replaceAll("-", "_")}`))
    .description(description)
    .option("--title <text>", "instead of the picture's own")
    .option(
      "--where <column=value>",
      "only rows with this value; repeat it for more columns, or values of one",
      where,
      {},
    );
}

/** @param named whether the one picture can have another name. */
function output(command: Command, named = true): Command {
  command
    .option("--out <folder>", "where the files go", ".")
    .option("--format <list>", "svg, png or both", formats, ["svg"])
    .addOption(
      new Option("--theme <name>", "auto: SVG follows the reader, PNG in both").choices(THEMES).default("auto"),
    );
  return named ? command.option("--name <name>", "of the files, without ending", fileName) : command;
}

/** An action that draws a picture of the files, which are the command's arguments. */
function draw(plot: (files: string[], options: Options) => Picture) {
  return (...args: unknown[]): Promise<void> => {
    const command = args.at(-1) as Command;
    const options = command.opts<Options>();
    return write(plot(command.args, options), options);
  };
}

/** Writes a picture's files, and what is to be seen on it to the terminal. */
async function write(picture: Picture, { out, format, theme, name = picture.name }: OutputOptions): Promise<void> {
  mkdirSync(out, { recursive: true });
  const put = (file: string, contents: string | Uint8Array) => {
    writeFileSync(join(out, file), contents);
    process.stdout.write(`${join(out, file)}\n`);
  };
  process.stdout.write(`${picture.title}. ${picture.description}\n`);
  if (format.includes("svg")) put(`${name}.svg`, await toSvg(picture, theme));
  if (!format.includes("png")) return;
  put(`${name}.png`, await toPng(await toSvg(picture, theme === "auto" ? "light" : theme)));
  if (theme === "auto") put(`${name}-dark.png`, await toPng(await toSvg(picture, "dark")));
}

/** `name=file`, or a file. */
function namedFiles(files: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    files.map((file) => {
      const [, name, path] = /^(?:([^=/\\]+)=)?(.*)$/s.exec(file)!;
      return [name ?? (files.length === 1 ? "" : file), path!];
    }),
  );
}

function where(value: string, before: Record<string, string[]>): Record<string, string[]> {
  const at = value.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be column=value.");
  const column = value.slice(0, at);
  return { ...before, [column]: [...(before[column] ?? []), value.slice(at + 1)] };
}

function fileName(value: string): string {
  if (value !== "" && !/[/\\\0]/.test(value) && value !== "..") return value;
  throw new InvalidArgumentError("It must be a file's name; --out is its folder.");
}

function formats(value: string): Format[] {
  const wanted = value.split(",");
  if (wanted.every((each) => each === "svg" || each === "png")) return wanted as Format[];
  throw new InvalidArgumentError("It must be svg, png or svg,png.");
}

function seconds(value: string): number {
  return positive(value);
}

function positive(value: string): number {
  const number = value.trim() === "" ? Number.NaN : Number(value);
  if (!(number > 0 && number < Infinity)) throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}
