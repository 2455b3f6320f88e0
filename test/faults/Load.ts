import { Clock, Duration, Effect, Random, Schedule, type Scope } from "effect"
import * as Books from "./Books.ts"
import * as Integrations from "./Integrations.ts"
import * as Pace from "./Pace.ts"
import * as Places from "./Places.ts"
import * as Post from "./Post.ts"
import * as Sender from "./Sender.ts"

/** The providers: they send at a steady rate whatever comes back, and again whatever was not accepted. */
export interface Load {
  readonly webhooks: ReadonlyArray<Books.Webhook>
  /** Webhooks and copies that are still to be accepted or sent. */
  readonly pending: Effect.Effect<number>
  /** How many webhooks were sent, whatever came of them. Copies do not count. */
  readonly offered: Effect.Effect<number>
  /** How many fewer `steady` has sent than its rate asked for, because too many waited. */
  readonly skipped: Effect.Effect<number>
  /** Sends at a rate a second, until interrupted. */
  readonly steady: (rate: number) => Effect.Effect<never>
  /** Sends so many, each once, as fast as they are accepted, and waits until they are; to some APIs alone if need be. */
  readonly burst: (count: number, to?: ReadonlyArray<string>) => Effect.Effect<void>
}

export interface Options {
  readonly bases: ReadonlyArray<string>
  /** The same seed gives the same webhooks with the same copies, whatever comes back and when. */
  readonly seed: string
}

/** Beyond so many that wait for their yes, none is added. A semaphore would wake them all for each that leaves. */
const maxPending = 6_000
const tick = Duration.millis(20)
const burstWidth = 128
/** So many requests are under way to each API at most. Others wait for a place, not for an answer. */
const placesEach = 128

/** Never sooner than the gateway asked for. */
const again = Schedule.identity<Duration.Duration>().pipe(
  Schedule.intersect(Schedule.exponential("200 millis").pipe(Schedule.union(Schedule.spaced("8 seconds")))),
  Schedule.modifyDelay(([asked], delay) => Duration.max(asked, delay)),
  Schedule.jitteredWith({ min: 1, max: 1.25 })
)

const rotated = <A>(all: ReadonlyArray<A>, by: number): ReadonlyArray<A> => {
  const first = by % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

export const start = (options: Options): Effect.Effect<Load, never, Scope.Scope> =>
  Effect.flatMap(Sender.make, (send) => make(send, options))

export const make = Effect.fnUntraced(
  function*(send: Sender.Sender, { bases, seed }: Options): Effect.fn.Return<Load, never, Scope.Scope> {
    const scope = yield* Effect.scope
    const webhooks: Array<Books.Webhook> = []
    let pending = 0
    let pace = Pace.start(0, 0)
    const places = Places.make(placesEach)

    /** The API that is asked first is the turn's if it has a place, and each time it is the other one's turn. */
    const untilAccepted = (post: Post.Post, { answers }: Books.Webhook, turn: number, to = bases) =>
      Effect.suspend(() => places.at(rotated(to, turn++), (base) => send(base, post))).pipe(
        Effect.tap(({ answer }) => answers.push(answer)),
        Effect.filterOrFail(({ answer }) => Books.isAcceptance(answer), ({ retryAfter }) => retryAfter),
        Effect.retry(again),
        Effect.ignore
      )
    const together = (post: Post.Post, webhook: Books.Webhook, copies: number) => {
      const turn = webhooks.length
      return Effect.forEach(
        Array.from({ length: copies }, (_, copy) => turn + copy),
        (turn) => untilAccepted(post, webhook, turn),
        { concurrency: copies === 1 ? 1 : "unbounded", discard: true }
      )
    }
    const counted = <A>(effect: Effect.Effect<A>) =>
      Effect.suspend(() => {
        pending++
        return Effect.ensuring(effect, Effect.sync(() => pending--))
      })

    const turns = Random.make(seed)
    const numbers = new Map<string, number>()
    const next = Effect.gen(function*() {
      const integration = Integrations.pick(yield* turns.next)
      const number = (numbers.get(integration.slug) ?? 0) + 1
      numbers.set(integration.slug, number)
      const random = Random.make(`${seed} ${integration.slug} ${number}`)
      const post = yield* Effect.withRandom(Post.make(integration, number), random)
      const webhook = Post.webhookOf(post)
      webhooks.push(webhook)
      return { post, webhook, random }
    })

    const launch = Effect.flatMap(next, ({ post, random, webhook }) => {
      const { after, atOnce, later } = post.copies
      const first = together(post, webhook, atOnce)
      const all = later === 0 ? first : Effect.zipRight(first, Effect.delay(together(post, webhook, later), after))
      return all.pipe(counted, Effect.withRandom(random), Effect.forkIn(scope))
    })

    return {
      webhooks,
      pending: Effect.sync(() => pending),
      offered: Effect.sync(() => webhooks.length),
      skipped: Effect.sync(() => pace.skipped()),
      steady: Effect.fnUntraced(function*(rate) {
        pace = Pace.start(rate, yield* Clock.currentTimeMillis)
        while (true) {
          const count = pace.take(yield* Clock.currentTimeMillis, maxPending - pending)
          for (let launched = 0; launched < count; launched++) yield* launch
          yield* Effect.sleep(tick)
        }
      }),
      burst: (count, to) =>
        counted(
          Effect.forEach(
            Array.from({ length: count }),
            () =>
              Effect.flatMap(next, ({ post, random, webhook }) =>
                Effect.withRandom(untilAccepted(post, webhook, webhooks.length, to), random)),
            { concurrency: burstWidth, discard: true }
          )
        )
    }
  }
)
