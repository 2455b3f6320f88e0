import { Data, Duration, Effect } from "effect"
import type { Dispatcher } from "undici"
import * as Answer from "./Answer.ts"

/** What a callback has answered. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | Array<string> | undefined>>
  /** The beginning of its body as text. */
  readonly body: string
}

/** Why there was no complete answer: what the connection says, or nothing but that it took too long. */
export class ExchangeError extends Data.TaggedError("ExchangeError")<{
  readonly reason: "Broken" | "TimedOut"
  readonly cause?: unknown
}> {}

// To a process that was held up, timers are due before it has read what came in meanwhile: head, body, end.
const turns = 5

const closed = new Error("the exchange is over")

/**
 * One request and its answer within a time, without the streams, signals and promises that undici's own `request` puts around
 * them. What is not read to its end takes its connection with it.
 */
export const make = (
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  within: Duration.Duration
): Effect.Effect<Answered, ExchangeError> =>
  Effect.async((resume) => {
    let over = false
    let connection: Dispatcher.DispatchController | undefined
    let reader: Answer.Reader | undefined

    const close = () => {
      over = true
      clearTimeout(timer)
      connection?.abort(closed)
    }
    const settle = (result: Effect.Effect<Answered, ExchangeError>) => {
      if (over) return
      close()
      resume(result)
    }
    const expire = (left: number): void =>
      left === 0 ? settle(new ExchangeError({ reason: "TimedOut" })) : void setImmediate(() => expire(left - 1))
    const timer = setTimeout(() => expire(turns), Duration.toMillis(within))

    dispatcher.dispatch(request, {
      onRequestStart: (started) => {
        connection = started
        if (over) started.abort(closed)
      },
      onResponseStart: (_, status, headers) => {
        if (status < 200) return
        reader = Answer.reader(headers["content-encoding"], {
          read: (body) => settle(Effect.succeed({ status, headers, body })),
          failed: (cause) => settle(new ExchangeError({ reason: "Broken", cause }))
        })
      },
      onResponseData: (flow, chunk) => reader?.take(chunk, flow),
      onResponseEnd: () => {
        connection = undefined
        reader?.end()
      },
      onResponseError: (_, cause) => {
        settle(new ExchangeError({ reason: "Broken", cause }))
        reader?.end()
      }
    })
    return Effect.sync(close)
  })
