import { Effect, Either, Layer, Option, Predicate } from "effect"
import { Agent } from "undici"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import type { FailureReason, Outcome } from "../domain/Judgement.ts"
import { CallbackClient } from "../services/ports/CallbackClient.ts"
import { Settings } from "../services/Settings.ts"
import * as Dial from "./callbacks/Dial.ts"
import * as Exchange from "./callbacks/Exchange.ts"
import type { Lookup } from "./callbacks/Lookup.ts"

/** Callbacks over undici: a pool of kept-alive connections for each origin, no redirects, addresses checked when dialled. */
export const layer: Layer.Layer<CallbackClient, never, Settings> = Layer.suspend(() => layerOf(Dial.system))

/** The same where names are looked up otherwise. */
export const layerOf = (names: Lookup): Layer.Layer<CallbackClient, never, Settings> =>
  Layer.scoped(CallbackClient, Effect.suspend(() => make(names)))

const connectTimeoutMs = 10_000
const mostTargets = 1_000

/** Where a URL leads to, or what a call of it comes to at once. */
type Target = Either.Either<{ readonly origin: string; readonly path: string }, Outcome>

const make = Effect.fnUntraced(function*(names: Lookup) {
  const { callbackPolicy, deliveryTimeout } = yield* Settings
  const agent = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Agent({
        connect: { lookup: Dial.lookupWithin(callbackPolicy, names), timeout: connectTimeoutMs },
        // The whole attempt has one time limit, so its parts have none.
        headersTimeout: 0,
        bodyTimeout: 0
      })
    ),
    (agent) => Effect.ignore(Effect.timeout(Effect.interruptible(Effect.promise(() => agent.destroy())), "2 seconds"))
  )

  const look = (text: string): Target => {
    if (!URL.canParse(text)) return Either.left(failed("connection", "the destination's URL is not a URL"))
    const url = new URL(text)
    const refusal = Option.flatMap(Dial.literalAddress(url), (_) => CallbackAddress.refusal(callbackPolicy, _))
    return Option.isSome(refusal)
      ? Either.left(failed("address_refused", refusal.value))
      : Either.right({ origin: url.origin, path: url.pathname + url.search })
  }
  // What a URL says never changes; the addresses of its name are looked up with each connection.
  const targets = new Map<string, Target>()
  const targetOf = (url: string): Target => {
    const known = targets.get(url)
    if (known !== undefined) return known
    if (targets.size >= mostTargets) targets.clear()
    const target = look(url)
    targets.set(url, target)
    return target
  }

  return CallbackClient.of({
    post: ({ body, headers, url }) =>
      Effect.suspend(() =>
        Either.match(targetOf(url), {
          onLeft: Effect.succeed,
          onRight: (target) =>
            Effect.match(
              Exchange.make(agent, { ...target, method: "POST", headers: [...headers], body }, deliveryTimeout),
              { onFailure: failure, onSuccess: answered }
            )
        })
      ),
    check: (url) =>
      Effect.flatMap(
        Dial.refusal(callbackPolicy, names, url),
        Option.match({ onNone: () => Effect.void, onSome: Effect.fail })
      )
  })
})

const answered = ({ body, headers, status }: Exchange.Answered): Outcome => ({
  _tag: "Answered",
  status,
  retryAfter: Option.fromNullable(first(headers["retry-after"])),
  body
})

const failed = (reason: FailureReason, message: string): Outcome => ({ _tag: "Failed", reason, message })

const first = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  Predicate.isString(value) || value === undefined ? value : value[0]

// OpenSSL's short word for it; its message names addresses and files of its own.
const reasonOf = (cause: unknown): string | undefined =>
  Predicate.hasProperty(cause, "reason") && Predicate.isString(cause.reason) ? cause.reason : undefined

const failure = ({ cause, reason }: Exchange.ExchangeError): Outcome => {
  if (reason === "TimedOut") return failed("timeout", "no complete answer within the delivery timeout")
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  const message = Predicate.hasProperty(cause, "message") && cause.message !== ""
    ? String(cause.message)
    : code || "unknown"
  if (cause instanceof Dial.AddressRefused) return failed("address_refused", message)
  if (code === "UND_ERR_CONNECT_TIMEOUT") return failed("timeout", "no connection in time")
  if (/^(?:ENOTFOUND|EAI_|ENODATA)/.test(code)) return failed("dns", message)
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/.test(code)) return failed("tls", reasonOf(cause) ?? message)
  return failed("connection", message)
}
