import { Cache, Clock, Context, Duration, Effect, Exit, Layer, Option, Redacted } from "effect"
import { type KeyObject, X509Certificate } from "node:crypto"
import * as Hosts from "../domain/verification/Hosts.ts"
import { hold } from "../domain/verification/Language.ts"
import type { Request } from "../domain/verification/Request.ts"
import type { Certificate, Proof, Scheme } from "../domain/verification/Scheme.ts"
import { find, placeOf } from "../domain/verification/Source.ts"
import type { Certificates as Fetched } from "../domain/verification/Verifier.ts"
import { type ProviderHostError, ProviderHosts } from "./ports/ProviderHosts.ts"

/** The certificates by which providers sign, from their own hosts. They are kept for an hour. */
export class Certificates extends Context.Tag("sluice/services/Certificates")<Certificates, {
  /** Those that the proofs of a scheme need for a request. A URL of another host is never asked. */
  readonly neededBy: (
    scheme: Scheme,
    secrets: ReadonlyArray<Redacted.Redacted>,
    request: Request
  ) => Effect.Effect<Fetched, ProviderHostError>
}>() {
  static readonly layer = Layer.effect(Certificates, Effect.suspend(() => make))
}

const capacity = 100
const keep = Duration.hours(1)
// Whoever makes up URLs at a provider's host asks it no more often than this.
const keepFailure = Duration.seconds(10)
const atOnce = 4

const make = Effect.gen(function*() {
  const hosts = yield* ProviderHosts
  const turns = yield* Effect.makeSemaphore(atOnce)
  const cache = yield* Cache.makeWith({
    capacity,
    lookup: (url: string) => turns.withPermits(1)(Effect.map(hosts.get(url), certificateOf)),
    timeToLive: Exit.match({ onFailure: () => keepFailure, onSuccess: () => keep })
  })

  const fetch = (url: string) =>
    Effect.map(
      Effect.all([cache.get(url), Clock.currentTimeMillis]),
      ([certificate, now]) => [url, Option.flatMap(certificate, keyAt(now))] as const
    )

  return Certificates.of({
    neededBy: Effect.fn("Certificates.neededBy")(function*(scheme, secrets, request) {
      const urls = scheme.proofs.filter(isCertificate).flatMap((proof) => urlOf(proof, secrets, request))
      const keys = new Map(yield* Effect.forEach(urls, fetch))
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

interface Dated {
  readonly key: KeyObject
  readonly from: number
  readonly until: number
}

const certificateOf = (pem: Uint8Array): Option.Option<Dated> =>
  Option.map(Option.liftThrowable(() => new X509Certificate(pem))(), ({ publicKey, validFrom, validTo }) => ({
    key: publicKey,
    from: Date.parse(validFrom),
    until: Date.parse(validTo)
  }))

const keyAt = (now: number) => ({ from, key, until }: Dated): Option.Option<KeyObject> =>
  from <= now && now <= until ? Option.some(key) : Option.none()
