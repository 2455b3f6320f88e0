// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import type { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
import * as Queues from "../../src/domain/Queues.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Settings } from "../../src/services/Settings.ts"
import { ReplayStore } from "../../src/services/store/ReplayStore.ts"
import { doctor, examined, found } from "../support/Examined.ts"
import { FakeWatch } from "../support/FakeWatch.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const ground = () => doctor().pipe(Layer.provideMerge(FakeWatch.layer), Layer.provideMerge(stores()))

type Needs = Layer.Layer.Success<ReturnType<typeof ground>>

/** On a database where one worker sweeps. */
const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(Effect.zipRight(led, program), ground()))

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

const led = run("INSERT INTO leaderships VALUES ('sweeper', gen_random_uuid(), now() + interval '1 minute')")

/** A marker that was published a minute ago, and is back. */
const markerBack = run(
  "INSERT INTO sweep_markers VALUES (gen_random_uuid(), now() - interval '1 minute', now() - interval '59 seconds')"
)

/** Makes one queue hold messages. */
const inQueue = Effect.fnUntraced(function*(
  messages: number,
  consumers = 1,
  queue: "process" | "retry" = "process"
) {
  const fake = yield* FakeWatch
  const { queues } = yield* Settings
  fake.states = Option.some(
    Queues.names(queues).map((name) => ({
      name,
      messages: name === queues[queue] ? messages : 0,
      consumers
    }))
  )
})

const delivery = Effect.flatMap(Rows.destination(), (to) => Effect.map(Rows.deliveries(to, 1), ([message]) => message))

const anHourAgo = "now() - interval '1 hour'"

/** A delivery whose columns are as a test needs them. */
const set = (assignments: string) => Effect.tap(delivery, (message) => Rows.set(message, assignments))

const finds = (rule: string, detail: string) =>
  Effect.map(found, (findings) => {
    assert.deepStrictEqual(findings.map(([id]) => id), [rule])
    assert.include(findings[0]?.[1], detail)
  })

const findsNothing = Effect.map(found, (findings) => assert.deepStrictEqual(findings, []))

const state = (name: string, more = "") => `state = '${name}', due_at = ${anHourAgo}${more}`
const claimed = (until: string) => `, claim_token = gen_random_uuid(), lease_until = ${until}`

describe("the doctor finds a delivery", () => {
  test("that was never queued", Effect.zipRight(set(state("pending")), finds("pending-too-long", "pending, event")))

  test(
    "whose message is lost, once the marker shows that",
    Effect.gen(function*() {
      yield* inQueue(1)
      yield* set(state("queued", `, queued_at = ${anHourAgo}`))
      yield* findsNothing
      yield* markerBack
      yield* finds("message-lost", "queued, event")
    })
  )

  test(
    "that is queued while the queues are empty",
    Effect.gen(function*() {
      yield* set(state("queued", `, queued_at = ${anHourAgo}`))
      yield* finds("queued-but-queues-empty", "queued, event")
      const fake = yield* FakeWatch
      fake.states = Option.none()
      yield* findsNothing
    })
  )

  test(
    "whose retry never came, once the marker shows that",
    Effect.gen(function*() {
      yield* set(state("retrying"))
      yield* findsNothing
      yield* markerBack
      yield* finds("retry-overdue", "retrying, event")
    })
  )

  test(
    "of a worker that is gone, once the marker shows that",
    Effect.gen(function*() {
      yield* set(state("delivering", claimed(anHourAgo)))
      yield* findsNothing
      yield* markerBack
      yield* finds("lease-expired", "delivering, event")
    })
  )

  test(
    "that is held although its destination is active and nothing of it is under way",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const [held, other] = yield* Rows.deliveries(to, 2)
      yield* Rows.set(held, "state = 'held', due_at = NULL, held_at = now() - interval '2 hours'")
      yield* findsNothing
      yield* run("UPDATE destinations SET updated_at = now() - interval '2 hours'")
      yield* findsNothing
      yield* Rows.set(other, "state = 'cancelled', due_at = NULL, failed_at = now()")
      yield* finds("held-too-long", `delivery ${held?.deliveryId}, event`)
      yield* run("UPDATE destinations SET status = 'paused'")
      yield* findsNothing
      yield* run("UPDATE destinations SET deleted_at = now()")
      yield* finds("held-too-long", `delivery ${held?.deliveryId}, event`)
    })
  )
})

