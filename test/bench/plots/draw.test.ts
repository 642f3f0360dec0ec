import { describe, expect, test } from "vitest";
import { columnsFor } from "../../../bench/plots/draw/curves.js";
import { textWidth, wrapped } from "../../../bench/plots/draw/text.js";
import { COLOURS, DARK_COLOURS, darkened, darkRules, PALETTE, stylesOf } from "../../../bench/plots/draw/theme.js";
import { plotServeLoadDistribution, plotServeMetricSummary, toPng, toSvg } from "../../../bench/plots/index.js";
import { PREFIX_AWARE, SERVE } from "./support.js";

const picture = plotServeMetricSummary({ file: SERVE, metric: "mean_ttft_ms", where: { benchmark_label: "first" } });

describe("an SVG", () => {
  test("is an image with a title and a description for those who do not see it", async () => {
    const svg = await toSvg(picture, "light");
    const [root] = /^<svg [^>]*>/.exec(svg)!;
    const [, title, desc] = /aria-labelledby="(\S+) (\S+)"/.exec(root)!;
    expect(root).toContain('role="img"');
    expect(svg).toContain(`<title id="${title}">Mean TTFT</title>`);
    expect(svg).toContain(`<desc id="${desc}">Bars of mean TTFT (ms), the mean over the runs: pow_of_2 241 ms`);
  });

  test("is as wide as a README's column", async () => {
    for (const each of [picture, plotServeLoadDistribution({ file: PREFIX_AWARE })]) {
      const [, width] = / width="([\d.]+)"/.exec(await toSvg(each, "light"))!;
      expect(Number(width)).toBeGreaterThan(800);
      expect(Number(width)).toBeLessThan(900);
    }
  });

  test("follows the reader's ground, or has the one that is asked for", async () => {
    const [auto, light, dark] = await Promise.all(
      (["auto", "light", "dark"] as const).map((theme) => toSvg(picture, theme)),
    );
    expect(auto).toContain("@media(prefers-color-scheme:dark)");
    expect(auto!.replace(/<style>.*?<\/style>/s, "")).toBe(light);
    expect(dark).toBe(darkened(light!));
    expect(dark).toContain(DARK_COLOURS.ground);
    expect(dark).not.toContain(`"${COLOURS.ink}"`);
  });

  test("escapes what is in names and titles", async () => {
    const svg = await toSvg(plotServeMetricSummary({ file: SERVE, metric: "duration", title: `<b>"&` }), "auto");
    expect(svg).toContain("&lt;b&gt;&quot;&amp;</title>");
    expect(svg).not.toContain("<b>");
  });

  test("is the same for the same input", async () => {
    expect(await toSvg(picture, "auto")).toBe(await toSvg(picture, "auto"));
  });
});

test("a PNG has twice the pixels, and text in the font that is bundled", async () => {
  const svg = await toSvg(picture, "light");
  const png = Buffer.from(await toPng(svg));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const [, width] = / width="([\d.]+)"/.exec(svg)!;
  expect(Math.abs(png.readUInt32BE(16) - 2 * Number(width))).toBeLessThanOrEqual(1);
  const silent = Buffer.from(await toPng(svg.replace(/<text[^>]*>[^<]*<\/text>/g, "")));
  expect(png.length).toBeGreaterThan(1.5 * silent.length);
});

describe("colours", () => {
  /** As WCAG 2 has it. */
  function contrast(a: string, b: string): number {
    const luminance = (colour: string) => {
      const [r, g, bl] = [1, 3, 5].map((at) => {
        const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * bl!;
    };
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high! + 0.05) / (low! + 0.05);
  }

  test("of series stand out 3:1 from either ground, those of text 4.5:1", () => {
    for (const colour of PALETTE) {
      expect(contrast(colour, COLOURS.ground), colour).toBeGreaterThanOrEqual(3);
      expect(contrast(darkened(colour), DARK_COLOURS.ground), colour).toBeGreaterThanOrEqual(3);
    }
    for (const role of ["ink", "dim"] as const) {
      expect(contrast(COLOURS[role], COLOURS.ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(DARK_COLOURS[role], DARK_COLOURS.ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("are never the only difference between two series", () => {
    const { colours, dashes, shapes } = stylesOf(64);
    const looks = colours.map((colour, i) => `${colour} ${dashes[i]!.join()} ${shapes[i]}`);
    expect(new Set(looks).size).toBe(64);
    const marks = shapes.slice(0, 8).map((shape, i) => `${shape} ${dashes[i]!.join()}`);
    expect(new Set(marks).size).toBe(8);
  });

  test("all have a dark counterpart", () => {
    for (const colour of [...Object.values(COLOURS), ...PALETTE]) expect(darkRules()).toContain(`[fill="${colour}"]`);
  });
});

test("texts are measured without a browser, and broken between words", () => {
  expect(textWidth("prefix_aware", 12)).toBeGreaterThan(60);
  expect(textWidth("prefix_aware", 12)).toBeLessThan(90);
  expect(wrapped("one two three", 12, textWidth("one two", 12))).toEqual(["one two", "three"]);
  expect(wrapped("averylongword", 12, 10)).toEqual(["averylongword"]);
  expect(columnsFor(["a", "b"])).toBe(2);
  expect(columnsFor(Array.from({ length: 40 }, (_, i) => `replica-${i}`))).toBeLessThan(10);
});
