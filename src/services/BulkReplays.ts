import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { type Invalid, invalid } from "../domain/Errors.ts"
import type { ReplayId } from "../domain/Ids.ts"
import type { DeliveryMessage } from "../domain/QueueMessage.ts"
import type { Replay } from "../domain/Replay.ts"
import { type DeadLettersFilter, type EventsFilter, ReplayScope } from "../domain/ReplayScope.ts"
import { Audit } from "./Audit.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Ids from "./Ids.ts"
import { Broker } from "./ports/Broker.ts"
import { Replays } from "./Replays.ts"
import * as ReplayTargets from "./ReplayTargets.ts"
import * as RetryBacklog from "./RetryBacklog.ts"
import { Settings } from "./Settings.ts"
import { BulkReplayStore } from "./store/BulkReplayStore.ts"
import { DeadLetterReader } from "./store/DeadLetterReader.ts"
import * as Renewal from "./store/Renewal.ts"
import { ReplayEventReader } from "./store/ReplayEventReader.ts"
import type { Window } from "./store/ReplayWindow.ts"
import { indexed, isOverTime, type StoreError, transaction } from "./store/Store.ts"

export interface BulkRequest {
  readonly scope: ReplayScope
  readonly ratePerSecond: Option.Option<number>
  readonly reason: string
  readonly actor: string
}

/**
 * Delivering many events or dead deliveries again. A slice is one transaction: it takes its turn by number, gives the next
 * few their new generation, and notes how far it has come. So wherever a worker dies, the replay goes on behind the last
 * slice that was committed, and a message that comes twice or late finds that it is not the next one.
 */
export class BulkReplays extends Context.Tag("sluice/services/BulkReplays")<BulkReplays, {
  /** How many match now: events, or deliveries. */
  readonly count: (scope: ReplayScope) => Effect.Effect<number, Invalid | StoreError>
  /** Notes and audits the request; workers carry it out slice by slice. */
  readonly request: (request: BulkRequest) => Effect.Effect<Replay, Invalid | StoreError>
  /**
   * Carries out a slice, if it is the replay's next one, and asks for the one after it. Waits for its time, if that is near.
   * Whoever had a message before that comes `again` may have died before he could ask.
   */
  readonly run: (id: ReplayId, slice: number, again: boolean) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(BulkReplays, Effect.suspend(() => make))
}

/** What a slice gives a new generation at most; with a rate no more than that allows in a second. */
const perSlice = 500
/** What it looks at for that at most, so that a filter which few match does not make it long. */
const looks = 2_000
/** How long a message may wait in hand for its slice to be due. */
const longestWaitMs = 1_000
/** Slices carried out at a time; many more may wait for their time. */
const slicesAtATime = 4
/** Messages that may wait in the retry queue before the next slice waits too: a millisecond for each one more. */
const backlogAllowed = 2_000

const scopeJson = Schema.encodeSync(ReplayScope)