describe("the doctor leaves alone", () => {
  const recently = "now() - interval '1 minute'"

  test(
    "what was touched within the slack, in whatever state",
    Effect.gen(function*() {
      yield* markerBack
      yield* inQueue(1)
      yield* set(`state = 'pending', due_at = ${recently}`)
      yield* set(`state = 'queued', due_at = ${anHourAgo}, queued_at = now() - interval '2 minutes'`)
      yield* set(`state = 'retrying', due_at = now() - interval '2 minutes'`)
      yield* set(state("delivering", claimed(recently)))
      yield* set(`state = 'held', due_at = NULL, held_at = ${anHourAgo}`)
      yield* findsNothing
    })
  )

  test(
    "a backlog, however old, as long as no marker has come through it",
    Effect.gen(function*() {
      yield* inQueue(50)
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 50)
      yield* Effect.forEach(
        messages,
        (message: DeliveryMessage) =>
          Rows.set(message, `state = 'queued', due_at = ${anHourAgo}, queued_at = ${anHourAgo}`)
      )
      yield* findsNothing
    })
  )

  test(
    "a lease that is alive, a retry that is not due, and what is held for a destination with others under way",
    Effect.gen(function*() {
      yield* markerBack
      yield* set(state("delivering", claimed("now() + interval '1 minute'")))
      yield* set("state = 'retrying', due_at = now() + interval '6 hours'")
      yield* findsNothing
    })
  )
})

describe("the doctor finds", () => {
  test(
    "a replay that does not move",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const event = Rows.newEvent([to])
      const id = yield* Ids.next
      yield* (yield* ReplayStore).insert({
        id,
        eventId: event.id,
        destinationId: null,
        destinationIds: [to.id],
        reason: "a test",
        actor: "a test"
      })
      yield* findsNothing
      yield* run(`UPDATE replays SET updated_at = ${anHourAgo}`)
      yield* finds("replay-stuck", "queued, 0 of 1, since")
    })
  )

  test(
    "far more messages than open deliveries explain, recent replays included",
    Effect.gen(function*() {
      yield* inQueue(1_000)
      yield* findsNothing
      for (const queue of ["process", "retry"] as const) {
        yield* inQueue(1_001, 1, queue)
        yield* finds("message-storm", "1001 messages, 0 open deliveries")
      }
      yield* delivery
      yield* findsNothing
      yield* inQueue(1_003)
      yield* finds("message-storm", "1003 messages, 1 open deliveries")
      yield* run(`
        INSERT INTO replays (id, destination_ids, reason, actor, status, total)
        VALUES (gen_random_uuid(), '{}', 'a test', 'a test', 'completed', 1)`)
      yield* findsNothing
    })
  )

  test(
    "that nobody sweeps while work waits, but not where nothing waits",
    Effect.gen(function*() {
      yield* run("DELETE FROM leaderships")
      yield* findsNothing
      yield* set(state("queued", ", queued_at = now()"))
      yield* finds("no-sweeper", "nobody leads, work waits since")
      yield* run(`INSERT INTO leaderships VALUES ('sweeper', gen_random_uuid(), ${anHourAgo})`)
      yield* finds("no-sweeper", "nobody leads since")
      yield* run("UPDATE leaderships SET until = now()")
      yield* findsNothing
    })
  )

  test(
    "markers that do not come back, sooner where nothing stands before them",
    Effect.gen(function*() {
      const sent = (ago: string) =>
        run(`INSERT INTO sweep_markers VALUES (gen_random_uuid(), now() - interval '${ago}', NULL)`)
      yield* sent("30 minutes")
      yield* findsNothing
      yield* sent("1 second")
      yield* finds("markers-away", "none is back that was sent since")
      for (const queue of ["process", "retry"] as const) {
        yield* inQueue(10, 1, queue)
        yield* findsNothing
      }
      yield* sent("90 minutes")
      yield* finds("markers-away", "none is back that was sent since")
      yield* markerBack
      yield* findsNothing
    })
  )

  test(
    "messages that nobody takes, dead letters, and queues that do not exist",
    Effect.gen(function*() {
      const fake = yield* FakeWatch
      const { queues } = yield* Settings
      for (const queue of ["process", "retry"] as const) {
        yield* inQueue(3, 0, queue)
        yield* finds("queue-without-consumer", "3 messages, no consumer")
      }
      yield* inQueue(0, 0)
      yield* findsNothing
      const all = Option.getOrThrow(fake.states)
      fake.states = Option.some(all.map((_) => _.name === queues.deadLetter ? { ..._, messages: 2 } : _))
      yield* finds("dead-letters", "2 messages")
      fake.states = Option.some(all.slice(0, -1))
      yield* finds("queue-missing", "does not exist")
    })
  )

  test(
    "nothing about queues that cannot be seen, and says so",
    Effect.gen(function*() {
      const fake = yield* FakeWatch
      fake.states = Option.none()
      const { rules, servers, status } = yield* examined
      assert.deepStrictEqual([status, servers.rabbitmq.status], ["healthy", "hidden"])
      assert.deepStrictEqual(rules.filter((_) => _.result === "skipped").map((_) => _.id), [
        "queued-but-queues-empty",
        "message-storm",
        "queue-missing",
        "queue-without-consumer",
        "dead-letters"
      ])
      assert.include(rules.find((_) => _.result === "skipped")?.skipped, "RABBITMQ_URL is not set")
    })
  )
})
