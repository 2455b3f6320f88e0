import { DateTime, Option } from "effect"
import { DeliveryState } from "../../../src/domain/Delivery.ts"
import { EventStatus } from "../../../src/domain/Event.ts"
import type { DeliveryQuery } from "../../../src/services/store/DeliveryList.ts"
import type { EventQuery } from "../../../src/services/store/EventList.ts"
import { destinations, integrations, newest } from "../../support/ManyEvents.ts"

const orNone = <A>(values: ReadonlyArray<A>): ReadonlyArray<Option.Option<A>> => [
  Option.none(),
  ...values.map((_) => Option.some(_))
]

const at = (millis: number) => Option.some(DateTime.unsafeMake(millis))

const anyTime = { from: Option.none(), to: Option.none() }

/** No bounds, the oldest tenth, and everything but the newest few. */
const times = (count: number) => [
  anyTime,
  { from: at(newest - count * 1_000), to: at(newest - count * 900) },
  { from: Option.none(), to: at(newest - 5_000) }
]

/** Every combination of what events can be asked for by, on so many of `ManyEvents`. */
export const events = (count: number, limit: number): ReadonlyArray<EventQuery> => {
  const statuses = orNone(EventStatus.literals)
  const byKey = [Option.none(), Option.some(integrations.busy), Option.some(integrations.silent)].flatMap(
    (integrationId) =>
      statuses.map((status) => ({
        ...anyTime,
        integrationId,
        status,
        type: Option.none(),
        dedupeKey: Option.some(`key-${count}`)
      }))
  )
  const others = orNone(Object.values(integrations)).flatMap((integrationId) =>
    orNone(["common", "old", "nope"]).flatMap((type) =>
      statuses.flatMap((status) =>
        times(count).map(({ from, to }) => ({ from, to, integrationId, type, status, dedupeKey: Option.none() }))
      )
    )
  )
  return [...others, ...byKey].map((query) => Object.assign(query, { before: Option.none(), limit }))
}

/** The same for deliveries. */
export const deliveries = (limit: number): ReadonlyArray<DeliveryQuery> =>
  orNone([integrations.busy, integrations.silent]).flatMap((integrationId) =>
    orNone(Object.values(destinations)).flatMap((destinationId) =>
      orNone(DeliveryState.literals).map((status) => ({
        integrationId,
        destinationId,
        status,
        before: Option.none(),
        limit
      }))
    )
  )

/** What a query asks for, in words. */
export const told = (query: EventQuery | DeliveryQuery): string =>
  Object.entries(query).flatMap(([name, value]) =>
    Option.isOption(value) ? Option.toArray(Option.map(value, (_) => `${name}=${String(_)}`)) : []
  ).join(" ") || "everything"

/** Whether it depends on how many deliveries are due by which index a query is answered. */
export const dependsOnDue = ({ status }: EventQuery): boolean =>
  Option.exists(status, (_) => _ === "pending" || _ === "delivering")
