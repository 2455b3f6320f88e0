import { Cause, Context, DateTime, Duration, Effect, Either, Layer, Option, Predicate } from "effect"
import * as Depths from "../domain/doctor/Depths.ts"
import { queueRules } from "../domain/doctor/QueueRules.ts"
import * as Report from "../domain/doctor/Report.ts"
import type { Found, Subject } from "../domain/doctor/Rule.ts"
import * as Queues from "../domain/Queues.ts"
import type { Graces } from "./Graces.ts"
import { QueueWatch } from "./ports/QueueWatch.ts"
import { windows } from "./store/doctor/Check.ts"
import { checks } from "./store/doctor/Checks.ts"
import { DoctorStore } from "./store/DoctorStore.ts"

/** What the doctor is to know of the system that it looks at. */
export interface Patient {
  readonly queues: Queues.Queues
  readonly graces: Graces
  /** The ids of the keys in ENCRYPTION_KEYS; none where they are not given. */
  readonly keyIds: Option.Option<ReadonlyArray<string>>
  /** How long after something was found it is looked at once more. */
  readonly pause: Duration.Duration
}

/** Looks whether a live system keeps its invariants, and changes nothing in it. */
export class Doctor extends Context.Tag("sluice/services/Doctor")<Doctor, {
  /** Every rule and what breaks it. What was there only for a moment is not told. */
  readonly examine: Effect.Effect<Report.Report>
}>() {
  static readonly layer = (patient: Patient) => Layer.provide(Layer.effect(Doctor, make(patient)), DoctorStore.layer)
}

/** Between a rule's first and second look. */
export const pause = Duration.seconds(3)

/** What is told where not even a database could be looked for. */
export const unexamined = (problem: string): Effect.Effect<Report.Report> =>
  Effect.map(DateTime.now, (now) =>
    Report.make(
      now,
      { postgres: Report.away(problem), rabbitmq: Report.hidden("not asked") },
      [...checks, ...queueRules].map((rule) => Report.outcome(rule, Either.left(problem)))
    ))

const examplesAtMost = 5

const make = Effect.fnUntraced(function*(patient: Patient) {
  const store = yield* DoctorStore
  const watch = yield* QueueWatch

  const queues = watch.states(Queues.names(patient.queues)).pipe(
    Effect.map(Option.match({
      onNone: (): Seen<Depths.Depths> =>
        unseen(
          "RabbitMQ",
          Report.hidden("RABBITMQ_URL is not set, and queues in the memory of npm start are not seen from outside")
        ),
      onSome: (states) => ({ server: Report.seen, value: Either.right(Depths.make(patient.queues, states)) })
    })),
    orAway("RabbitMQ")
  )

  const database = (ids: ReadonlySet<string>, depths: Either.Either<Depths.Depths, string>) => {
    const wanted = checks.filter(({ id }) => ids.has(id))
    const keyIds = Either.fromOption(patient.keyIds, () => "ENCRYPTION_KEYS is not set")
    return store.examine(wanted, { graces: patient.graces, windows, depths, keyIds }).pipe(
      Effect.map((found): Seen<ReadonlyArray<Either.Either<Found, string>>> => ({
        server: Report.seen,
        value: Either.right(found)
      })),
      orAway("PostgreSQL"),
      Effect.map(({ server, value }) => ({
        server,
        outcomes: wanted.map((check, index) =>
          Report.outcome(check, Either.flatMap(value, (all) => all[index] ?? Either.left("not looked at")))
        )
      }))
    )
  }

  /** One look at the rules with these ids. */
  const look = Effect.fnUntraced(function*(ids: ReadonlySet<string>) {
    const broker = yield* queues
    const postgres = yield* database(ids, broker.value)
    const ofQueues = queueRules.filter(({ id }) => ids.has(id)).map((rule) =>
      Report.outcome(rule, Either.map(broker.value, (depths) => found(rule.judge(depths))))
    )
    return {
      servers: { postgres: postgres.server, rabbitmq: broker.server },
      outcomes: [...postgres.outcomes, ...ofQueues]
    }
  })

  return Doctor.of({
    examine: Effect.gen(function*() {
      const first = yield* look(new Set([...checks, ...queueRules].map((_) => _.id)))
      const suspect = new Set(first.outcomes.filter(({ result }) => result === "found").map((_) => _.id))
      if (suspect.size === 0) return Report.make(yield* DateTime.now, first.servers, first.outcomes)
      yield* Effect.sleep(patient.pause)
      const second = yield* look(suspect)
      const again = new Map(second.outcomes.map((outcome) => [outcome.id, outcome]))
      return Report.make(
        yield* DateTime.now,
        { postgres: worse(first, second, "postgres"), rabbitmq: worse(first, second, "rabbitmq") },
        first.outcomes.map((outcome) => again.get(outcome.id) ?? outcome)
      )
    }).pipe(Effect.withSpan("Doctor.examine"))
  })
})

interface Look {
  readonly servers: Report.Report["servers"]
}

/** What was away in one of two looks was not looked at whole. */
const worse = (first: Look, second: Look, server: keyof Look["servers"]): Report.Server =>
  first.servers[server].status === "away" ? first.servers[server] : second.servers[server]

/** A server, and what was seen of it, or why nothing was. */
interface Seen<A> {
  readonly server: Report.Server
  readonly value: Either.Either<A, string>
}

const unseen = (name: string, server: Report.Server): Seen<never> => ({
  server,
  value: Either.left(`${name}: ${server.problem ?? server.status}`)
})

const orAway = (name: string) => <A, E>(effect: Effect.Effect<Seen<A>, E>): Effect.Effect<Seen<A>> =>
  Effect.catchAllCause(effect, (cause) =>
    Cause.isInterruptedOnly(cause)
      ? Effect.interrupt
      : Effect.succeed(unseen(name, Report.away(problemOf(Cause.squash(cause))))))

// PostgreSQL's SQLSTATE for a table that is not there.
const undefinedTable = "42P01"

/** What a driver says, for the person at the terminal. */
const problemOf = (error: unknown): string => {
  if (Predicate.hasProperty(error, "code") && error.code === undefinedTable) {
    return "the database is not migrated: run npm run db:migrate"
  }
  if (Predicate.hasProperty(error, "cause") && error.cause !== undefined) return problemOf(error.cause)
  const said = [text(error, "message"), text(error, "code")].find((_) => _ !== "")
  return said ?? String(error)
}

const text = (error: unknown, property: string): string =>
  Predicate.hasProperty(error, property) && Predicate.isString(error[property]) ? error[property] : ""

const found = (subjects: ReadonlyArray<Subject>): Found => ({
  count: subjects.length,
  atLeast: false,
  examples: subjects.slice(0, examplesAtMost)
})
