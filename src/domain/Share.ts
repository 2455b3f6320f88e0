/**
 * How a worker's places are shared without anybody counting the destinations: a lane may hold twice as many as are free
 * (a dynamic threshold, as switches share their buffers). One slow lane so leaves a third free, two leave a fifth, and there
 * is always a place for a destination that had none.
 */
const perFree = 2

/** How many places one lane may hold while so many are free. At least one. */
export const ofLane = (free: number): number => Math.max(1, perFree * free)

/** How many of all places retries may hold, so that first attempts find one in a storm of retries. */
export const ofRetries = (places: number): number => Math.max(1, Math.floor((places * 3) / 4))
