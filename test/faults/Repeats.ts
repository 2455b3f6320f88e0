import { Array, Duration } from "effect"
import * as Books from "./Books.ts"
import * as Environment from "./Environment.ts"
import * as Incidents from "./Incidents.ts"

/** Calls that were made though another had been made before, and why each was. */
export interface Repeats {
  readonly explained: ReadonlyArray<string>
  /** How many of those are explained by what. */
  readonly causes: ReadonlyArray<readonly [cause: string, count: number]>
  readonly unexplained: ReadonlyArray<string>
  /** Deliveries whose callback said yes, whole, more than once. */
  readonly deliveredTwice: number
}

const timeout = Duration.toMillis(Environment.deliveryTimeout)
/** An answer that comes so shortly before the time limit may cross with the end of the call. */
const crossing = 250
/** A call that went out before a record was made arrives within this. */
const onTheWay = 500

/**
 * A call is a repeat when one with its number was made before, when the callback had said yes to another, or when the
 * gateway had recorded what came of it. The first two are explained where the gateway could not know: something kept
 * the earlier answer from being recorded, or it came after the time limit. The last one only by a worker held up.
 */
export const judge = ({ deliveries, incidents }: Books.Books, index: Books.Index): Repeats => {
  const histories = deliveries.map((delivery): History => ({
    name: `delivery ${delivery.id} to ${delivery.destination}`,
    calls: index.callsOf(delivery.id).toSorted((a, b) => a.at - b.at),
    attempts: index.attemptsOf(delivery.id),
    incidents
  }))
  const [unexplained, explained] = Array.partition(histories.flatMap(repeatsOf), (_) => _.because !== null)
  return {
    explained: explained.map((_) => `${_.text}; ${_.because?.text}`),
    causes: counted(explained.flatMap((_) => _.because?.cause ?? [])),
    unexplained: unexplained.map((_) => _.text),
    deliveredTwice: histories.filter(({ calls }) => calls.filter(Books.isComplete).length > 1).length
  }
}

/** One delivery, its calls in the order of their arrival. */
interface History {
  readonly name: string
  readonly calls: ReadonlyArray<Books.Call>
  readonly attempts: ReadonlyArray<Books.AttemptRow>
  readonly incidents: ReadonlyArray<Books.Incident>
}

interface Repeat {
  readonly text: string
  /** What explains it; null where nothing does. */
  readonly because: Because | null
}

interface Because {
  /** A kind of fault, or that the answer came too late. */
  readonly cause: string
  readonly text: string
}

const counted = (causes: ReadonlyArray<string>): ReadonlyArray<readonly [string, number]> =>
  Object.entries(Array.groupBy(causes, (_) => _)).map(([cause, all]) => [cause, all.length])

const tooLate: Because = { cause: "too late an answer", text: "the answer came after the time limit" }

const repeatsOf = (history: History): ReadonlyArray<Repeat> =>
  history.calls.flatMap((call, place) => {
    const earlier = history.calls.slice(0, place)
    const repeat = late(history, call, earlier) ?? second(history, call, earlier) ?? unwanted(history, call, earlier)
    return repeat === undefined ? [] : [repeat]
  })

/** The gateway had recorded it by then, or had gone on to a later attempt: only who was held up makes such a call. */
const late = ({ attempts, incidents, name }: History, call: Books.Call, earlier: ReadonlyArray<Books.Call>) => {
  const first = earlier.every((_) => _.attempt !== call.attempt)
  const known = attempts.find((row) =>
    row.recordedAt + onTheWay < call.at && (row.outcome === "success" || row.number === call.attempt && !first)
  )
  const overtaking = earlier.find((_) => _.attempt > call.attempt)
  if (known === undefined && overtaking === undefined) return undefined
  const after = known === undefined
    ? `after ${told(overtaking)}`
    : `though attempt ${known.number} was recorded as ${known.outcome} at ${Incidents.clock(known.recordedAt)}`
  return {
    text: `${name}: ${told(call)} ${after}`,
    because: explanation(incidents.find((_) => Incidents.holdsBack(_, call)))
  }
}

/** The attempt was made before. */
const second = ({ incidents, name }: History, call: Books.Call, earlier: ReadonlyArray<Books.Call>) => {
  const before = earlier.findLast((_) => _.attempt === call.attempt)
  return before === undefined ? undefined : {
    text: `${name}: ${told(call)} after ${told(before)}`,
    because: explanation(
      incidents.find((_) => Incidents.keepsFromRecording(_, before, call) || Incidents.holdsBack(_, call))
    )
  }
}

/** The callback had said yes to an earlier attempt. Of several calls with one number the last has the record. */
const unwanted = (
  { attempts, calls, incidents, name }: History,
  call: Books.Call,
  earlier: ReadonlyArray<Books.Call>
) => {
  const yes = earlier.find((one) => Books.isComplete(one) && calls.findLast((_) => _.attempt === one.attempt) === one)
  if (yes === undefined) return undefined
  const repeated = calls.some((_) => _ !== yes && _.attempt === yes.attempt)
  const heldBack = repeated ? incidents.find((_) => Incidents.holdsBack(_, yes)) : undefined
  return {
    text: `${name}: ${told(call)} after ${told(yes)}`,
    because: isTooLate(yes, attempts) ? tooLate : explanation(heldBack)
  }
}

/** Whether the attempt had run into its time limit when the answer was out. */
const isTooLate = ({ attempt, completeAt }: Books.Call, attempts: ReadonlyArray<Books.AttemptRow>): boolean => {
  const row = attempts.find((_) => _.number === attempt && _.outcome === "failure")
  return row !== undefined && completeAt !== null && completeAt - row.startedAt >= timeout - crossing
}

const explanation = (incident: Books.Incident | undefined): Because | null =>
  incident === undefined ? null : { cause: incident.kind, text: Incidents.text(incident) }

const told = (call: Books.Call | undefined): string => {
  if (call === undefined) return "nothing"
  const answer = call.completeAt === null
    ? `answered ${call.status ?? "nothing"}, not whole`
    : `answered ${call.status} at ${Incidents.clock(call.completeAt)}`
  return `attempt ${call.attempt} at ${Incidents.clock(call.at)}${
    call.worker === null ? "" : ` of ${call.worker}`
  } (${answer})`
}
