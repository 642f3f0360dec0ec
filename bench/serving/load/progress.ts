import { summarize } from "../../../src/measure/index.js";
import type { LoadWatcher } from "./run.js";

/** Where progress is written: `process.stderr`. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Progress extends LoadWatcher {
  /** Ends the bar's line. */
  stop(): void;
}

const BAR = 24;
const TTY_EVERY_MS = 200;
const PLAIN_EVERY_MS = 10_000;

/**
 * Shows how a run gets on: a bar that is drawn again on a terminal, else a plain line now and then. TTFT is the median of those since
 * the last one.
 */
export function showProgress(total: number, terminal: Terminal): Progress {
  const isTty = terminal.isTTY === true;
  let ttfts: number[] = [];
  let shownTtft: number | null = null;
  let ended = 0;
  let failed = 0;
  let underWay = 0;
  let shownAtMs = performance.now();
  let shownEnded = 0;

  function draw(): void {
    const now = performance.now();
    const rate = ((ended - shownEnded) * 1000) / (now - shownAtMs);
    shownTtft = summarize(ttfts)?.median ?? shownTtft;
    ttfts = [];
    [shownAtMs, shownEnded] = [now, ended];
    const figures = [
      `${ended}/${total}`,
      `${rate.toFixed(1)} req/s`,
      `${underWay} under way`,
      `${failed} failed`,
      `TTFT ${shownTtft?.toFixed(1) ?? "-"} ms`,
    ].join("  ");
    if (!isTty) terminal.write(`${figures}\n`);
    else {
      const full = Math.floor((ended / total) * BAR);
      const line = `${"█".repeat(full)}${"░".repeat(BAR - full)} ${figures}`;
      terminal.write(`\r\x1b[2K${line.slice(0, (terminal.columns ?? 80) - 1)}`);
    }
  }

  const timer = setInterval(draw, isTty ? TTY_EVERY_MS : PLAIN_EVERY_MS);
  return {
    firstText: (ttftMs) => void ttfts.push(ttftMs),
    ended: ({ failure }) => {
      ended++;
      if (failure !== null) failed++;
    },
    underWay: (count) => {
      underWay = count;
    },
    stop() {
      clearInterval(timer);
      if (!isTty) return;
      draw();
      terminal.write("\n");
    },
  };
}
