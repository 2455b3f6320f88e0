import { SqlClient } from "@effect/sql"
import {
  Array,
  Cache,
  Cause,
  Context,
  Data,
  Duration,
  Effect,
  Exit,
  Layer,
  Option,
  ParseResult,
  type Redacted,
  Schedule,
  Schema
} from "effect"
import type { DestinationStatus } from "../domain/Destination.ts"
import type { Filter } from "../domain/Filter.ts"
import type { DestinationId, IntegrationId, SecretId } from "../domain/Ids.ts"
import { type CustomResponse, type IntegrationStatus, Slug } from "../domain/Integration.ts"
import { decodeChoice, retries, schemeOf } from "../domain/providers/Providers.ts"
import type { Overrides } from "../domain/verification/Naming.ts"
import type { Scheme } from "../domain/verification/Scheme.ts"
import * as DatabaseTime from "./DatabaseTime.ts"
import * as DirectoryRow from "./DirectoryRow.ts"
import * as Loop from "./Loop.ts"
import { Settings } from "./Settings.ts"
import { guarded, isStoreError, rows, StoreError } from "./store/Store.ts"
import * as Strangers from "./Strangers.ts"
import { Vault, type VaultError } from "./Vault.ts"

/** An integration as the ingress needs it: ready to verify, name and route a webhook. */
export interface Listed {
  readonly id: IntegrationId
  readonly slug: string
  /** A disabled one takes nothing in. */
  readonly status: IntegrationStatus
  readonly scheme: Scheme
  readonly overrides: Overrides
  /** What a handshake is proven by, where the provider asks for such a text. */
  readonly verifyToken: Option.Option<Redacted.Redacted>
  /** Whether the provider sends again what is not accepted. */
  readonly retries: boolean
  /** None: no limit. */
  readonly rateLimitPerMinute: Option.Option<number>
  readonly response: Option.Option<CustomResponse>
  readonly destinations: ReadonlyArray<ListedDestination>
  /** The secrets that are valid at a moment of `Directory.now`. */
  readonly secretsAt: (millis: number) => ReadonlyArray<Redacted.Redacted>
  /** Which of them one is that `secretsAt` has given. */
  readonly idOf: (secret: Redacted.Redacted) => Option.Option<SecretId>
}

export interface ListedDestination {
  readonly id: DestinationId
  readonly status: DestinationStatus
  readonly filter: Filter
}

/** An integration was made by another revision of the gateway, and this one does not know how it is to be verified. */
export class UnknownScheme extends Data.TaggedError("UnknownScheme")<{ readonly message: string }> {}

/**
 * The integrations, kept in this process. A change anywhere is noticed within a second, while PostgreSQL answers; until
 * something changes nothing is read again.
 */
export class Directory extends Context.Tag("sluice/services/Directory")<Directory, {
  /** By id or slug; none when it is unknown or deleted. */
  readonly find: (
    reference: string
  ) => Effect.Effect<Option.Option<Listed>, StoreError | VaultError | UnknownScheme>
  /**
   * Milliseconds since the epoch by the database's clock, which decides for all processes: this one's may be wrong, and
   * set at any moment. Known anew with every look for changes.
   */
  readonly now: Effect.Effect<number>
  /** `now`, and what `find` gives without asking anybody, for those that come by the thousand. */
  readonly unsafeNow: () => number
  readonly unsafeKnown: (reference: string) => Option.Option<Listed>
  /** Notices at once what this process has changed. */
  readonly refresh: Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.scoped(Directory, Effect.suspend(() => make))
}

const watch = Schedule.spaced("500 millis")
const capacity = 10_000
const keep = Duration.hours(1)
// An unknown name may become known at any moment, and a scanner asks for many.
const keepUnknown = Duration.seconds(1)

