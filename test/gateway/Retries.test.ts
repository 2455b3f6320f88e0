import { assert, layer } from "@effect/vitest"
import { Array, Duration, Effect } from "effect"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"
import * as Grounds from "../support/Grounds.ts"

// base 50 ms, factor 2: the delays are 50, 100, 200 and 400 ms, give or take a fifth, which are rungs themselves.
const rungs = [50, 100, 200, 400]

// Nothing but the rungs may bring a retry back.
const noSweeping = { ...Grounds.settings().sweep, every: Duration.hours(1) }

onEach("a retry", (gateway) => {
  layer(gateway({ sweep: noSweeping }), { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped("follows each of three failures at the policy's delay, until the fourth attempt succeeds", () =>
      Effect.gen(function*() {
        const callback = yield* Callback.make
        yield* callback.answer((response, number) => Callback.status(number <= 3 ? 500 : 200)(response, number))
        const { send } = yield* Gateway.integration("thrice", callback.url)
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        const [delivery] = event.deliveries
        assert.deepStrictEqual(delivery?.attempts.map((_) => [_.number, _.outcome, _.httpStatus, _.error]), [
          [1, "failure", 500, "HTTP 500"],
          [2, "failure", 500, "HTTP 500"],
          [3, "failure", 500, "HTTP 500"],
          [4, "success", 200, null]
        ])
        assert.strictEqual(delivery?.attemptCount, 4)
        assert.deepStrictEqual(callback.received.map((_) => _.headers["sluice-attempt"]), ["1", "2", "3", "4"])
        const pauses = Array.zipWith(
          callback.received.slice(1),
          callback.received,
          (later, earlier) => later.at - earlier.at
        )
        for (const [index, pause] of pauses.entries()) assert.isAtLeast(pause, (rungs[index] ?? 0) - 2)
      }))

    it.scoped("comes no more once the retries are used up, and a replay gives a fresh budget", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const callback = yield* Callback.make
        yield* callback.answer(Callback.status(503))
        const { send } = yield* Gateway.integration("hopeless", callback.url)
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        const dead = yield* eventually(Gateway.event(eventId), (_) => _.status === "failed")
        assert.deepStrictEqual(dead.deliveries.map((_) => [_.status, _.attempts.length, _.lastError]), [[
          "dead",
          5,
          "HTTP 503"
        ]])

        yield* callback.answer(Callback.status(200))
        const replay = yield* manage(`/events/${eventId}/replay`, { reason: "the callback was mended" })
        assert.strictEqual(replay.status, 202)
        const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        const [delivery] = event.deliveries
        assert.strictEqual(delivery?.generation, 2)
        assert.deepStrictEqual(delivery?.attempts.map((_) => [_.generation, _.number]), [
          [1, 1],
          [1, 2],
          [1, 3],
          [1, 4],
          [1, 5],
          [2, 1]
        ])
        const last = callback.received.at(-1)
        assert.strictEqual(last?.headers["sluice-event-id"], eventId)
        assert.propertyVal(replay.json, "id", last?.headers["sluice-replay-id"])
        assert.strictEqual(yield* Gateway.audited("event.replayed", eventId), 1)
      }))

    it.scoped("waits as long as the callback asks for, up to the cap", () =>
      Effect.gen(function*() {
        const callback = yield* Callback.make
        yield* callback.answer((response, number) =>
          Callback.status(number === 1 ? 429 : 200, { "retry-after": "3600" })(response, number)
        )
        const { send } = yield* Gateway.integration("asked", callback.url)
        yield* send("one")
        const [first, second] = yield* callback.awaitReceived(2)
        assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 798)
      }))

    it.scoped("of an older generation does nothing when its time comes", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const callback = yield* Callback.make
        yield* callback.answer((response, number) => Callback.status(number <= 4 ? 500 : 200)(response, number))
        const { send } = yield* Gateway.integration("overtaken", callback.url)
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        // Four attempts have failed: the fifth waits for 400 ms, which is time enough for a replay.
        yield* callback.awaitReceived(4)
        yield* manage(`/events/${eventId}/replay`, { reason: "at once" })
        yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        // A later webhook that fails four times outlasts the old retry's wait.
        const later = yield* Callback.make
        yield* later.answer((response, number) => Callback.status(number <= 4 ? 500 : 200)(response, number))
        const patient = yield* Gateway.integration("outlasting", later.url)
        yield* patient.send("two")
        yield* later.awaitReceived(5)
        const event = yield* Gateway.event(eventId)
        assert.strictEqual(callback.received.length, 5)
        assert.deepStrictEqual(event.deliveries.map((_) => [_.generation, _.attemptCount]), [[2, 5]])
      }))
  })
})
