import { Duration, Effect, Option, Schedule } from "effect"
import { Client } from "pg"
import { type Fault, FaultFailed, surely } from "./Fault.ts"

/** `kill -9` of PostgreSQL and all its backends. */
export const kill: Fault = ({ ground: { postgres } }) =>
  Effect.acquireRelease(postgres.kill, () => surely(postgres.start))

const terminateEvery = Schedule.spaced("300 millis")

/** Every connection of the gateway is ended where it is, again and again. */
export const terminate: Fault = ({ sql }, _target, seconds) =>
  Effect.forkScoped(
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sluice-%'`.pipe(
      Effect.ignore,
      Effect.repeat(terminateEvery),
      Effect.timeout(Duration.seconds(seconds)),
      Effect.ignore
    )
  )

const greedy = 100

/** Others take every connection that is left, after the gateway has lost some of its own. */
export const connections: Fault = ({ ground, sql }) =>
  Effect.zipRight(
    Effect.ignore(
      sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'sluice-%' AND pid % 2 = 0`
    ),
    Effect.forEach(Array.from({ length: greedy }), () =>
      Effect.ignore(Effect.acquireRelease(
        Effect.suspend(() =>
          connect(new Client({ connectionString: ground.postgres.url, connectionTimeoutMillis: 2_000 }))
        ),
        (client) => Effect.ignore(Effect.timeout(Effect.interruptible(Effect.promise(() => client.end())), "2 seconds"))
      )), { concurrency: 20, discard: true })
  )

const connect = (client: Client) =>
  Effect.as(
    Effect.tryPromise({
      try: () => client.on("error", () => undefined).connect(),
      catch: (cause) => new FaultFailed({ message: String(cause) })
    }),
    client
  )

/** PostgreSQL's disk is full. It may well go down over that, and is started again once there is room. */
export const disk: Fault = ({ ground: { disk, postgres } }) =>
  Option.match(disk, {
    onNone: () => new FaultFailed({ message: "PostgreSQL has no disk of its own" }),
    onSome: ({ fill, free }) => Effect.acquireRelease(fill, () => Effect.zipRight(surely(free), surely(postgres.start)))
  })
