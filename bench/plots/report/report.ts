import type { Picture, PictureTable } from "../draw/picture.js";
import { escaped, toSvg } from "../draw/svg.js";
import { COLOURS, DARK_COLOURS, darkRules } from "../draw/theme.js";
import { axisTitle, metricLabel } from "../input/metrics.js";
import { shown } from "../input/number.js";
import { readTable } from "../input/read.js";
import { groupsOf, summaryOf } from "../input/runs.js";
import type { Table } from "../input/table.js";
import { picturesOf, type SweepPictures } from "./pictures.js";

/** Of the table at the top. */
const HEADLINE = [
  "mean_ttft_ms",
  "p99_ttft_ms",
  "mean_tpot_ms",
  "mean_itl_ms",
  "mean_e2e_latency_ms",
  "request_throughput",
  "output_throughput",
];

/**
 * One HTML page of a sweep, which needs no network and no script: every picture that its files allow, each with its figures
 * as a table, the configuration, all runs, and the command to repeat it.
 * @returns with the page why what is missing on it could not be drawn.
 */
export async function sweepReport(folder: string, title?: string): Promise<{ html: string; missing: string[] }> {
  const sweep = picturesOf(folder);
  const drawn = new Map<Picture, string>();
  for (const picture of sweep.sections.flatMap(({ pictures }) => pictures))
    drawn.set(picture, await toSvg(picture, "light"));
  return { html: page(title ?? "Strategies compared", sweep, drawn), missing: sweep.missing };
}

