/** Milliseconds by the host's clock that nobody sets: the same in each of its processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1_000_000
