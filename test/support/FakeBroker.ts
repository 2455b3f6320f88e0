import { Context, Effect, Either, Layer } from "effect"
import { Broker, BrokerError, type DeadLetters, type Publication } from "../../src/services/ports/Broker.ts"

/** A dead-letter queue that is always empty. */
export const noDeadLetters: DeadLetters = {
  inspect: () => Effect.succeed([]),
  requeue: () => Effect.succeed({ requeued: 0, left: 0 }),
  purge: Effect.succeed(0)
}

/** A broker that only takes down what is published, and refuses it where a test says so. Nothing is ever handed out. */
export class FakeBroker extends Context.Tag("sluice/test/support/FakeBroker")<FakeBroker, {
  readonly published: Array<Publication>
  refusing: boolean
  /** What stands in each queue. */
  waiting: number
}>() {
  static readonly layer = Layer.effect(
    Broker,
    Effect.map(FakeBroker, (fake) =>
      Broker.of({
        publish: (publications) =>
          Effect.sync(() => {
            if (fake.refusing) {
              return publications.map(() => Either.left(new BrokerError({ reason: "Unavailable", cause: "refusing" })))
            }
            fake.published.push(...publications)
            return publications.map(() => Either.void)
          }),
        consume: () => Effect.never,
        states: (names) => Effect.sync(() => names.map((name) => ({ name, messages: fake.waiting, consumers: 0 }))),
        deadLetters: noDeadLetters,
        check: Effect.void
      }))
  ).pipe(Layer.provideMerge(Layer.sync(FakeBroker, () => ({ published: [], refusing: false, waiting: 0 }))))
}