function page(title: string, sweep: SweepPictures, drawn: ReadonlyMap<Picture, string>): string {
  const { folder, sections, missing } = sweep;
  const { about, configuration } = folder;
  const runs = folder.serve.length > 0 ? readTable(folder.serve) : null;
  const command = about.command ?? (configuration === null ? null : `warmroute-bench sweep ${configuration.file}`);
  const parts: Part[] = [
    ...(runs === null
      ? []
      : [{ id: "results", title: "Results", html: tableOf(headline(runs), "Means over the runs") }]),
    ...sections.map(({ title: heading, pictures }, i) => ({
      id: `pictures-${i + 1}`,
      title: heading,
      html: pictures.map((picture) => figure(picture, drawn.get(picture)!)).join("\n"),
    })),
    ...(runs === null
      ? []
      : [{ id: "runs", title: "All runs", html: tableOf(allOf(runs), "Every run with all of its columns") }]),
    ...(configuration === null
      ? []
      : [
          {
            id: "configuration",
            title: "Configuration",
            html: code(configuration.text, `Configuration, ${configuration.file}`),
          },
        ]),
    ...(command === null ? [] : [{ id: "repeat", title: "To repeat it", html: code(command, "Command") }]),
    ...(missing.length === 0
      ? []
      : [
          {
            id: "missing",
            title: "Not drawn",
            html: `<ul>${missing.map((why) => `<li>${escaped(why)}</li>`).join("")}</ul>`,
          },
        ]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">To the results</a>
<header>
<h1>${escaped(title)}</h1>
${preface(sweep)}
<nav aria-label="Contents"><ul>
${parts.map(({ id, title: heading }) => `<li><a href="#${id}">${escaped(heading)}</a></li>`).join("\n")}
</ul></nav>
</header>
<main id="main" tabindex="-1">
${parts.map(({ id, title: heading, html }) => `<section aria-labelledby="${id}">\n<h2 id="${id}">${escaped(heading)}</h2>\n${html}\n</section>`).join("\n")}
</main>
</body>
</html>
`;
}

interface Part {
  id: string;
  title: string;
  html: string;
}

function preface({ folder: { about } }: SweepPictures): string {
  const machine = Object.entries(about.machine ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  const line = [about.date?.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, "$1 $2 UTC"), ...machine]
    .filter((part) => part !== undefined)
    .join(", ");
  return [about.note, line]
    .filter((part) => part !== undefined && part !== "")
    .map((part) => `<p>${escaped(part!)}</p>`)
    .join("\n");
}

function figure(picture: Picture, svg: string): string {
  const { title, table } = picture;
  return `<figure aria-label="${escaped(title)}">
<div class="scroll" role="group" tabindex="0" aria-label="Picture">${svg.trim()}</div>
<figcaption><details><summary>Figures of “${escaped(title)}”</summary>${tableOf(table, title)}</details></figcaption>
</figure>`;
}

/** A row a strategy, a column a metric, and in how many runs it was measured. */
function headline(table: Table): PictureTable {
  const groups = groupsOf(table);
  const metrics = HEADLINE.filter((metric) => table.columns.includes(metric));
  return {
    columns: ["strategy", ...metrics.map((metric) => axisTitle(metricLabel(metric, 0))), "runs"],
    rows: groups.map((group) => [
      group.name,
      ...metrics.map((metric) => shown(summaryOf(table, group, metric).mean)),
      group.rows.length,
    ]),
  };
}

function allOf(table: Table): PictureTable {
  const first = ["request_router", "benchmark_label"].filter((column) => table.columns.includes(column));
  const columns = [...new Set([...first, ...table.columns])];
  return {
    columns,
    rows: table.rows.map((row) => columns.map((column) => cellOf(String(row[column] ?? "")))),
  };
}

function cellOf(text: string): string {
  return text.trim() !== "" && Number.isFinite(Number(text)) && text.length > 10 ? shown(Number(text)) : text;
}

/** Wide tables scroll by themselves, with the keyboard too. */
function tableOf({ columns, rows }: PictureTable, caption: string): string {
  const numeric = columns.map(
    (_, i) => i > 0 && rows.every((row) => /^[±+−-]?[\d.,]*( .{1,12})?$/.test(String(row[i]))),
  );
  const cell = (tag: "th" | "td", i: number, text: string | number, scope = "") =>
    `<${tag}${scope}${numeric[i] ? ' class="number"' : ""}>${escaped(String(text))}</${tag}>`;
  const head = columns.map((column, i) => (column === "" ? `<td></td>` : cell("th", i, column, ' scope="col"')));
  const body = rows.map(
    (row) =>
      `<tr>${row.map((text, i) => (i === 0 ? cell("th", i, text, ' scope="row"') : cell("td", i, text))).join("")}</tr>`,
  );
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escaped(caption)}, table"><table>
<caption>${escaped(caption)}</caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>`;
}

function code(text: string, label: string): string {
  return `<pre role="region" tabindex="0" aria-label="${escaped(label)}"><code>${escaped(text)}</code></pre>`;
}

function variables(colours: typeof COLOURS): string {
  return Object.entries(colours)
    .map(([role, colour]) => `--${role}:${colour};`)
    .join("");
}

const STYLE = `
:root{color-scheme:light dark;${variables(COLOURS)}--link:#0a5bb5}
@media(prefers-color-scheme:dark){:root{${variables(DARK_COLOURS)}--link:#58a6ff}}
${darkRules()}
*{box-sizing:border-box}
body{margin:0 auto;max-width:940px;padding:24px 20px 64px;background:var(--ground);color:var(--ink);font:16px/1.5 Inter,system-ui,sans-serif}
h1{font-size:28px;line-height:1.2;margin:0 0 12px}
h2{font-size:20px;margin:40px 0 12px;padding-top:16px;border-top:1px solid var(--grid)}
p{margin:0 0 8px;color:var(--dim)}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,[tabindex="0"]:focus-visible{outline:2px solid var(--link);outline-offset:2px}
main:focus{outline:none}
.skip{position:absolute;left:-9999px}
.skip:focus{position:static}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;margin:16px 0 0;padding:0;list-style:none}
figure{margin:0 0 28px}
figure svg{display:block;width:100%;max-width:860px;min-width:620px;height:auto}
figcaption{font-size:14px}
summary{cursor:pointer;color:var(--dim);padding:2px 0}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--dim);padding:4px 0}
th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--grid);text-align:left;white-space:nowrap;font-weight:400}
thead th{font-weight:600;white-space:normal;vertical-align:bottom}
tbody th{font-weight:600}
.number{text-align:right}
pre{overflow:auto;padding:12px;border:1px solid var(--grid);border-radius:6px;font:13px/1.5 ui-monospace,monospace}
@media print{.skip,nav{display:none}figure{break-inside:avoid}}
`;
