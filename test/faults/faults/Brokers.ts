import type { SqlClient } from "@effect/sql"
import { Duration, Effect, Random, Schedule } from "effect"
import * as Amqp from "../Amqp.ts"
import { type Fault, FaultFailed, surely } from "./Fault.ts"

/** Redis goes with everything that it holds, and comes back empty. */
export const redis: Fault = ({ ground }) => Effect.acquireRelease(ground.redis.kill, () => surely(ground.redis.start))

const hesitation = Duration.seconds(1)

const turn = Effect.unsafeMakeSemaphore(1)
/** Nobody starts the broker while another one is about to empty its folder. */
const alone = Effect.acquireRelease(turn.take(1), () => turn.release(1))

/** `kill -9` of RabbitMQ. It hesitates before, so that something is always on its way to it. */
export const kill: Fault = ({ ground: { rabbitMq } }) =>
  Effect.zipRight(
    alone,
    Effect.acquireRelease(
      rabbitMq.pause.pipe(Effect.zipRight(Effect.sleep(hesitation)), Effect.zipRight(rabbitMq.kill)),
      () => surely(rabbitMq.start)
    )
  )

/** RabbitMQ comes back without a single queue. */
export const forget: Fault = ({ ground: { rabbitMq } }) =>
  Effect.zipRight(alone, Effect.orElse(rabbitMq.forget, () => surely(rabbitMq.start)))

/** Another fault may just have stopped the broker. */
const onceItIsThere = <A, E, R>(act: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.retry(act, Schedule.intersect(Schedule.spaced("500 millis"), Schedule.recurs(60)))

export const purge: Fault = ({ ground }, target) =>
  Effect.forEach(Amqp.queuesOf(target), (queue) => onceItIsThere(Amqp.purge(ground.rabbitMq.url, queue)))

/** One of the queues goes with all that is in it. */
export const remove: Fault = ({ ground }, target) =>
  Effect.gen(function*() {
    const queues = Amqp.queuesOf(target)
    const queue = queues[yield* Random.nextIntBetween(0, queues.length)]
    if (queue === undefined) return yield* new FaultFailed({ message: `there is no queue ${target}` })
    yield* onceItIsThere(Amqp.remove(ground.rabbitMq.url, queue))
  })

const alarm = "{resource_limit, disk, node()}"

/** RabbitMQ takes its disk for full, and blocks who publishes. */
export const raiseAlarm: Fault = ({ ground: { rabbitMq } }) =>
  Effect.acquireRelease(
    onceItIsThere(rabbitMq.control("eval", `rabbit_alarm:set_alarm({${alarm}, []}).`)),
    // One that was restarted has forgotten it.
    () => Effect.ignore(rabbitMq.control("eval", `rabbit_alarm:clear_alarm(${alarm}).`))
  )

const copyEvery = Schedule.spaced("500 millis")
const copiesAtATime = 200

/** The messages of deliveries that are open, or ended just now, come twice. */
export const copies: Fault = ({ ground, sql }, _target, seconds) =>
  Effect.forkScoped(
    someOf(sql).pipe(
      Effect.flatMap((rows) => Amqp.publish(ground.rabbitMq.url, rows.map((row) => JSON.stringify({ v: 1, ...row })))),
      Effect.ignore,
      Effect.repeat(copyEvery),
      Effect.timeout(Duration.seconds(seconds)),
      Effect.ignore
    )
  )

interface Copy {
  readonly deliveryId: string
  readonly generation: number
  readonly attempt: number
  /** Without it a message passes by every lane, as those of an older revision do. */
  readonly destinationId?: string
}

const someOf = (sql: SqlClient.SqlClient) =>
  Effect.map(
    Effect.all([
      sql<Copy>`
        SELECT id AS "deliveryId", generation, next_attempt AS attempt FROM deliveries
        WHERE due_at IS NOT NULL ORDER BY due_at LIMIT ${copiesAtATime}`,
      sql<Copy>`
        SELECT id AS "deliveryId", generation, next_attempt AS attempt, destination_id AS "destinationId"
        FROM deliveries WHERE due_at IS NOT NULL ORDER BY id DESC LIMIT ${copiesAtATime}`,
      sql<Copy>`
        SELECT id AS "deliveryId", generation, greatest(next_attempt - 1, 1) AS attempt FROM deliveries
        WHERE due_at IS NULL ORDER BY id DESC LIMIT ${copiesAtATime}`
    ]),
    (all) => all.flat()
  )
