import { Cause, Duration, Effect, FiberSet } from "effect"
import type { Handed, Settlement } from "../services/ports/Broker.ts"

/** A message that cannot be settled as wanted is not handed out again at once, over and over. */
export const beforeRequeue = Duration.seconds(1)

export type Handler = (message: Handed) => Effect.Effect<Settlement>

/** What a handler says of its message. A defect is logged, and the message is handed out again. */
export const settlement = (handler: Handler, message: Handed): Effect.Effect<Settlement> =>
  Effect.catchAllCause(Effect.suspend(() => handler(message)), (cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.failCause(cause)
      : Effect.logError("Handling a message failed; it is handed out again", cause).pipe(
        Effect.zipRight(Effect.sleep(beforeRequeue)),
        Effect.as<Settlement>({ _tag: "Requeue" })
      ))

/** Waits for the handlers in flight, then interrupts those that are left, which give their messages back. */
export const drain = (handlers: FiberSet.FiberSet<void>, within: Duration.Duration): Effect.Effect<void> =>
  FiberSet.awaitEmpty(handlers).pipe(
    Effect.interruptible,
    Effect.timeout(within),
    Effect.ignore,
    Effect.zipRight(FiberSet.clear(handlers))
  )
