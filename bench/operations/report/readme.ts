import { conditions, heading, tableOf } from "./markdown.js";
import type { Results } from "./results.js";

const BEGIN = "<!-- operations -->";
const END = "<!-- /operations -->";

/** The file of a workload's chart. */
export function chartName(workload: string): string {
  return `operations-${workload}.svg`;
}

/**
 * The file with chart and table of the first workload, the table of its largest number of texts, between the two marks.
 * @param folder where chart and whole report lie, seen from the file.
 * @throws Error when the marks are not there.
 */
export function putIntoReadme(readme: string, results: Results, folder: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`--readme: the file has no ${BEGIN} … ${END}`);
  const first = results.workloads[0]!.workload;
  const largest = results.workloads
    .filter(({ workload }) => workload === first)
    .reduce((most, each) => (each.texts > most.texts ? each : most));
  const block = [
    BEGIN,
    `![Times of a call and memory by number of texts, for each tree](${folder}/${chartName(first)})`,
    `${heading(largest)}; p50 / p99 in µs (multiple of ours); memory in MB and bytes a distinct character:`,
    tableOf(largest),
    conditions(results),
    END,
  ];
  return readme.slice(0, begin) + block.join("\n\n") + readme.slice(end + END.length);
}
