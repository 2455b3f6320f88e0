import { type Duration, Effect } from "effect"
import { Coordination } from "../../../src/services/ports/Coordination.ts"

/** Locks one at a time. */
export const locks = Effect.map(Coordination, (coordination) => ({
  lock: (key: string, token: string, ttl: Duration.Duration) =>
    Effect.map(coordination.lock([{ key, token }], ttl), ([locked]) => locked === true),
  renew: (key: string, token: string, ttl: Duration.Duration) =>
    Effect.map(coordination.renew([{ key, token }], ttl), ([renewed]) => renewed === true),
  unlock: (key: string, token: string) => coordination.unlock([{ key, token }])
}))
