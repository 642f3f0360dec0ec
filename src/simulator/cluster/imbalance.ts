/** How unequally requests lie on the replicas. */
export class Imbalance {
  #sum = 0;
  #samples = 0;

  /** The loads of all replicas at one of many equally distant times. */
  sample(loads: readonly number[]): void {
    const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
    if (mean === 0) return;
    const variance = loads.reduce((sum, load) => sum + (load - mean) * (load - mean), 0) / loads.length;
    this.#sum += Math.sqrt(variance) / mean;
    this.#samples++;
  }

  /** Coefficient of variation of the loads (standard deviation ÷ mean), mean over the times at which there were any. */
  get variation(): number {
    return this.#samples === 0 ? 0 : this.#sum / this.#samples;
  }
}
