import { Effect, Layer, Option, Predicate } from "effect"
import { Agent } from "undici"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import type { FailureReason, Outcome } from "../domain/Judgement.ts"
import { CallbackClient, type CallbackRequest } from "../services/ports/CallbackClient.ts"
import { Settings } from "../services/Settings.ts"
import * as Answer from "./callbacks/Answer.ts"
import * as Dial from "./callbacks/Dial.ts"
import type { Lookup } from "./callbacks/Lookup.ts"

/** Callbacks over undici: a pool of kept-alive connections for each origin, no redirects, addresses checked when dialled. */
export const layer: Layer.Layer<CallbackClient, never, Settings> = Layer.suspend(() => layerOf(Dial.system))

/** The same where names are looked up otherwise. */
export const layerOf = (names: Lookup): Layer.Layer<CallbackClient, never, Settings> =>
  Layer.scoped(CallbackClient, Effect.suspend(() => make(names)))

const connectTimeoutMs = 10_000
const turns = 5

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

  const call = ({ body, headers, url }: CallbackRequest): Effect.Effect<Outcome> =>
    Effect.tryPromise({
      try: async (signal): Promise<Outcome> => {
        const { origin, pathname, search } = new URL(url)
        const answer = await agent.request({
          origin,
          path: pathname + search,
          method: "POST",
          headers: [...headers],
          body,
          signal
        })
        return {
          _tag: "Answered",
          status: answer.statusCode,
          retryAfter: Option.fromNullable(first(answer.headers["retry-after"])),
          body: await Answer.beginning(answer.body, first(answer.headers["content-encoding"]))
        }
      },
      catch: failure
    }).pipe(Effect.merge)

  return CallbackClient.of({
    post: Effect.fn("CallbackClient.post")(function*(request) {
      if (!URL.canParse(request.url)) return failed("connection", "the destination's URL is not a URL")
      const literal = Option.flatMap(
        Dial.literalAddress(new URL(request.url)),
        (_) => CallbackAddress.refusal(callbackPolicy, _)
      )
      if (Option.isSome(literal)) return failed("address_refused", literal.value)
      return yield* Effect.raceFirst(
        call(request),
        Effect.sleep(deliveryTimeout).pipe(
          Effect.zipRight(readArrived),
          Effect.as(failed("timeout", "no complete answer within the delivery timeout"))
        )
      )
    }),
    check: (url) =>
      Effect.flatMap(
        Dial.refusal(callbackPolicy, names, url),
        Option.match({ onNone: () => Effect.void, onSome: Effect.fail })
      )
  })
})

// To a process that was held up, timers are due before it has read what came in meanwhile: head, body, end.
const readArrived = Effect.repeatN(
  Effect.async<void>((resume) => {
    const turn = setImmediate(() => resume(Effect.void))
    return Effect.sync(() => clearImmediate(turn))
  }),
  turns
)

const failed = (reason: FailureReason, message: string): Outcome => ({ _tag: "Failed", reason, message })

const first = (value: string | ReadonlyArray<string> | undefined): string | undefined =>
  Predicate.isString(value) || value === undefined ? value : value[0]

// OpenSSL's short word for it; its message names addresses and files of its own.
const reasonOf = (cause: unknown): string | undefined =>
  Predicate.hasProperty(cause, "reason") && Predicate.isString(cause.reason) ? cause.reason : undefined

const failure = (cause: unknown): Outcome => {
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
