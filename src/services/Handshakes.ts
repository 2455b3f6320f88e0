import { Clock, Context, Effect, Layer, Option, type Redacted } from "effect"
import * as Handshake from "../domain/verification/Handshake.ts"
import * as Hosts from "../domain/verification/Hosts.ts"
import { Refusal } from "../domain/verification/Refusal.ts"
import { Request } from "../domain/verification/Request.ts"
import { find, placeOf } from "../domain/verification/Source.ts"
import { Audit } from "./Audit.ts"
import type { Listed } from "./Directory.ts"
import { type ProviderHostError, ProviderHosts } from "./ports/ProviderHosts.ts"
import { Verification } from "./Verification.ts"

/** Answers by which providers find out whether a URL is the user's. */
export class Handshakes extends Context.Tag("sluice/services/Handshakes")<Handshakes, {
  /** The answer to a handshake that no signature proves; none when the request is none. */
  readonly unsigned: (integration: Listed, request: Request) => Effect.Effect<Option.Option<Handshake.Answer>, Refusal>
  /** The answer to a handshake that a secret has proven; none when the request is a webhook. */
  readonly signed: (
    integration: Listed,
    request: Request,
    secret: Option.Option<Redacted.Redacted>
  ) => Effect.Effect<Option.Option<Handshake.Answer>, Refusal | ProviderHostError>
}>() {
  static readonly layer = Layer.effect(Handshakes, Effect.suspend(() => make))
}

// Anybody may try a handshake that nothing proves.
const auditEvery = 60_000
const auditPatience = "2 seconds"

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const hosts = yield* ProviderHosts
  const verification = yield* Verification
  const audited = new Map<string, number>()

  const refuse = (integration: Listed, request: Request, detail: string) => {
    const refusal = new Refusal({ reason: "handshake_refused", detail })
    return Effect.zipRight(verification.reject(integration, withoutQuery(request), refusal), refusal)
  }

  const visit = Effect.fnUntraced(function*(
    integration: Listed,
    { visit }: Handshake.Handshake,
    request: Request
  ) {
    if (Option.isNone(visit)) return
    const url = find(visit.value.at, placeOf(request))
    if (Option.isNone(url) || !Hosts.allows(visit.value.hosts, url.value)) {
      return yield* refuse(integration, request, "The URL that confirms it is not one of the provider's own hosts.")
    }
    yield* hosts.get(url.value)
  })

  const note = Effect.fnUntraced(function*({ id }: Listed, handshake: Handshake.Handshake) {
    const now = yield* Clock.currentTimeMillis
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

  const answer = Effect.fnUntraced(function*(
    integration: Listed,
    handshake: Handshake.Handshake,
    request: Request,
    secret: Option.Option<Redacted.Redacted>
  ) {
    const answer = Handshake.answer(handshake, secret, request)
    if (Option.isNone(answer)) {
      return yield* refuse(integration, request, "The challenge that is to be answered is missing or malformed.")
    }
    // A provider that gets no answer gives the URL up; the record is worth less than that.
    yield* note(integration, handshake).pipe(Effect.timeout(auditPatience), Effect.ignoreLogged)
    return answer
  })

  return Handshakes.of({
    unsigned: Effect.fn("Handshakes.unsigned")(function*(integration, request) {
      const found = Handshake.of(integration.scheme.handshakes, false, request)
      if (Option.isNone(found)) return Option.none()
      const { provenBy } = found.value
      if (
        typeof provenBy === "object" && !Handshake.carriesToken(provenBy.verifyToken, integration.verifyToken, request)
      ) {
        return yield* refuse(
          integration,
          request,
          Option.isSome(integration.verifyToken)
            ? "The verify token is not the one that the integration has."
            : "The integration has no verify token; set it, and enter the same at the provider."
        )
      }
      const [newest] = integration.secretsAt(request.receivedAt)
      return yield* answer(integration, found.value, request, Option.fromNullable(newest))
    }),

    signed: Effect.fn("Handshakes.signed")(function*(integration, request, secret) {
      const found = Handshake.of(integration.scheme.handshakes, true, request)
      if (Option.isNone(found)) return Option.none()
      yield* visit(integration, found.value, request)
      return yield* answer(integration, found.value, request, secret)
    })
  })
})

// It may hold the right verify token, before the integration has it.
const withoutQuery = ({ body, headers, method, receivedAt, url }: Request): Request =>
  new Request({ method, url: url.split("?")[0] ?? url, headers, body, receivedAt })
