import { Array, Effect, Option, Struct } from "effect"
import * as Filter from "../domain/Filter.ts"
import * as JsonBody from "../domain/JsonBody.ts"
import { type Candidate, goesTo } from "../domain/Replay.ts"
import type { Target } from "./store/Renewal.ts"
import type { ReplayEvent, ReplayEventReader } from "./store/ReplayEventReader.ts"
import type { StoreError } from "./store/Store.ts"

/** Events for which there was room, in order, and where they go. */
export interface Targets {
  readonly fitting: ReadonlyArray<ReplayEvent>
  readonly targets: ReadonlyArray<Target>
}

/** Bodies that are read at a time, in bytes; one that is larger is read alone. */
const bodiesAtOnce = 16_777_216
/** Deliveries that there can be of them, so that many destinations do not make one transaction of tens of thousands. */
export const deliveriesAtOnce = 10_000

/**
 * Where events go that are delivered again: by the rule of a single replay, or, where only what failed is wanted, to where
 * they were sent without success. Bodies are read only where a destination's rules ask for them.
 */
export const of = Effect.fn("ReplayTargets.of")(function*(
  reader: typeof ReplayEventReader.Service,
  events: ReadonlyArray<ReplayEvent>,
  onlyFailed: boolean
): Effect.fn.Return<Targets, StoreError> {
  if (events.length === 0) return { fitting: [], targets: [] }
  const destinations = yield* reader.destinations([...new Set(events.map((_) => _.integrationId))])
  const ofIntegration = Array.groupBy(destinations, (_) => _.integrationId)
  const few = within(deliveriesAtOnce, events, (_) => _.kept ? ofIntegration[_.integrationId]?.length ?? 0 : 0)
  const tried = yield* reader.tried(few.map((_) => _.id))
  const failed = new Map(tried.map((_) => [keyOf(_.eventId, _.destinationId), _.failed]))

  const considered = few.map((event) => ({
    event,
    candidates: event.kept
      ? (ofIntegration[event.integrationId] ?? []).map(({ filter, id }) => ({
        id,
        filter,
        tried: failed.has(keyOf(event.id, id)),
        failed: failed.get(keyOf(event.id, id)) === true
      }))
      : []
  }))
  const asksForBody = ({ candidates, event }: typeof considered[number]) =>
    !onlyFailed && candidates.some((_) => hangsOnBody(_, event.type))

  const fitting = within(bodiesAtOnce, considered, (_) => asksForBody(_) ? _.event.size : 0)
  const asking = fitting.filter(asksForBody).map((_) => _.event.id)
  const bodies = asking.length === 0 ? new Map<string, Uint8Array>() : yield* reader.bodies(asking)
  return {
    fitting: fitting.map((_) => _.event),
    targets: fitting.flatMap(({ candidates, event }) => {
      const json = () => Option.flatMap(Option.fromNullable(bodies.get(event.id)), JsonBody.parse)
      return candidates
        .filter((candidate) => onlyFailed ? candidate.failed : goesTo(candidate, event.type, json))
        .map(({ id }) => ({ eventId: event.id, destinationId: id }))
    })
  }
})

/** Whether only the body can tell if an event goes there. */
const hangsOnBody = ({ filter, tried }: Candidate, type: Option.Option<string>): boolean =>
  !tried && (filter.rules ?? []).length > 0 && Filter.matches(Struct.omit(filter, "rules"), type, Option.none)

/** As many from the beginning as fit together, but one in any case. */
const within = <A>(most: number, all: ReadonlyArray<A>, weigh: (item: A) => number): ReadonlyArray<A> => {
  let sum = 0
  const beyond = all.findIndex((item, index) => (sum += weigh(item)) > most && index > 0)
  return beyond === -1 ? all : all.slice(0, beyond)
}

const keyOf = (eventId: string, destinationId: string): string => `${eventId} ${destinationId}`
