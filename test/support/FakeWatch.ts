import { Context, Effect, Layer, Option } from "effect"
import type * as Depths from "../../src/domain/doctor/Depths.ts"
import * as Queues from "../../src/domain/Queues.ts"
import { QueueWatch } from "../../src/services/ports/QueueWatch.ts"
import { Settings } from "../../src/services/Settings.ts"

/** Queues that are as a test says: at first there, empty and consumed. */
export class FakeWatch extends Context.Tag("sluice/test/support/FakeWatch")<FakeWatch, {
  states: Option.Option<ReadonlyArray<Depths.Depth>>
}>() {
  static readonly layer = Layer.effect(
    QueueWatch,
    Effect.map(FakeWatch, (fake) => QueueWatch.of({ states: () => Effect.sync(() => fake.states) }))
  ).pipe(Layer.provideMerge(Layer.effect(
    FakeWatch,
    Effect.map(Settings, ({ queues }) => ({
      states: Option.some(Queues.names(queues).map((name) => ({ name, messages: 0, consumers: 1 })))
    }))
  )))
}
