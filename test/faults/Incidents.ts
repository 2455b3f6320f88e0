import { Duration } from "effect"
import * as Books from "./Books.ts"
import * as Environment from "./Environment.ts"
import type * as Kinds from "./Kinds.ts"

const lease = Duration.toMillis(Environment.lockTtl)
/** A lease is renewed each third of its time, so it may have run for so long when a call arrives. */
const renewalTime = lease / 3
const timeout = Duration.toMillis(Environment.deliveryTimeout)
/** An answer may wait so long for its record before a fault strikes. */
const recordTime = 2_000
/** A worker that was thawed may send within this what it was about to send. */
const thawTime = 3_000
/** Busy callbacks may read so late what a process sent before it was killed; nobody can tell then who that was. */
const unreadTime = 3_000
/** Clocks and reports of one machine agree that well. */
const grace = 500
/** Who waits to be stored when PostgreSQL is there again may have waited for too long, and so may who comes next. */
const storeTime = 10_000
/** How long connections may fail one after the other once PostgreSQL is there again, beyond a lease. */
const reconnectTime = 5_000
/** A connection that is dead without a word is given up after 20 s. */
const silenceTime = 25_000
/**
 * What was lost is found when the queue that was there before has been handed out, and nothing else puts it off: on a slow
 * machine minutes later.
 */
const findTime = 240_000

/** What failed so soon has changed nothing. */
const momentary = 1_000

const takesMessages: ReadonlySet<string> = new Set(["rabbitmq-purge", "rabbitmq-delete", "rabbitmq-forget"])

type Incident = Books.Incident

const isLine = ({ kind }: Incident): boolean => kind.startsWith("line-")
const isPostgres = ({ kind }: Incident): boolean => kind.startsWith("postgres-")
const ofWorker = ({ target }: Incident): boolean => target.startsWith("worker")

/** Whether it hurt the worker that made a call, or may have, where that is not known. */
const hurt = (incident: Incident, { worker }: Books.Call): boolean =>
  ofWorker(incident) && (worker === null || incident.target.split(">")[0] === worker)

/** How long after its end a call may still begin whose record it prevents; null where it prevents none. */
const aftermath = (incident: Incident, call: Books.Call): number | null => {
  if (isPostgres(incident)) return lease + reconnectTime
  if (!hurt(incident, call)) return null
  if (incident.kind === "kill") return call.worker === null ? unreadTime : 0
  if (incident.kind === "freeze") return thawTime
  if (!isLine(incident) || !incident.target.endsWith(">postgres")) return null
  return incident.kind === "line-hole" ? silenceTime : lease + reconnectTime
}

/**
 * Whether it may have kept the answer to a call from being recorded before another call was made: it stopped the worker
 * that made the first one, or hurt PostgreSQL or that worker's way to it, while the first was under way or unrecorded.
 */
export const keepsFromRecording = (incident: Incident, first: Books.Call, second: Books.Call): boolean => {
  const after = aftermath(incident, first)
  const endedAt = first.completeAt ?? first.at + timeout
  // So soon the first one's lease is over only where it was not renewed for a while before that call.
  if (second.at - first.at < lease - renewalTime - grace && incident.from > first.at) return false
  return after !== null && endedAt >= incident.from - recordTime && first.at <= incident.until + after + grace &&
    second.at >= incident.from - grace
}

/** Whether the worker that made a call may have been held up from just before the call went out. */
export const holdsBack = (incident: Incident, call: Books.Call): boolean =>
  incident.kind === "freeze" && hurt(incident, call) && call.at >= incident.until - grace &&
  call.at <= incident.until + thawTime

/** Whether messages that were queued may be gone, or in the hand of a worker that cannot go on, at a moment. */
export const hidesMessages = (incident: Incident, at: number): boolean => {
  if (at < incident.from || at > incident.until + findTime) return false
  if (takesMessages.has(incident.kind)) return incident.failure === null
  if (incident.kind === "freeze") return ofWorker(incident)
  if (isLine(incident)) return ofWorker(incident) && !incident.target.endsWith(">redis")
  return isPostgres(incident)
}

/** Whether a request may have broken off on its way to an API, or the API been too late to read it. */
export const breaksOff = (
  incident: Incident,
  api: Kinds.Member | undefined,
  { endedAt, sentAt }: Books.Answer
): boolean => {
  const stops = isLine(incident)
    ? incident.target === `sender>${api}`
    : incident.kind === "freeze" && incident.target === api
  return stops && endedAt >= incident.from && sentAt <= incident.until + grace
}

/** Whether it may have kept an API from storing a webhook, or from saying in time what came of it. PostgreSQL alone decides. */
export const keepsFromStoring = (
  incident: Incident,
  api: Kinds.Member | undefined,
  { endedAt, sentAt }: Books.Answer
): boolean => {
  const hurts = isPostgres(incident) || incident.target === api ||
    [`${api}>postgres`, `sender>${api}`].includes(incident.target)
  const after = incident.kind === "line-hole" ? silenceTime : storeTime
  return hurts && endedAt >= incident.from - grace && sentAt <= incident.until + after
}

/** Whether an attempt at a destination may have failed without a call that the callback got. */
export const keepsFromArriving = (incident: Incident, destination: string, row: Books.AttemptRow): boolean => {
  if (row.startedAt > incident.until + thawTime || row.recordedAt < incident.from - grace) return false
  if (!incident.kind.startsWith("callback-")) return incident.kind === "freeze" && ofWorker(incident)
  // All callbacks share a process, and those that pour out megabytes may hold up the others.
  return incident.target === destination || Books.isTimeout(row)
}

/** Whether it was more than an attempt. */
export const hasHappened = ({ failure, from, until }: Incident): boolean => failure === null || until - from > momentary

/** An incident in words. */
export const text = ({ from, kind, target, until }: Incident): string =>
  `${kind} ${target} from ${clock(from)} to ${clock(until)}`

export const clock = (at: number): string => new Date(at).toISOString().slice(11, 23)
