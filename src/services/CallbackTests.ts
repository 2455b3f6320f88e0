import { Context, DateTime, Duration, Effect, Layer, Option } from "effect"
import type { CallbackTestInput, CallbackTestResult } from "../domain/CallbackTest.ts"
import { NotFound, TooMany } from "../domain/Errors.ts"
import { DeliveryId, type DestinationId, EventId } from "../domain/Ids.ts"
import * as Judgement from "../domain/Judgement.ts"
import { Audit } from "./Audit.ts"
import * as Call from "./Call.ts"
import * as Ids from "./Ids.ts"
import { CallbackClient } from "./ports/CallbackClient.ts"
import { Coordination } from "./ports/Coordination.ts"
import { CallbackTestStore } from "./store/CallbackTestStore.ts"
import type { StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/**
 * Test webhooks: what a destination would get, called and signed as a delivery is, whatever its status. Nothing of one is
 * stored but that it was sent, and it says nothing about the destination's health.
 */
export class CallbackTests extends Context.Tag("sluice/services/CallbackTests")<CallbackTests, {
  readonly run: (
    actor: string,
    id: DestinationId,
    input: CallbackTestInput
  ) => Effect.Effect<CallbackTestResult, NotFound | TooMany | StoreError>
}>() {
  static readonly layer = Layer.effect(CallbackTests, Effect.suspend(() => make))
}

const atATime = 8
const perMinute = 30
const headers = "{\"content-type\":[\"application/json\"]}"

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const call = Call.make(yield* Vault, yield* CallbackClient)
  const coordination = yield* Coordination
  const places = yield* Effect.makeSemaphore(atATime)
  const store = yield* CallbackTestStore

  /** Without Redis the places alone bound what is sent. */
  const withinRate = Effect.fnUntraced(function*(id: DestinationId) {
    const decision = yield* Effect.option(coordination.take(`tests:${id}`, perMinute))
    if (Option.exists(decision, (_) => !_.allowed)) {
      return yield* new TooMany({ message: `A destination takes ${perMinute} tests a minute; try again soon.` })
    }
  })

  const run = Effect.fnUntraced(function*(actor: string, id: DestinationId, input: CallbackTestInput) {
    const destination = yield* Effect.flatten(store.find(id)).pipe(
      Effect.catchTag("NoSuchElementException", () => new NotFound({ message: `There is no destination ${id}.` }))
    )
    yield* withinRate(id)
    const eventId = EventId.make(yield* Ids.next)
    // Before the call, so that none is made that nobody knows of.
    yield* audit.append({
      actor,
      action: "destination.tested",
      subjectType: "destination",
      subjectId: id,
      detail: { url: destination.url, eventId }
    })
    const sent = new TextEncoder().encode(bodyOf(input, destination.now))
    const [took, outcome] = yield* Effect.timed(call(
      {
        ...destination,
        eventId,
        deliveryId: DeliveryId.make(yield* Ids.next),
        attempt: 1,
        replayId: null,
        headers,
        sealedHeaders: null,
        test: true
      },
      sent,
      destination.now
    ))
    const error = Option.getOrNull(Judgement.problem(outcome))
    return {
      outcome: error === null ? "success" : "failure",
      httpStatus: outcome._tag === "Answered" ? outcome.status : null,
      durationMs: Math.round(Duration.toMillis(took)),
      error,
      responseBody: outcome._tag === "Answered" ? outcome.body : null
    } as const
  })

  return CallbackTests.of({
    run: Effect.fn("CallbackTests.run")((actor, id, input) =>
      Effect.flatMap(
        places.withPermitsIfAvailable(1)(run(actor, id, input)),
        Option.match({
          onNone: () => new TooMany({ message: `${atATime} tests are under way; try again when one has ended.` }),
          onSome: Effect.succeed<CallbackTestResult>
        })
      )
    )
  })
})

const bodyOf = ({ body, type = "sluice.test" }: CallbackTestInput, now: number): string =>
  body ?? JSON.stringify({
    type,
    test: true,
    message: "A test webhook of Sluice. There is nothing to be done about it.",
    createdAt: DateTime.formatIso(DateTime.unsafeMake(now))
  })
