/** What the person who asked for a picture can put right: which file, what was expected, what is there. */
export class PlotError extends Error {
  override name = "PlotError";
}
