/**
 * How a worker's places are shared without anybody counting the destinations: a lane may hold twice as many as are free
 * (a dynamic threshold, as switches share their buffers). One slow lane so leaves a third free, two leave a fifth, and while
 * there are fewer slow ones than half the places a destination that had none finds one.
 */
const perFree = 2

/** How many places one lane may hold while so many are free. At least one. */
export const ofLane = (free: number): number => Math.max(1, perFree * free)

/**
 * How many messages of the process queue a worker has in hand: beside those with a place, half as many that wait for one, or
 * whose call has ended and is being recorded. Few enough that one lane alone moves them on before their patience ends where
 * calls take up to a tenth of a second.
 */
export const inHand = (places: number): number => Math.ceil(1.5 * places)

/** How many messages of the retry queue a worker has in hand, so that new events find places in a storm of retries. */
export const ofRetries = (places: number): number => Math.max(1, Math.floor((places * 3) / 4))

/** How many of those it works on at a time while new events come; those that wait for a callback do not count. */
export const ofTurns = (places: number): number => Math.max(1, Math.floor(places / 32))
