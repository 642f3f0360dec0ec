/** Requests a minute, all of which may come at once: a bucket that fills as time goes. Time is passed in, in seconds. */
export class RateLimit {
  readonly #perMinute: number;
  #tokens: number;
  #atS: number;

  constructor(perMinute: number, nowS: number) {
    this.#perMinute = perMinute;
    this.#tokens = perMinute;
    this.#atS = nowS;
  }

  /** 0, and it counts; or the seconds until one more may come. */
  take(nowS: number): number {
    const perSecond = this.#perMinute / 60;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + Math.max(0, nowS - this.#atS) * perSecond);
    this.#atS = nowS;
    if (this.#tokens < 1) return (1 - this.#tokens) / perSecond;
    this.#tokens -= 1;
    return 0;
  }
}
