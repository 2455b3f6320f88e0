import { Cause, Duration, Effect, Fiber, Runtime, type Scope } from "effect"
import type { Handed, Settlement } from "../services/ports/Broker.ts"
import * as Roster from "../services/Roster.ts"

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

/** Handlers in flight, each in a fiber of its own. */
export interface Handlers {
  readonly run: (handling: Effect.Effect<void>) => Fiber.RuntimeFiber<void>
  readonly fibers: Iterable<Fiber.RuntimeFiber<void>>
  /** Waits until there are none; where no more are begun. */
  readonly awaitNone: Effect.Effect<void>
}

/** What is in flight at the end of the scope is interrupted. */
export const make: Effect.Effect<Handlers, never, Scope.Scope> = Effect.gen(function*() {
  const fork = Runtime.runFork(yield* Effect.runtime())
  const fibers = Roster.make<Fiber.RuntimeFiber<void>>()
  const none = yield* Effect.makeLatch(true)
  yield* Effect.addFinalizer(() => Effect.suspend(() => Fiber.interruptAll(fibers)))
  return {
    run: (handling) => {
      const fiber = fork(handling)
      const leave = fibers.enter(fiber)
      none.unsafeClose()
      fiber.addObserver(() => {
        leave()
        if (fibers.first() === undefined) none.unsafeOpen()
      })
      return fiber
    },
    fibers,
    awaitNone: none.await
  }
})

/** Waits for the handlers in flight, then interrupts those that are left, all at once, which give their messages back. */
export const drain = ({ awaitNone, fibers }: Handlers, within: Duration.Duration): Effect.Effect<void> =>
  awaitNone.pipe(
    Effect.interruptible,
    Effect.timeout(within),
    Effect.ignore,
    Effect.zipRight(Effect.suspend(() => Fiber.interruptAll(fibers)))
  )
