import { type Picture, type PictureSpec, WIDTH } from "../draw/picture.js";
import { textWidth } from "../draw/text.js";
import { COLOURS, PALETTE } from "../draw/theme.js";
import { shown } from "../input/number.js";
import { type Files, readTable } from "../input/read.js";
import { requireColumns, selected, textIn, type Where } from "../input/table.js";

export interface RoutingMatchesOptions {
  title?: string;
  /** `routing_mismatches`, as CSV or JSON: of one run, or of several by their names, to set them side by side. */
  logFile: Files | Readonly<Record<string, Files>>;
  where?: Where;
}

/** Of one run. */
export interface MatchCount {
  name: string;
  /** Went where they were first meant to. */
  matched: number;
  elsewhere: number;
  /** Were meant for no replica: they waited unasked (`matching: "fifo"`), or the file does not say. */
  unasked: number;
}

const PARTS = [
  { key: "matched", name: "where first meant to", colour: PALETTE[2]! },
  { key: "elsewhere", name: "to another replica", colour: PALETTE[0]! },
  { key: "unasked", name: "meant for none (waited unasked)", colour: COLOURS.dim },
] as const;

/** How often a request went where it was first meant to. */
export function countRoutingMatches({
  title,
  logFile,
  where,
}: RoutingMatchesOptions): Picture & { counts: MatchCount[] } {
  const runs = typeof logFile === "string" || Array.isArray(logFile) ? { "": logFile as Files } : logFile;
  const counts = Object.entries(runs).map(([name, files]) => countOf(name, files as Files, where));
  const words = counts.map((count) => {
    const parts = PARTS.filter(({ key }) => count[key] > 0).map((part) => `${inWords(count, part.key)} ${part.name}`);
    return `${count.name && `${count.name}: `}${parts.join(", ")}`;
  });
  return {
    counts,
    name: "routing_matches",
    title: title ?? "How often a request went where it was first meant to",
    subtitle: `${counts.map((count) => total(count).toLocaleString("en")).join(" and ")} routed requests`,
    description: `Bars of where requests went. ${words.join("; ")}.`,
    table: {
      columns: ["run", ...PARTS.map(({ name }) => name), "matched (%)"],
      rows: counts.map((count) => [
        count.name || "all",
        count.matched,
        count.elsewhere,
        count.unasked,
        shown((count.matched / total(count)) * 100),
      ]),
    },
    spec: spec(counts),
  };
}

function countOf(name: string, files: Files, where: Where | undefined): MatchCount {
  const table = selected(readTable(files, "routing_mismatches"), where);
  requireColumns(table, "matched");
  const count: MatchCount = { name, matched: 0, elsewhere: 0, unasked: 0 };
  for (const row of table.rows) {
    const matched = textIn(row, "matched").toLowerCase();
    count[matched === "true" ? "matched" : matched === "false" ? "elsewhere" : "unasked"]++;
  }
  return count;
}

function total({ matched, elsewhere, unasked }: MatchCount): number {
  return matched + elsewhere + unasked;
}

function inWords(count: MatchCount, key: (typeof PARTS)[number]["key"]): string {
  return `${count[key].toLocaleString("en")} (${shown((count[key] / total(count)) * 100)} %)`;
}

function spec(counts: readonly MatchCount[]): PictureSpec {
  const room = Math.max(...counts.map(({ name }) => textWidth(name, 12))) + 16;
  const width = WIDTH - room - 40;
  const values = counts.flatMap((count) => {
    let from = 0;
    return PARTS.map(({ key, name }) => {
      const share = (count[key] / total(count)) * 100;
      const text = inWords(count, key);
      const fits = textWidth(text, 12) + 12 < (share / 100) * width;
      from += share;
      return {
        run: count.name,
        part: name,
        from: from - share,
        to: from,
        middle: from - share / 2,
        text: fits ? text : "",
      };
    });
  });
  const parts = PARTS.filter(({ key }) => counts.some((count) => count[key] > 0));
  const y = {
    field: "run",
    type: "nominal",
    sort: null,
    axis: { title: null, domain: false, ticks: false, labelColor: COLOURS.ink },
  };
  const x = (field: string) => ({
    field,
    type: "quantitative",
    scale: { domain: [0, 100] },
    axis: { title: "requests (%)", tickCount: 10, domain: false, ticks: false },
  });
  return {
    width,
    height: { step: 56 },
    data: { values: values.filter(({ from, to }) => to > from) },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.66 }, stroke: COLOURS.ground, strokeWidth: 1 },
        encoding: {
          x: x("from"),
          x2: { field: "to" },
          y,
          color: {
            field: "part",
            type: "nominal",
            scale: { domain: parts.map(({ name }) => name), range: parts.map(({ colour }) => colour) },
            legend: { symbolType: "square", columns: parts.length },
          },
        },
      },
      {
        mark: { type: "text", color: COLOURS.ground, fontWeight: 600 },
        encoding: { x: x("middle"), y, text: { field: "text" } },
      },
    ],
  } as PictureSpec;
}
