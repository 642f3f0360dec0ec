import fc from "fast-check";

/** fast-check. Each run draws anew; with WARMROUTE_FUZZ_SEED=1, as in CI, the same again. A failure prints its seed. */
export default fc;

const { WARMROUTE_FUZZ_SEED: seed } = process.env;
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
