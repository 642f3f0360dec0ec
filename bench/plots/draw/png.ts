import { fileURLToPath } from "node:url";

const FONTS = ["Inter-Regular.ttf", "Inter-SemiBold.ttf"].map((file) =>
  fileURLToPath(new URL(`fonts/${file}`, import.meta.url)),
);
/** Pixels of the PNG a pixel of the picture: sharp on screens of high density. */
const SCALE = 2;

/** An SVG of `toSvg` as PNG, in the bundled font: the same on every machine. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const font = { fontFiles: FONTS, loadSystemFonts: false, defaultFontFamily: "Inter", sansSerifFamily: "Inter" };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: SCALE }, font }).render().asPng();
}
