import { Context, Effect, Either, Layer, Option, type Redacted } from "effect"
import * as Handshake from "../domain/verification/Handshake.ts"
import * as Hosts from "../domain/verification/Hosts.ts"
import { type Refusal, refuse } from "../domain/verification/Refusal.ts"
import type { Request } from "../domain/verification/Request.ts"
import { find, placeOf } from "../domain/verification/Source.ts"
import * as AtOnce from "./AtOnce.ts"
import { Audit } from "./Audit.ts"
import type { Listed } from "./Directory.ts"
import * as Elapsed from "./Elapsed.ts"
import { type ProviderHostError, ProviderHosts } from "./ports/ProviderHosts.ts"

/** Answers by which providers find out whether a URL is the user's. */
export class Handshakes extends Context.Tag("sluice/services/Handshakes")<Handshakes, {
  /** The answer to a handshake that no signature proves; none when the request is none. */
  readonly unsigned: (
    integration: Listed,
    request: Request
  ) => AtOnce.AtOnce<Option.Option<Handshake.Answer>, Refusal>
  /** The answer to a handshake that a secret has proven; none when the request is a webhook. */
  readonly signed: (
    integration: Listed,
    request: Request,
    secret: Option.Option<Redacted.Redacted>
  ) => AtOnce.AtOnce<Option.Option<Handshake.Answer>, Refusal | ProviderHostError>
}>() {
  static readonly layer = Layer.effect(Handshakes, Effect.suspend(() => make))
}

// Anybody may try a handshake that nothing proves.
const auditEvery = 60_000
const auditPatience = "2 seconds"

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const hosts = yield* ProviderHosts
  const audited = new Map<string, number>()

  const note = Effect.fnUntraced(function*({ id }: Listed, handshake: Handshake.Handshake) {
    const now = yield* Elapsed.millis
    if (handshake.provenBy === "nothing" && now - (audited.get(id) ?? -auditEvery) < auditEvery) return
    audited.set(id, now)
    yield* audit.append({
      actor: "provider",
      action: "integration.handshake",
      subjectType: "integration",
      subjectId: id,
      detail: { method: handshake.method, status: handshake.status }
    })
  })

  const carriedOut = (integration: Listed, { answer, handshake }: Found) =>
    // A provider that gets no answer gives the URL up; the record is worth less than that.
    note(integration, handshake).pipe(
      // Who interrupts a statement waits for PostgreSQL, which may be away.
      Effect.disconnect,
      Effect.timeout(auditPatience),
      Effect.ignoreLogged,
      Effect.as(answer)
    )

  return Handshakes.of({
    unsigned: (integration, request) =>
      AtOnce.flatMap(unsigned(integration, request), ifAny((found) => carriedOut(integration, found))),

    signed: (integration, request, secret) =>
      AtOnce.flatMap(
        signed(integration, request, secret),
        ifAny((found) =>
          Effect.zipRight(Effect.transposeMapOption(found.visit, hosts.get), carriedOut(integration, found))
        )
      )
  })
})

const ifAny =
  <A, B, E>(program: (value: A) => Effect.Effect<B, E>) =>
  (value: Option.Option<A>): AtOnce.AtOnce<Option.Option<B>, E> =>
    Option.isNone(value) ? Either.right(Option.none()) : AtOnce.later(Effect.asSome(program(value.value)))

/** A handshake, its answer, and the URL that is to be visited before that is given. */
export interface Found {
  readonly handshake: Handshake.Handshake
  readonly answer: Handshake.Answer
  readonly visit: Option.Option<string>
}

type Verdict = Either.Either<Option.Option<Found>, Refusal>

const none: Verdict = Either.right(Option.none())

const refused = (detail: string): Verdict => refuse("handshake_refused", detail)

/** The handshake that a request is without a signature; none when it is none. */
export const unsigned = ({ scheme, secretsAt, verifyToken }: Listed, request: Request): Verdict => {
  const handshake = Handshake.of(scheme.handshakes, false, request)
  if (Option.isNone(handshake)) return none
  const { provenBy } = handshake.value
  if (typeof provenBy === "object" && !Handshake.carriesToken(provenBy.verifyToken, verifyToken, request)) {
    return refused(
      Option.isSome(verifyToken)
        ? "The verify token is not the one that the integration has."
        : "The integration has no verify token; set it, and enter the same at the provider."
    )
  }
  const [newest] = secretsAt(request.receivedAt)
  return answered(handshake.value, request, Option.fromNullable(newest), Option.none())
}

/** The handshake that a request is, now that a secret has proven it; none when it is a webhook. */
export const signed = ({ scheme }: Listed, request: Request, secret: Option.Option<Redacted.Redacted>): Verdict => {
  const handshake = Handshake.of(scheme.handshakes, true, request)
  if (Option.isNone(handshake)) return none
  const { visit } = handshake.value
  if (Option.isNone(visit)) return answered(handshake.value, request, secret, Option.none())
  const url = Option.filter(find(visit.value.at, placeOf(request)), (url) => Hosts.allows(visit.value.hosts, url))
  return Option.isSome(url)
    ? answered(handshake.value, request, secret, url)
    : refused("The URL that confirms it is not one of the provider's own hosts.")
}

const answered = (
  handshake: Handshake.Handshake,
  request: Request,
  secret: Option.Option<Redacted.Redacted>,
  visit: Option.Option<string>
): Verdict =>
  Option.match(Handshake.answer(handshake, secret, request), {
    onNone: () => refused("The challenge that is to be answered is missing or malformed."),
    onSome: (answer) => Either.right(Option.some({ handshake, answer, visit }))
  })
