import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import { percentile } from "../../../src/measure/index.js";

/** How hard the client itself was pressed. */
export interface Strain {
  /** Share of the time that its thread was at work, 0 to 1. */
  readonly utilization: number;
  /** ms by which its event loop was late. */
  readonly loopDelayP99Ms: number;
  /** ms between when requests were due (their time had come and a place was free) and when they were sent. */
  readonly sendLagMedianMs: number;
  readonly sendLagP99Ms: number;
}

const RESOLUTION_MS = 10;
const BUSY = 0.9;
const LATE_MS = 10;

/** Watches the thread's event loop from its making on. */
export class StrainGauge {
  readonly #began = performance.eventLoopUtilization();
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delays.enable();
  }

  /** @param sendLagsMs of all requests. */
  read(sendLagsMs: readonly number[]): Strain {
    this.#delays.disable();
    const lags = Float64Array.from(sendLagsMs).sort();
    return {
      utilization: performance.eventLoopUtilization(this.#began).utilization,
      // The histogram has times between ticks of the monitor, not what they are late.
      loopDelayP99Ms: Math.max(0, this.#delays.percentile(99) / 1e6 - RESOLUTION_MS),
      sendLagMedianMs: lags.length === 0 ? 0 : percentile(lags, 50),
      sendLagP99Ms: lags.length === 0 ? 0 : percentile(lags, 99),
    };
  }
}

/** A warning when the figures say more of the client than of the server; null when not. */
export function strainWarning({ utilization, loopDelayP99Ms, sendLagP99Ms }: Strain): string | null {
  const signs = [
    utilization > BUSY && `its thread was busy for ${Math.round(utilization * 100)} % of the time`,
    loopDelayP99Ms > LATE_MS && `its event loop was ${loopDelayP99Ms.toFixed(1)} ms late (p99)`,
    sendLagP99Ms > LATE_MS && `requests were sent ${sendLagP99Ms.toFixed(1)} ms after they were due (p99)`,
  ].filter((sign) => sign !== false);
  if (signs.length === 0) return null;
  return `the client was a bottleneck: ${signs.join(", ")}. Times are longer than the server's; ask for less, or give it a core of its own.`;
}
