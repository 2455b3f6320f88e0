import { Cache, Clock, Context, Duration, Effect, Exit, Fiber, Layer, Option, Redacted } from "effect"
import { type KeyObject, X509Certificate } from "node:crypto"
import * as Hosts from "../domain/verification/Hosts.ts"
import { hold } from "../domain/verification/Language.ts"
import type { Request } from "../domain/verification/Request.ts"
import type { Certificate, Proof, Scheme } from "../domain/verification/Scheme.ts"
import type { Certificates as Fetched } from "../domain/verification/SignatureCheck.ts"
import { find, placeOf } from "../domain/verification/Source.ts"
import { ProviderHostError, ProviderHosts } from "./ports/ProviderHosts.ts"

/** The certificates by which providers sign, from their own hosts. They are kept for an hour. */
export class Certificates extends Context.Tag("sluice/services/Certificates")<Certificates, {
  /** Those that the proofs of a scheme need for a request. A URL of another host is never asked. */
  readonly neededBy: (
    scheme: Scheme,
    secrets: ReadonlyArray<Redacted.Redacted>,
    request: Request
  ) => Effect.Effect<Fetched, ProviderHostError>
}>() {
  static readonly layer = Layer.scoped(Certificates, Effect.suspend(() => make))
}

const capacity = 100
const keep = Duration.toMillis("1 hour")
const keepFailure = Duration.seconds(10)
const atOnce = 4
const patience = Duration.seconds(6)

const make = Effect.gen(function*() {
  const hosts = yield* ProviderHosts
  const scope = yield* Effect.scope
  const turns = yield* Effect.makeSemaphore(atOnce)
  // Apart from what failed: whoever makes up URLs at a provider's host must not push a genuine one out.
  const certificates = new Map<string, Dated>()

  const lookup = Effect.fnUntraced(function*(url: string) {
    const certificate = yield* certificateOf(url, yield* hosts.get(url))
    const fetchedAt = yield* Clock.currentTimeMillis
    certificates.delete(url)
    certificates.set(url, { ...certificate, fetchedAt })
    const [oldest] = certificates.size > capacity ? certificates.keys() : []
    if (oldest !== undefined) certificates.delete(oldest)
    return certificate
  })
  const failures = yield* Cache.makeWith({
    capacity,
    lookup: (url: string) =>
      lookup(url).pipe(
        turns.withPermits(1),
        Effect.timeoutFail({ duration: patience, onTimeout: () => new ProviderHostError({ url, cause: "too slow" }) }),
        Effect.interruptible,
        Effect.forkIn(scope),
        Effect.flatMap(Fiber.join)
      ),
    timeToLive: Exit.match({ onFailure: () => keepFailure, onSuccess: () => Duration.zero })
  })

  /** The key of a certificate, where that is valid at a moment in milliseconds since the epoch. */
  const fetch = Effect.fnUntraced(function*(url: string, at: number) {
    const now = yield* Clock.currentTimeMillis
    const known = certificates.get(url)
    const { from, key, until } = known !== undefined && now - known.fetchedAt < keep
      ? known
      // Others wait for the same lookup: a sender that goes away must not end it for them.
      : yield* Effect.uninterruptible(failures.get(url))
    return [url, from <= at && at <= until ? Option.some(key) : Option.none()] as const
  })

  return Certificates.of({
    neededBy: Effect.fn("Certificates.neededBy")(function*(scheme, secrets, request) {
      const urls = scheme.proofs.filter(isCertificate).flatMap((proof) => urlOf(proof, secrets, request))
      const keys = new Map(yield* Effect.forEach(urls, (url) => fetch(url, request.receivedAt)))
      return (url) => Option.flatten(Option.fromNullable(keys.get(url)))
    })
  })
})

/** Whether verifying under the scheme needs certificates at all. */
export const areNeeded = ({ proofs }: Scheme): boolean => proofs.some(isCertificate)

const isCertificate = (proof: Proof): proof is Certificate => proof.kind === "certificate"

// What could not be proven by any certificate is not worth a question.
const urlOf = (
  { certificate, hosts, speaksFor, when }: Certificate,
  secrets: ReadonlyArray<Redacted.Redacted>,
  request: Request
): ReadonlyArray<string> => {
  const place = placeOf(request)
  const isSpokenFor = Option.match(speaksFor, {
    onNone: () => true,
    onSome: (source) => Option.exists(find(source, place), (name) => secrets.some((_) => Redacted.value(_) === name))
  })
  return hold(when, place) && isSpokenFor
    ? Option.toArray(Option.filter(find(certificate, place), (url) => Hosts.allows(hosts, url)))
    : []
}

interface Validity {
  readonly key: KeyObject
  readonly from: number
  readonly until: number
}

interface Dated extends Validity {
  readonly fetchedAt: number
}

/** What a host answers beside a certificate, such as a page of its own, is as good as no answer. */
const certificateOf = (url: string, pem: Uint8Array): Effect.Effect<Validity, ProviderHostError> =>
  Effect.try({
    try: () => {
      const { publicKey, validFrom, validTo } = new X509Certificate(pem)
      return { key: publicKey, from: Date.parse(validFrom), until: Date.parse(validTo) }
    },
    catch: (cause) => new ProviderHostError({ url, cause })
  }).pipe(
    Effect.filterOrFail(
      () => Buffer.from(pem).toString("latin1").startsWith("-----BEGIN CERTIFICATE-----"),
      () => new ProviderHostError({ url, cause: "no certificate" })
    )
  )
