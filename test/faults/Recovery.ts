import type { SqlClient } from "@effect/sql"
import { Duration, Effect, Random, Schedule } from "effect"
import * as Books from "./Books.ts"
import * as Fleet from "./Fleet.ts"
import { integrations } from "./Integrations.ts"
import { apis, type Member, workers } from "./Kinds.ts"
import * as Post from "./Post.ts"
import * as Sender from "./Sender.ts"
import type { World } from "./World.ts"

/** What was sent to see whether everybody works, and who does not, in words. */
export interface Recovery {
  readonly webhooks: ReadonlyArray<Books.Webhook>
  readonly problems: ReadonlyArray<string>
}

/** Where nobody looked. */
export const none: Recovery = { webhooks: [], problems: [] }

/** Beyond the numbers of any load. */
const firstNumber = 1_000_000
const acceptWithin = Duration.seconds(20)
const deliverWithin = Duration.seconds(30)
const again = Schedule.spaced("500 millis")
const look = Duration.millis(100)

/**
 * Whether each API accepts what only it is sent, and each worker delivers while the other one is stopped. In the end
 * everybody runs again.
 */
export const check = Effect.fn("Recovery.check")(function*(world: World, seed: string) {
  const send = yield* Sender.make
  const rounds = yield* Effect.forEach(workers, (stopped, round) =>
    Effect.gen(function*() {
      const { retire, revive } = world.fleet.hosts[stopped]
      yield* retire
      const posts = yield* prepare(round)
      const refused = yield* Effect.forEach(posts, (_) => refusal(send, world, _), { concurrency: "unbounded" })
      const left = yield* undelivered(world.sql, posts)
      yield* revive
      const late = left === 0 ? [] : [
        `with ${stopped} stopped, ${left} deliveries of ${posts.length} webhooks were not made within ` +
        Duration.format(deliverWithin)
      ]
      // Whoever could not deliver them may be helped by the other one; what nobody delivers is stuck.
      if (left > 0) yield* undelivered(world.sql, posts)
      return { webhooks: posts.map((_) => _.webhook), problems: [...refused.flat(), ...late] }
    })).pipe(Effect.withRandom(Random.make(`${seed} recovery`)))
  return {
    webhooks: rounds.flatMap((_) => _.webhooks),
    problems: rounds.flatMap((_) => _.problems)
  } satisfies Recovery
}, Effect.scoped)

interface Prepared {
  readonly api: Member
  readonly post: Post.Post
  readonly webhook: Books.Webhook
}

/** One webhook of every integration for every API. */
const prepare = (round: number) =>
  Effect.forEach(
    apis,
    (api, index) =>
      Effect.forEach(integrations, (integration) =>
        Effect.map(Post.make(integration, firstNumber + round * apis.length + index), (post): Prepared => ({
          api,
          post,
          webhook: Post.webhookOf(post)
        })))
  ).pipe(Effect.map((all) =>
    all.flat()
  ))

/** Sends a webhook to its API until it is accepted; what is wrong where it is not. */
const refusal = (send: Sender.Sender, { fleet }: World, { api, post, webhook }: Prepared) =>
  send(Fleet.baseOf(fleet.hosts[api]), post).pipe(
    Effect.tap(({ answer }) => webhook.answers.push(answer)),
    Effect.filterOrFail(({ answer }) => Books.isAcceptance(answer)),
    Effect.retry(again),
    Effect.timeout(acceptWithin),
    Effect.as([]),
    Effect.catchAll(() => {
      const statuses = webhook.answers.map((_) => _.status ?? "nothing").join(", ")
      return Effect.succeed([`${api} did not accept within ${Duration.format(acceptWithin)}, but said: ${statuses}`])
    })
  )

/** How many deliveries of what was accepted stay open for too long. */
const undelivered = (sql: SqlClient.SqlClient, posts: ReadonlyArray<Prepared>): Effect.Effect<number> => {
  const events = posts.flatMap(({ webhook }) => webhook.answers.flatMap(({ eventId }) => eventId ?? []))
  if (events.length === 0) return Effect.succeed(0)
  const open = sql<{ readonly count: number }>`
    SELECT count(*)::int FROM deliveries WHERE state <> 'delivered' AND ${sql.in("event_id", events)}`
    .pipe(Effect.map(([row]) => row?.count ?? 0), Effect.orDie)
  const wait = (left: number): Effect.Effect<number> =>
    Effect.flatMap(open, (count) =>
      count === 0 || left <= 0
        ? Effect.succeed(count)
        : Effect.zipRight(Effect.sleep(look), wait(left - Duration.toMillis(look))))
  return wait(Duration.toMillis(deliverWithin))
}
