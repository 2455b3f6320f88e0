import { Context, Effect, Layer, Option, Queue, Record, Schedule } from "effect"
import type { Headers } from "../domain/Headers.ts"
import { RejectionId } from "../domain/Ids.ts"
import { isRescuable, type Reason } from "../domain/Rejection.ts"
import * as Sampler from "../domain/Sampler.ts"
import type { Request } from "../domain/verification/Request.ts"
import { secretHeaders } from "../domain/verification/Scheme.ts"
import type { Listed } from "./Directory.ts"
import * as Elapsed from "./Elapsed.ts"
import * as Ids from "./Ids.ts"
import * as Loop from "./Loop.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import { type NewRejection, RejectionStore, type Room } from "./store/RejectionStore.ts"
import { Vault } from "./Vault.ts"

export interface Rejection {
  /** None: there is none by the name in the URL. */
  readonly integration: Option.Option<Pick<Listed, "id" | "scheme">>
  readonly reason: Reason
  /** For a person. Holds nothing secret. */
  readonly detail: string
  readonly request: Request
  /** The body's bytes; none where it was not read. */
  readonly size: Option.Option<number>
}

/**
 * Keeps what was refused, for inspection and for a second try. An attacker fills neither the disk nor the database's time
 * with it, and pushes out neither other integrations nor other reasons.
 */
export class Rejections extends Context.Tag("sluice/services/Rejections")<Rejections, {
  /** Hands a rejection over to be written in the background; beyond the bounds it is only counted. */
  readonly record: (rejection: Rejection) => Effect.Effect<void>
  readonly unsafeRecord: (rejection: Rejection) => void
}>() {
  static readonly layer = Layer.scoped(Rejections, Effect.suspend(() => make))
}

const waiting = 200
const maxBodyBytes = 262_144

/** A kind is an integration and a reason. */
const eachMinute: Sampler.Bounds = {
  perKind: 10,
  inAll: 300,
  firsts: 100,
  bytesPerKind: 1_048_576,
  bytes: 16_777_216
}
const roomOfKind: Room = { rows: 250, bytes: 4_194_304 }
const roomInAll: Room = { rows: 20_000, bytes: 268_435_456 }
const tidying = Schedule.spaced("10 seconds")

const make = Effect.gen(function*() {
  const millis = yield* Elapsed.reader
  const store = yield* RejectionStore
  const vault = yield* Vault
  const queue = yield* Queue.dropping<Entry>(waiting)
  const sampler = Sampler.make(eachMinute)
  let written = false

  const write = Effect.fnUntraced(function*({ entry: { headers, secretHeaders, ...plain } }: Entry) {
    const apart = SealedHeaders.unsafeSeal(vault, `rejection:${plain.id}`, headers, secretHeaders)
    written = true
    yield* store.insert({ ...plain, ...apart }, roomOfKind)
  })

  const lose = ({ entry: { id, suppressed }, kind }: Entry): void => sampler.lose(kind, id, suppressed)

  const tidy = Effect.gen(function*() {
    const missed = sampler.missed(millis())
    if (missed.length > 0) {
      yield* Effect.tapErrorCause(store.suppress(missed), () => Effect.sync(() => sampler.untold(missed)))
    }
    if (!written) return
    yield* store.trim(roomInAll)
    written = false
  })

  yield* Loop.forkRepeating(
    "Recording a rejection",
    Schedule.forever,
    Effect.flatMap(
      Queue.take(queue),
      (entry) => Effect.tapErrorCause(write(entry), () => Effect.sync(() => lose(entry)))
    )
  )
  yield* Loop.forkRepeating("Tidying rejections", tidying, tidy)

  const unsafeRecord = (rejection: Rejection): void => {
    const makeId = () => RejectionId.make(Ids.at(rejection.request.receivedAt))
    const kind = kindOf(rejection)
    const body = bodyOf(rejection)
    const taken = sampler.take(kind, makeId, body?.byteLength ?? 0, millis())
    if (Option.isNone(taken)) return
    const { id, missed, withContent } = taken.value
    const entry = { kind, entry: entryOf(id, rejection, withContent ? body : null, missed) }
    if (!queue.unsafeOffer(entry)) lose(entry)
  }

  return Rejections.of({ record: (rejection) => Effect.sync(() => unsafeRecord(rejection)), unsafeRecord })
})

/** What waits to be written: a body that is not kept is let go at once. */
interface Entry {
  readonly kind: string
  readonly entry: Omit<NewRejection, "headers" | "sealedHeaders"> & {
    readonly headers: Headers
    readonly secretHeaders: ReadonlyArray<string>
  }
}

const kindOf = ({ integration, reason }: Rejection): string =>
  `${Option.match(integration, { onNone: () => "", onSome: (_) => _.id })} ${reason}`

const bodyOf = ({ reason, request: { body } }: Rejection): Uint8Array | null =>
  isRescuable(reason) && body.byteLength <= maxBodyBytes ? body : null

const entryOf = (
  id: RejectionId,
  { detail, integration, reason, request, size }: Rejection,
  body: Uint8Array | null,
  suppressed: number
): Entry["entry"] => ({
  id,
  reason,
  detail,
  integrationId: Option.getOrNull(Option.map(integration, (_) => _.id)),
  receivedAt: request.receivedAt,
  method: request.method,
  url: request.url,
  path: request.path,
  headers: Option.isSome(integration) ? request.headers : masked(request.headers),
  secretHeaders: Option.match(integration, {
    onNone: () => [],
    onSome: ({ scheme }) => [...secretHeaders(scheme), ...Object.keys(request.headers).filter((_) => secretive.test(_))]
  }),
  // A copy: what was read may be a small part of a large buffer.
  body: body === null ? null : Uint8Array.from(body),
  size: Option.getOrNull(size),
  suppressed
})

// Who sends by another scheme than was chosen has his secret where this one looks for none.
const secretive = /token|secret|key|auth|pass|credential/

// Where no scheme says which headers are secrets, only these show their values.
const harmless: ReadonlySet<string> = new Set([
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "forwarded",
  "host",
  "transfer-encoding",
  "user-agent",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip"
])
const maxHeaders = 40
const maxLength = 200

const masked = (headers: Headers): Headers =>
  Record.map(
    Record.fromEntries(Object.entries(headers).slice(0, maxHeaders).map(([name, values]) => [cut(name), values])),
    (values, name) => harmless.has(name) ? values.slice(0, 1).map(cut) : []
  )

const cut = (text: string): string => text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
