import * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { type Chunk, Clock, Duration, Effect, Option, Predicate, Random, Schema, Stream } from "effect"
import { constTrue } from "effect/Function"
import type { Options } from "./Options.ts"

/** What became of a webhook; how long it took, in milliseconds. */
export type Outcome =
  | { readonly _tag: "Accepted" | "Duplicate"; readonly millis: number }
  | { readonly _tag: "Refused"; readonly millis: number; readonly status: number; readonly said: string }
  | { readonly _tag: "Unanswered"; readonly why: string }

const atOnce = 16
/** At a steady rate what is slow does not hold up what is due; this bounds how much is open when nothing answers. */
const mostOpen = 1_000
const patience = Duration.seconds(30)

/** Sends the webhooks, each with an id of its own, and tells what became of them. */
export const run = Effect.fn("Simulation.run")(function*(options: Options) {
  const { count, key, rate, sender, type, url } = options
  const client = HttpClient.withTracerDisabledWhen(yield* HttpClient.HttpClient, constTrue)
  const simulation = (yield* Random.nextIntBetween(0, 2 ** 48)).toString(16)
  const startedAt = yield* Clock.currentTimeMillis

  const due = (index: number) =>
    Option.match(rate, {
      onNone: () => Effect.void,
      onSome: (rate) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const early = startedAt + index * 1_000 / rate - now
          return early > 0 ? Effect.sleep(early) : Effect.void
        })
    })

  const send = (index: number) =>
    Effect.gen(function*() {
      const at = yield* Clock.currentTimeMillis
      const signed = sender.sign(key, { id: `sim_${simulation}_${index}`, type, at, url })
      const request = HttpClientRequest.post(signed.url, {
        headers: signed.headers,
        body: HttpBody.text(signed.body, signed.headers["content-type"])
      })
      return yield* post(client, request)
    })

  const outcomes: Effect.Effect<Chunk.Chunk<Outcome>> = Stream.range(0, count - 1).pipe(
    Stream.mapEffect((index) => Effect.as(due(index), index)),
    Stream.mapEffect(send, { concurrency: Option.isSome(rate) ? mostOpen : atOnce, unordered: true }),
    Stream.runCollect
  )
  return yield* outcomes
})

const post = (
  client: HttpClient.HttpClient,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Outcome> =>
  client.execute(request).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (text) => ({ status: response.status, text }))),
    Effect.timed,
    Effect.map(([took, { status, text }]) => judge(Duration.toMillis(took), status, text)),
    Effect.timeoutTo({
      duration: patience,
      onSuccess: (outcome) => outcome,
      onTimeout: () => unanswered(`no answer within ${Duration.format(patience)}`)
    }),
    Effect.catchAll((error) => Effect.succeed(unanswered(reasonOf(error))))
  )

const unanswered = (why: string): Outcome => ({ _tag: "Unanswered", why })

const decodeDuplicate = Schema.decodeOption(Schema.parseJson(Schema.Struct({ duplicate: Schema.Boolean })))
const decodeFailure = Schema.decodeOption(
  Schema.parseJson(Schema.Struct({ error: Schema.Struct({ message: Schema.String }) }))
)

const judge = (millis: number, status: number, text: string): Outcome => {
  if (status >= 200 && status < 300) {
    const isDuplicate = Option.exists(decodeDuplicate(text), ({ duplicate }) => duplicate)
    return { _tag: isDuplicate ? "Duplicate" : "Accepted", millis }
  }
  const said = Option.match(decodeFailure(text), { onNone: () => text, onSome: ({ error }) => error.message })
  return { _tag: "Refused", millis, status, said: said.slice(0, 200) }
}

const reasonOf = (error: HttpClientError.HttpClientError): string =>
  Predicate.hasProperty(error.cause, "message") && error.cause.message !== ""
    ? String(error.cause.message)
    : error.message