const tooSlow = new StoreError({ reason: "Unavailable", cause: "PostgreSQL did not tell of the integration in time" })

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { acceptWithin, rateLimitPerMinute } = yield* Settings
  const vault = yield* Vault

  const time = yield* DatabaseTime.make

  const ready = Effect.fnUntraced(function*(found: typeof DirectoryRow.Found.Type): Effect.fn.Return<
    Listed,
    VaultError | UnknownScheme
  > {
    const unknown = (error: ParseResult.ParseError) =>
      new UnknownScheme({
        message:
          `The integration "${found.slug}" cannot be read, as if a newer revision had made it: run that one again. ${
            ParseResult.TreeFormatter.formatErrorSync(error)
          }`
      })
    const row = yield* Effect.mapError(DirectoryRow.decode(found), unknown)
    const choice = yield* Effect.mapError(decodeChoice(row), unknown)
    const secrets = yield* Effect.forEach(
      row.secrets,
      (secret) => Effect.map(vault.open(`secret:${secret.id}`, secret.envelope), (text) => ({ ...secret, text }))
    )
    // Handshakes alone need it: webhooks go on without.
    const verifyToken = yield* Effect.transposeMapOption(
      row.verifyTokenEnvelope,
      (envelope) => vault.open(`verify-token:${row.id}`, envelope)
    ).pipe(
      Effect.tapError((error) => Effect.logError("A verify token cannot be opened", error)),
      Effect.orElseSucceed(() => Option.none())
    )
    const scheme = schemeOf(choice)
    return {
      id: row.id,
      slug: row.slug,
      status: row.status,
      scheme,
      verifyToken,
      retries: retries(choice.provider),
      overrides: { dedupe: row.dedupe, type: row.eventType },
      rateLimitPerMinute: row.rateLimitPerMinute,
      response: Option.orElse(row.response, () => scheme.response),
      destinations: row.destinations,
      // In doubt a secret is valid.
      secretsAt: (millis) =>
        secrets
          .filter(({ validFrom, validUntil }) =>
            validFrom <= millis + time.doubt() && (validUntil === null || millis - time.doubt() < validUntil)
          )
          .map((_) => _.text),
      idOf: (secret) => Option.map(Array.findFirst(secrets, ({ text }) => text === secret), (_) => _.id)
    }
  })

  const load = Effect.fnUntraced(function*(reference: string) {
    const [found] = yield* DirectoryRow.find(sql, reference, rateLimitPerMinute)
    if (found === undefined) return Option.none()
    // A disabled one that cannot be read is no trouble, and told like one that is not there.
    return found.status === "active"
      ? Option.some(yield* ready(found))
      : yield* Effect.option(ready(found))
  })

  // A server that takes another's place may be behind it, so the version that was asked for last counts, not the highest.
  let asked = 0
  let answered = 0
  let current = 0
  // Those that are there as of that version, to be had without a look at the cache.
  const known = new Map<string, Option.Option<Listed>>()
  const counted = <E>(read: Effect.Effect<number, E>) =>
    Effect.suspend(() => {
      const question = ++asked
      return Effect.tap(read, (version) =>
        Effect.sync(() => {
          if (question < answered) return
          if (version !== current) known.clear()
          answered = question
          current = version
        }))
    })

  const readVersion = guarded(sql`
    SELECT version::float8, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now FROM directory_version`).pipe(
    Effect.flatMap(rows(Schema.Struct({ version: Schema.Number, now: Schema.Number }))),
    Effect.map(([row]) => row),
    time.observe,
    Effect.map((row) => row?.version ?? 0),
    counted
  )

  const isStale = ({ version }: { readonly version: number }) => version !== current

  const strangers = yield* Strangers.make(capacity)
  // The version is read first: an entry may be newer than it says, never older.
  const cache = yield* Cache.makeWith({
    capacity,
    lookup: (reference: string) =>
      Effect.flatMap(readVersion, (version) => Effect.map(load(reference), (listed) => ({ version, listed }))).pipe(
        Effect.tap(({ listed }) => Effect.sync(() => strangers.meet(reference, listed))),
        strangers.limit(reference)
      ),
    timeToLive: Exit.match({
      // Anybody may ask for one that cannot be read.
      onFailure: (cause) => Option.exists(Cause.failureOption(cause), isStoreError) ? Duration.zero : keepUnknown,
      onSuccess: ({ listed }) => Option.isSome(listed) ? keep : keepUnknown
    })
  })

  const refresh = Effect.asVoid(readVersion)

  // Without PostgreSQL nothing is accepted, so a stale directory harms nobody.
  yield* Loop.forkRepeating("Watching for changes of integrations", watch, Effect.ignore(refresh))

  // Others wait for the same lookup: a sender that goes away, or whose time is over, must not end it for them.
  const lookUp = (key: string) => Effect.disconnect(Effect.uninterruptible(cache.get(key)))

  const look = Effect.fnUntraced(function*(reference: string) {
    if (!DirectoryRow.isId(reference) && !isSlug(reference)) return Option.none()
    const key = copy(reference)
    yield* cache.invalidateWhen(key, isStale)
    const found = yield* lookUp(key)
    // One that was under way when something changed does not know of it.
    const { listed, version } = isStale(found)
      ? yield* Effect.zipRight(cache.invalidateWhen(key, isStale), lookUp(key))
      : found
    if (Option.isSome(listed) && version === current && known.size < capacity) known.set(key, listed)
    return listed
  }, Effect.timeoutFail({ duration: acceptWithin, onTimeout: () => tooSlow }))

  return Directory.of({
    find: (reference) =>
      Effect.suspend(() => {
        const listed = known.get(reference)
        return listed === undefined ? look(reference) : Effect.succeed(listed)
      }),
    now: Effect.sync(time.now),
    unsafeNow: time.now,
    unsafeKnown: (reference) => known.get(reference) ?? Option.none(),
    refresh
  })
})

const isSlug = Schema.is(Slug)

// A part of a URL keeps the whole of it in memory, for as long as it is kept itself.
const copy = (text: string): string => Buffer.from(text).toString()
