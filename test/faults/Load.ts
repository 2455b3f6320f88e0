import { Clock, Duration, Effect, Option, Random, Ref, Schedule, Schema, type Scope } from "effect"
import { Agent } from "undici"
import type { Answer, Webhook } from "./Books.ts"
import * as Post from "./Post.ts"

/** The providers: they send at a steady rate whatever comes back, and again whatever was not accepted. */
export interface Load {
  readonly webhooks: ReadonlyArray<Webhook>
  /** Webhooks and copies that are still to be accepted or sent. */
  readonly pending: Effect.Effect<number>
  /** Sends at a rate a second, until interrupted. */
  readonly steady: (rate: number) => Effect.Effect<never>
  /** Sends so many, as fast as they are accepted, and waits until they are. */
  readonly burst: (count: number) => Effect.Effect<void>
}

const answerTime = Duration.seconds(10)
/** Beyond so many that wait for their yes, none is added. A semaphore would wake them all for each that leaves. */
const maxPending = 6_000
const connections = 256
const tick = Duration.millis(20)
const burstWidth = 128

const again = Schedule.exponential("200 millis").pipe(
  Schedule.union(Schedule.spaced("8 seconds")),
  Schedule.jittered
)

/** One webhook of twenty is sent again later although it was accepted, some several times at once. */
const repeated = 0.05
const copiesAtOnce = [1, 1, 1, 3, 5]
const repeatedWithin = 15_000

export const start = Effect.fnUntraced(function*(options: {
  readonly bases: ReadonlyArray<string>
  readonly seed: string
}): Effect.fn.Return<Load, never, Scope.Scope> {
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() => new Agent({ connections, headersTimeout: 0, bodyTimeout: 0 })),
    (agent) => Effect.promise(() => agent.destroy())
  )
  const webhooks: Array<Webhook> = []
  const pending = yield* Ref.make(0)
  const scope = yield* Effect.scope
  let turn = 0

  const sendOnce = (post: Post.Post): Effect.Effect<Answer> =>
    Effect.gen(function*() {
      const sentAt = yield* Clock.currentTimeMillis
      const base = options.bases[turn++ % options.bases.length] ?? ""
      const said = yield* Effect.tryPromise(async (signal) => {
        const response = await agent.request({
          origin: base,
          path: `/api/v1/webhooks/${post.integration.slug}`,
          method: "POST",
          headers: post.headers(sentAt),
          body: post.body,
          signal
        })
        return { status: response.statusCode, text: await response.body.text() }
      }).pipe(Effect.timeout(answerTime), Effect.option)
      const accepted = Option.flatMap(said, ({ text }) => decode(text))
      return {
        sentAt,
        endedAt: yield* Clock.currentTimeMillis,
        status: Option.getOrNull(Option.map(said, (_) => _.status)),
        eventId: Option.getOrNull(Option.map(accepted, (_) => _.eventId)),
        duplicate: Option.exists(accepted, (_) => _.duplicate)
      }
    })

  const untilAccepted = (post: Post.Post, webhook: Webhook) =>
    sendOnce(post).pipe(
      Effect.tap((answer) => webhook.answers.push(answer)),
      Effect.filterOrFail(isAccepted),
      Effect.retry(again),
      Effect.ignore
    )

  const repeat = Effect.fnUntraced(function*(post: Post.Post, webhook: Webhook) {
    if ((yield* Random.next) >= repeated) return
    yield* Effect.sleep(yield* Random.nextIntBetween(0, repeatedWithin))
    const copies = copiesAtOnce[yield* Random.nextIntBetween(0, copiesAtOnce.length)] ?? 1
    yield* Effect.replicateEffect(untilAccepted(post, webhook), copies, { concurrency: "unbounded", discard: true })
  })

  const next = Effect.gen(function*() {
    const post = yield* Post.make(webhooks.length + 1)
    const webhook: Webhook = {
      id: post.id,
      integration: post.integration.slug,
      hash: post.hash,
      wanted: post.wanted,
      answers: []
    }
    webhooks.push(webhook)
    return { post, webhook }
  })
  const counted = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(Ref.update(pending, (_) => _ + 1), () => effect, () => Ref.update(pending, (_) => _ - 1))

  const random = Effect.withRandom(Random.make(options.seed))
  const launch = Effect.flatMap(
    next,
    ({ post, webhook }) =>
      Effect.forkIn(counted(Effect.zipRight(untilAccepted(post, webhook), repeat(post, webhook))), scope)
  )

  return {
    webhooks,
    pending: Ref.get(pending),
    steady: Effect.fnUntraced(function*(rate) {
      const startedAt = yield* Clock.currentTimeMillis
      let launched = 0
      return yield* Effect.gen(function*() {
        const due = Math.floor(((yield* Clock.currentTimeMillis) - startedAt) * rate / 1_000)
        for (; launched < due; launched++) {
          if ((yield* Ref.get(pending)) < maxPending) yield* launch
        }
        yield* Effect.sleep(tick)
      }).pipe(Effect.forever)
    }, random),
    burst: (count) =>
      Effect.forEach(
        Array.from({ length: count }),
        () => Effect.flatMap(next, ({ post, webhook }) => untilAccepted(post, webhook)),
        { concurrency: burstWidth, discard: true }
      ).pipe(counted, random)
  }
})

const isAccepted = ({ status }: Answer): boolean => status !== null && status >= 200 && status < 300

const decode = Schema.decodeOption(Schema.parseJson(
  Schema.Struct({ eventId: Schema.String, duplicate: Schema.Boolean })
))
