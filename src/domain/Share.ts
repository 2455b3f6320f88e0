/**
 * How a worker's places are shared without anybody counting the destinations: a lane may hold twice as many as are free
 * (a dynamic threshold, as switches share their buffers). One slow lane so leaves a third free, two leave a fifth, and while
 * there are fewer slow ones than half the places a destination that had none finds one.
 */
const perFree = 2

/** How many places one lane may hold while so many are free. At least one. */
export const ofLane = (free: number): number => Math.max(1, perFree * free)

/** How many places a lane gets in any case, sooner or later. */
export const sure = (places: number): number => Math.max(1, places / 8)

/** How many it holds when it has taken all that it may of those that are free or its own, so many together. */
export const reachOfLane = (freeAndOurs: number): number => Math.ceil((perFree * freeAndOurs) / (perFree + 1))

/**
 * How many messages of the process queue a worker has in hand: beside those with a place as many that wait for one, shared among
 * lanes as places are, and as many whose call has ended and is being recorded.
 */
export const inHand = (places: number): number => 3 * places

/** How many places those have that come again, so that a new event finds one in a storm of retries. */
export const ofRetries = (places: number): number => Math.max(1, Math.floor((places * 7) / 8))

/** How many messages of the retry queue it has in hand: as many again wait, or are being recorded, as have a place. */
export const retriesInHand = (places: number): number => 2 * ofRetries(places)

/** How many of those that come again it works on at a time while new events come; those that wait for a callback do not count. */
export const ofTurns = (places: number): number => Math.max(1, Math.floor(places / 32))
