import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck, Schema } from "effect"
import * as Api from "../http/Api.ts"
import * as Routes from "../http/management/Routes.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { managementKey } from "../support/ManagementKey.ts"
import * as Calls from "./generators/Calls.ts"
import { fresh, ground, live, prompt, readable, send, unharmed } from "./Ground.ts"
import { runs } from "./Runs.ts"

const nowhere = "http://127.0.0.1:9/hook"

// Most of the others have nothing but an id to be hostile with.
const rich = Routes.guarded.filter(({ method, template }) =>
  method !== "DELETE" && !/[}]$|\/(?:queues|body|pause|resume)$/.test(template)
)
const routes = [...Routes.guarded, ...rich, ...rich, ...rich]
const calls = FastCheck.array(Calls.call(routes, Calls.names), { minLength: 100, maxLength: 100 })

const isPage = Schema.is(Schema.Struct({ data: Schema.Array(Schema.Struct({ id: Schema.String })) }))

/** One of each thing that has an id. */
const real = Effect.gen(function*() {
  const { call, manage } = yield* Gateway.Gateway
  const slug = fresh("real")
  const { send, ...integration } = yield* Gateway.integration(slug, nowhere)
  yield* call(`/api/v1/webhooks/${slug}`, { body: "{}" })
  const { json } = yield* eventually(
    manage(`/rejections?integration=${slug}`),
    (_) => isPage(_.json) && _.json.data.length > 0
  )
  const { eventId } = yield* Gateway.accepted(yield* send("one"))
  const { deliveries } = yield* Gateway.event(eventId)
  return {
    integration: integration.id,
    destination: integration.destinations[0]?.id ?? "",
    event: eventId,
    delivery: deliveries[0]?.id ?? "",
    rejection: isPage(json) ? json.data[0]?.id ?? "" : ""
  }
})

const long = "a".repeat(900_000)
const integration = { slug: "costly", name: "Costly", provider: "hmac", secrets: ["a-secret"] }
const rules = (count: number) => Array.from({ length: count }, () => ({ path: 1, op: "in", value: [{}, {}] }))

/** Bodies that would be costly for a reader that goes back, or that tells of everything. */
const costly: Readonly<Record<string, readonly [path: string, body: unknown]>> = {
  "a long slug": ["/integrations", { ...integration, slug: `a${"-".repeat(900_000)}!` }],
  "a long header": ["/integrations", { ...integration, dedupe: { header: `${long} ` } }],
  "a long path of JSON": ["/integrations", { ...integration, dedupe: { jsonPath: `$${".a".repeat(400_000)}!` } }],
  "an open bracket in a path of JSON": ["/integrations", { ...integration, dedupe: { jsonPath: `$['${long}` } }],
  "a long content type": ["/integrations", {
    ...integration,
    response: { status: 200, body: "", contentType: `${long}\n` }
  }],
  "a long secret of base64": ["/integrations", {
    ...integration,
    provider: "standard-webhooks",
    secrets: [`whsec_${long}!`]
  }],
  "a long name of spaces": ["/integrations", { ...integration, name: `x${" ".repeat(900_000)}x` }],
  "a long host": ["/integrations", { ...integration, callbackUrl: `http://${"a.".repeat(450_000)}` }],
  "a long address": ["/integrations", { ...integration, callbackUrl: `http://[${"0:".repeat(450_000)}]/` }],
  "a long unknown word": ["/integrations", { ...integration, provider: long }],
  "many wrong secrets": ["/integrations", { ...integration, secrets: Array.from({ length: 400_000 }, () => 1) }],
  "many unknown fields": [
    "/integrations",
    Object.fromEntries(Array.from({ length: 70_000 }, (_, index) => [`k${index}`, 1]))
  ],
  "many wrong rules": ["/integrations/costs/destinations", { url: nowhere, filter: { rules: rules(20_000) } }],
  "some wrong rules": ["/integrations/costs/destinations", { url: nowhere, filter: { rules: rules(250) } }],
  "many types": ["/integrations/costs/destinations", { url: nowhere, filter: { types: Array(200_000).fill("*") } }]
}

/** Filters that go back again and again over what nearly fits. */
const filters: ReadonlyArray<unknown> = [
  { types: Array.from({ length: 1_000 }, () => `${"a*".repeat(99)}b`) },
  { types: Array.from({ length: 1_000 }, () => `${"*a".repeat(99)}*b`) },
  { types: ["*".repeat(200)] },
  { rules: Array.from({ length: 50 }, () => ({ path: `$${".a".repeat(99)}`, op: "exists", value: true })) },
  { rules: [{ path: "$.a", op: "in", value: Array.from({ length: 1_900 }, (_, index) => index) }] }
]

layer(ground, live)("the management API in hostile hands", (it) => {
  it.effect.prop(
    "answers every call cleanly, and can still show and use all that it was made to store",
    [calls],
    ([calls]) =>
      Effect.gen(function*() {
        const given = { key: managementKey, real: yield* real }
        yield* send(calls.map((call) => Calls.written(call, { ...given, slug: fresh("hostile") })))
        yield* readable
      }),
    runs(4)
  )

  it.effect("refuses at once what is costly to read", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* Gateway.integration("costs", nowhere)
      for (const [what, [path, body]] of Object.entries(costly)) {
        Api.failed(yield* prompt(what, manage(path, body)), 400, "validation_failed")
      }
    }))

  it.effect("takes webhooks at once, whatever the filters behind", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("filtered", nowhere, { eventType: { jsonPath: "$.type" }, dedupe: undefined })
      for (const filter of filters) {
        const { status, text } = yield* manage("/integrations/filtered/destinations", { url: nowhere, filter })
        assert.strictEqual(status, 201, text)
      }
      const nested = `${"{\"a\":".repeat(100)}1${"}".repeat(100)}`
      for (const type of ["a".repeat(200), `${"a".repeat(199)}c`, "b"]) {
        const webhook = Api.webhook(`{"type":"${type}","a":${nested}}`)
        const answer = yield* prompt("a webhook", call("/api/v1/webhooks/filtered", webhook))
        assert.include([200, 202], answer.status)
      }
    }))

  it.effect("leaves the gateway as it was", () => Effect.zipRight(unharmed, readable))
})