/** What a slice did, and whether it was the last one. */
type Carried = {
  readonly _tag: "Carried"
  readonly messages: ReadonlyArray<DeliveryMessage>
  readonly end: boolean
}

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const broker = yield* Broker
  const deadLetters = yield* DeadLetterReader
  const dispatch = yield* Dispatch
  const events = yield* ReplayEventReader
  const replays = yield* Replays
  const sql = yield* SqlClient.SqlClient
  const store = yield* BulkReplayStore
  const settings = yield* Settings
  const places = yield* Effect.makeSemaphore(slicesAtATime)

  /** How long the next slice is to wait, so that a great replay does not bury what else comes again. */
  const backlogMs = Effect.map(
    RetryBacklog.count(broker, settings),
    (waiting) => Math.max(0, waiting - backlogAllowed)
  )

  const count = ({ filter, kind }: ReplayScope) =>
    (kind === "events" ? events.count(filter) : deadLetters.count(filter)).pipe(
      Effect.catchIf(
        isOverTime,
        () => invalid("filter", "matches too many to be counted in time; narrow it, such as by from and to")
      )
    )

  const ofEvents = Effect.fnUntraced(function*(id: ReplayId, filter: EventsFilter, window: Window) {
    const stretch = yield* events.next(filter, window)
    const onlyFailed = Option.contains(filter.status, "failed")
    const { fitting, targets } = yield* ReplayTargets.of(events, stretch.taken, onlyFailed)
    const renewed = yield* Renewal.renew(sql, id, targets, onlyFailed ? "dead" : "any")
    const whole = fitting.length === stretch.taken.length
    return {
      renewed,
      taken: fitting.length,
      done: new Set(renewed.targets.map((_) => _.eventId)).size,
      reached: whole ? stretch.reached : fitting.at(-1)?.id ?? window.after,
      end: whole && stretch.end
    }
  })

  const ofDeadLetters = Effect.fnUntraced(function*(id: ReplayId, filter: DeadLettersFilter, window: Window) {
    const { end, reached, taken } = yield* deadLetters.next(filter, window, id)
    const renewed = yield* Renewal.renew(sql, id, taken.filter((_) => _.deliverable), "dead")
    return { renewed, taken: taken.length, done: renewed.targets.length, reached, end }
  })

  const carry = Effect.fnUntraced(function*(id: ReplayId, number: number) {
    const behindMs = yield* backlogMs
    return yield* indexed(
      sql,
      Effect.gen(function*() {
        const turn = yield* store.take(id, number)
        if (turn._tag !== "Due") return turn
        const { after, ratePerSecond: rate, scope: { filter, kind }, until } = turn.slice
        const window = { after, until, look: looks, take: rate === null ? perSlice : Math.min(perSlice, rate) }
        const { done, end, reached, renewed, taken } = yield* kind === "events"
          ? ofEvents(id, filter, window)
          : ofDeadLetters(id, filter, window)
        yield* store.advance(id, {
          reached,
          done,
          skipped: taken - done,
          deliveries: renewed.messages.length,
          end,
          pauseMs: Math.max(behindMs, rate === null ? 0 : done / rate * 1_000)
        })
        return { _tag: "Carried", messages: renewed.messages, end } satisfies Carried
      })
    )
  }, places.withPermits(1))

  return BulkReplays.of({
    count: Effect.fn("BulkReplays.count")((scope) => Effect.map(count(scope), (_) => _.total)),

    request: Effect.fn("BulkReplays.request")(function*({ actor, ratePerSecond, reason, scope }) {
      const counted = yield* count(scope)
      const id = yield* Ids.next
      const rate = Option.getOrNull(ratePerSecond)
      const replay = yield* transaction(
        sql,
        store.insert({ id, scope, ratePerSecond: rate, counted, reason, actor }).pipe(
          Effect.zipLeft(audit.append({
            actor,
            action: "replay.requested",
            subjectType: "replay",
            subjectId: id,
            detail: { reason, ...scopeJson(scope), total: counted.total, ratePerSecond: rate }
          }))
        )
      )
      yield* replays.announce({ v: 1, replayId: replay.id, slice: 0 })
      return replay
    }),

    run: Effect.fn("BulkReplays.run")(function*(id, slice, again) {
      const ask = (slice: number) => replays.publish([{ v: 1, replayId: id, slice }])
      const first = yield* carry(id, slice)
      const outcome = first._tag === "Early"
        ? yield* Effect.delay(carry(id, slice), Math.min(Math.ceil(first.waitMs), longestWaitMs))
        : first
      switch (outcome._tag) {
        case "Stale":
          return
        case "Past":
          return again ? yield* ask(slice + 1) : undefined
        // One that is not due even now goes behind the others.
        case "Early":
          return yield* ask(slice)
        // First of all what the replay hangs by: the sweeper finds deliveries without a message by themselves.
        case "Carried":
          if (!outcome.end) yield* ask(slice + 1)
          yield* dispatch.again(outcome.messages)
      }
    })
  })
})
