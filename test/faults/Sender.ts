import { Clock, Duration, Effect, Option, Schedule, Schema, type Scope } from "effect"
import { Agent } from "undici"
import type { Answer } from "./Books.ts"
import type { Post } from "./Post.ts"

/** What came of sending once, and how long the gateway asked to be left alone. */
export interface Sent {
  readonly answer: Answer
  readonly retryAfter: Duration.Duration
}

/** Sends a webhook once to one of the APIs. */
export type Sender = (base: string, post: Post) => Effect.Effect<Sent>

/** Ten seconds, in pieces: while this process stands still, answers wait for it, and only one piece passes. */
const outOfTime = Effect.sleep(Duration.seconds(2)).pipe(Effect.repeat(Schedule.recurs(4)), Effect.as(Option.none()))
/** No provider waits for longer because it was told so. */
const mostPatience = Duration.seconds(10)

export const make: Effect.Effect<Sender, never, Scope.Scope> = Effect.gen(function*() {
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => new Agent({ headersTimeout: 0, bodyTimeout: 0 })),
    (agent) => Effect.promise(() => agent.destroy())
  )
  return Effect.fnUntraced(function*(base, post) {
    const sentAt = yield* Clock.currentTimeMillis
    const said = yield* Effect.tryPromise(async (signal) => {
      const { body, headers, statusCode } = await agent.request({
        origin: base,
        path: `/api/v1/webhooks/${post.integration.slug}`,
        method: "POST",
        headers: post.headers(sentAt),
        body: post.body,
        signal
      })
      return { status: statusCode, retryAfter: headers["retry-after"], text: await body.text() }
    }).pipe(Effect.option, Effect.raceFirst(outOfTime))
    const accepted = Option.flatMap(said, ({ text }) => decode(text))
    return {
      answer: {
        base,
        sentAt,
        endedAt: yield* Clock.currentTimeMillis,
        status: Option.getOrNull(Option.map(said, (_) => _.status)),
        eventId: Option.getOrNull(Option.map(accepted, (_) => _.eventId)),
        duplicate: Option.exists(accepted, (_) => _.duplicate)
      },
      retryAfter: patience(Option.getOrUndefined(said)?.retryAfter)
    }
  })
})

/** The time that a `Retry-After` in seconds asks for. */
export const patience = (retryAfter: unknown): Duration.Duration => {
  const seconds = Number(retryAfter)
  return seconds > 0 ? Duration.min(Duration.seconds(seconds), mostPatience) : Duration.zero
}

const decode = Schema.decodeOption(Schema.parseJson(
  Schema.Struct({ eventId: Schema.String, duplicate: Schema.Boolean })
))
