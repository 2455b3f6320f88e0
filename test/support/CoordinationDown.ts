import { Layer } from "effect"
import { Coordination, type CoordinationError } from "../../src/services/ports/Coordination.ts"

/** A coordination that fails, whatever it is asked. */
export const coordinationDown = (error: CoordinationError) =>
  Layer.succeed(Coordination, {
    take: () => error,
    ask: () => error,
    mark: () => error,
    lock: () => error,
    renew: () => error,
    unlock: () => error,
    enter: () => error,
    leave: () => error,
    check: error
  })
