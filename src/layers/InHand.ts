import { Cause, Duration, Effect, Fiber, FiberSet } from "effect"
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
        Effect.annotateLogs(idOf(message.content)),
        Effect.zipRight(Effect.sleep(beforeRequeue)),
        Effect.as<Settlement>({ _tag: "Requeue" })
      ))

// Nothing else of it: what it holds may be anything.
const idOf = (content: string): Readonly<Record<string, string>> => {
  const [, name, id] = /"((?:delivery|replay|marker)Id)":"([\da-f-]{36})"/.exec(content) ?? []
  return name === undefined || id === undefined ? {} : { [name]: id }
}

/** Waits for the handlers in flight, then interrupts those that are left, all at once, which give their messages back. */
export const drain = (handlers: FiberSet.FiberSet<void>, within: Duration.Duration): Effect.Effect<void> =>
  FiberSet.awaitEmpty(handlers).pipe(
    Effect.interruptible,
    Effect.timeout(within),
    Effect.ignore,
    Effect.zipRight(Effect.suspend(() => Fiber.interruptAll(handlers)))
  )
