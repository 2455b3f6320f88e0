import { expect, it } from "@effect/vitest"
import { Array, Effect, Option } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as ReplayTargets from "../../src/services/ReplayTargets.ts"
import { type ReplayEvent, ReplayEventReader } from "../../src/services/store/ReplayEventReader.ts"

const events = (count: number): ReadonlyArray<ReplayEvent> =>
  Array.makeBy(count, (index) => ({ id: `e${index}`, integrationId: "i", type: Option.none(), kept: true, size: 10 }))

const destination = (index: number) => DestinationId.make(`0192e4a0-0000-7000-8000-${String(index).padStart(12, "0")}`)

/** Where an integration has so many destinations, and none of the events has been to any of them. */
const targetsOf = (count: number, destinations: number) =>
  ReplayTargets.of(
    ReplayEventReader.of({
      count: () => Effect.dieMessage("not asked for"),
      next: () => Effect.dieMessage("not asked for"),
      tried: (ids) => ids.length > 100 ? Effect.dieMessage("more than fit") : Effect.succeed([]),
      bodies: () => Effect.succeed(new Map()),
      destinations: () =>
        Effect.succeed(
          Array.makeBy(destinations, (index) => ({ id: destination(index), integrationId: "i", filter: {} }))
        )
    }),
    events(count),
    false
  )

it.effect("a slice of events with many destinations ends before its deliveries are too many for a transaction", () =>
  Effect.gen(function*() {
    const { fitting, targets } = yield* targetsOf(500, 100)
    expect(targets.length).toBe(ReplayTargets.deliveriesAtOnce)
    expect(fitting.map((_) => _.id)).toEqual(events(100).map((_) => _.id))
  }))

it.effect("one event fits, however many destinations it has", () =>
  Effect.map(targetsOf(2, 20_000), ({ fitting, targets }) => {
    expect(fitting.length).toBe(1)
    expect(targets.length).toBe(20_000)
  }))
