export type Theme = "auto" | "light" | "dark";

export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

/** Each role's colour on light and on dark ground. No colour has two roles: the dark theme replaces light colours one for one. */
const ROLES = {
  ground: ["#ffffff", "#0d1117"],
  ink: ["#1f2328", "#e6edf3"],
  dim: ["#59636e", "#9198a1"],
  grid: ["#dfe4ea", "#2a313a"],
} as const;

/**
 * Hues after Okabe and Ito, told apart by the colour-blind and never the only difference between two series; each at least 3:1
 * against its ground (WCAG 1.4.11).
 */
const SERIES = [
  ["#cf4a1c", "#ff7f50"],
  ["#1f6fc4", "#58a6ff"],
  ["#0b8662", "#3fc79a"],
  ["#a87100", "#e3b341"],
  ["#8250df", "#bc8cff"],
  ["#bf4486", "#f778ba"],
  ["#0e8a9c", "#56d4dd"],
  ["#7d5a3c", "#c8a27c"],
] as const;

type Colours = Readonly<Record<keyof typeof ROLES, string>>;

export const COLOURS: Colours = of(0);
export const DARK_COLOURS: Colours = of(1);
export const PALETTE: readonly string[] = SERIES.map(([light]) => light);

/** How a text is painted that lines may cross: the ground around its letters first. */
export const HALO: readonly object[] = [{ stroke: COLOURS.ground, strokeWidth: 4 }, { color: COLOURS.ink }];

/** Line patterns and marks of the series, in the palette's order. */
const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [8, 3],
  [3, 2],
  [10, 3, 2, 3],
  [5, 2],
  [2, 4],
  [12, 4],
  [6, 2, 2, 2, 2, 2],
];
const SHAPES: readonly string[] = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
  "triangle-right",
  "triangle-left",
];

/**
 * Colour, line pattern and mark of each of so many series. After eight the colours come again, with other patterns and marks:
 * no two of the first 64 look the same.
 */
export function stylesOf(count: number): { colours: string[]; dashes: (readonly number[])[]; shapes: string[] } {
  const turned = <T>(of: readonly T[], turn: number) =>
    Array.from({ length: count }, (_, i) => of[(i + turn * Math.floor(i / of.length)) % of.length]!);
  return { colours: turned(PALETTE, 0), dashes: turned(DASHES, 1), shapes: turned(SHAPES, 1) };
}

const DARK: ReadonlyMap<string, string> = new Map([...Object.values(ROLES), ...SERIES]);

function of(ground: 0 | 1): Colours {
  return {
    ground: ROLES.ground[ground],
    ink: ROLES.ink[ground],
    dim: ROLES.dim[ground],
    grid: ROLES.grid[ground],
  };
}

/** The colours of an SVG in the dark theme's. */
export function darkened(svg: string): string {
  return svg.replace(/#[0-9a-f]{6}/g, (colour) => DARK.get(colour) ?? colour);
}

/** CSS that turns the light theme's colours, which SVG has in attributes, into the dark theme's where the reader prefers dark. */
export function darkRules(): string {
  const rules = [...DARK].map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`);
  return `@media(prefers-color-scheme:dark){${rules.join("")}}`;
}
