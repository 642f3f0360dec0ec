const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const FINE = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

/** What is shown where there is nothing to show. */
export const NOTHING = "–";

export function whole(value: number | null): string {
  return value === null ? NOTHING : WHOLE.format(value);
}

export function counted(count: number, one: string, many: string): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** 12.3K */
export function short(value: number | null): string {
  return value === null ? NOTHING : SHORT.format(value);
}

/** Three digits, more of a large number. */
export function fine(value: number | null): string {
  if (value === null) return NOTHING;
  return Math.abs(value) >= 100 ? WHOLE.format(value) : FINE.format(value);
}

export function percent(share: number | null): string {
  return share === null ? NOTHING : `${FINE.format(Math.round(share * 1000) / 10)} %`;
}

export function milliseconds(value: number | null): string {
  if (value === null) return NOTHING;
  return value < 1000 ? `${fine(value)} ms` : `${fine(value / 1000)} s`;
}

export function bytes(value: number | null): string {
  if (value === null) return NOTHING;
  return value < 1024 * 1024 ? `${fine(value / 1024)} KiB` : `${fine(value / 1024 / 1024)} MiB`;
}

/** 3 d 4 h, 12 min, 40 s */
export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(seconds)} s`;
}

/** By the clock of who looks. */
export function clockTime(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB");
}
