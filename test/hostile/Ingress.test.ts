import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import { createHmac } from "node:crypto"
import * as Gateway from "../support/Gateway.ts"
import * as Connection from "./Connection.ts"
import * as Webhooks from "./generators/Webhooks.ts"
import { ground, live, readable, send, stored, unharmed } from "./Ground.ts"
import { runs } from "./Runs.ts"

const nowhere = "http://127.0.0.1:9/hook"
const now = () => Math.floor(Date.now() / 1_000)

const mac = (content: ReadonlyArray<string | Uint8Array>, encoding: "hex" | "base64", key: string | Uint8Array) =>
  content.reduce((hmac, piece) => hmac.update(piece), createHmac("sha256", key)).digest(encoding)

const stripeSecret = `whsec_${Gateway.secret}`

/** What each provider signs, and where it says so. */
const signings: Readonly<Record<string, Webhooks.Signing>> = {
  hmac: { now, header: "x-signature", right: (body) => mac([body], "hex", Gateway.secret) },
  github: { now, header: "x-hub-signature-256", right: (body) => `sha256=${mac([body], "hex", Gateway.secret)}` },
  stripe: {
    now,
    header: "stripe-signature",
    right: (body, at) => `t=${at},v1=${mac([`${at}.`, body], "hex", stripeSecret)}`
  },
  "standard-webhooks": {
    now,
    header: "webhook-signature",
    right: (body, at) => `v1,${mac([`one.${at}.`, body], "base64", Buffer.from(Gateway.secret))}`
  },
  token: { now, header: "x-webhook-token", right: () => `${Gateway.secret}x` }
}

/** Events are named and routed by what is in them, so that all of it is looked at. */
const integration = (provider: string) =>
  Effect.gen(function*() {
    const { manage } = yield* Gateway.Gateway
    const secrets = [
      provider === "standard-webhooks"
        ? `whsec_${Buffer.from(Gateway.secret).toString("base64")}`
        : provider === "stripe"
        ? stripeSecret
        : Gateway.secret
    ]
    yield* Gateway.integration(provider, nowhere, {
      provider,
      secrets,
      dedupe: { jsonPath: "$.id" },
      eventType: { jsonPath: "$['type']" }
    })
    const rules = [{ path: "$.data.amount", op: "gt", value: 1 }, {
      path: "$['__proto__'].type",
      op: "exists",
      value: true
    }]
    const { status } = yield* manage(`/integrations/${provider}/destinations`, {
      url: nowhere,
      filter: { types: ["*a*"], rules }
    })
    assert.strictEqual(status, 201)
  })

const request = (slug: string, headers: ReadonlyArray<string>, body: Uint8Array, chunk: number): Connection.Sent => {
  const framing = chunk === 0 ? `content-length: ${body.length}` : "transfer-encoding: chunked"
  const head = [`POST /api/v1/webhooks/${slug} HTTP/1.1`, "host: a", "connection: close", ...headers, framing, "", ""]
  return {
    ends: false,
    pieces: [Connection.bytes(head.join("\r\n")), ...(chunk === 0 ? [body] : chunked(body, chunk))]
  }
}

const chunked = (body: Uint8Array, size: number): ReadonlyArray<Uint8Array> => {
  const chunks = Array.from(
    { length: Math.ceil(body.length / size) },
    (_, at) => body.subarray(at * size, (at + 1) * size)
  )
  return [
    Buffer.concat(chunks.flatMap((_) => [Buffer.from(`${_.length.toString(16)}\r\n`), _, Buffer.from("\r\n")])),
    Buffer.from("0\r\n\r\n")
  ]
}

const framing = FastCheck.constantFrom(0, 0, 1_000, 70_000)

const honest = FastCheck.record({ body: Webhooks.body, headers: Webhooks.others, framing })

const dishonest = FastCheck.constantFrom(...Object.entries(signings)).chain(([slug, signing]) =>
  Webhooks.body.chain((body) =>
    FastCheck.record({
      slug: FastCheck.constant(slug),
      body: FastCheck.constant(body),
      signature: slug === "stripe"
        ? FastCheck.oneof(Webhooks.forged(signing, body), Webhooks.stale(signing, body))
        : Webhooks.forged(signing, body),
      headers: Webhooks.others,
      framing
    })
  )
)

const many = <A>(one: FastCheck.Arbitrary<A>) => FastCheck.array(one, { minLength: 80, maxLength: 80 })

layer(ground, live)("a hostile webhook", (it) => {
  it.effect("has integrations to aim at", () => Effect.forEach(Object.keys(signings), integration))

  it.effect.prop(
    "is refused and stored nowhere, unless it is signed",
    [many(dishonest)],
    ([all]) =>
      Effect.gen(function*() {
        const exchanges = yield* send(
          all.map((_) => request(_.slug, [..._.headers, ..._.signature], _.body, _.framing))
        )
        for (const { answers } of exchanges) assert.include([400, 401, 413, 431], answers[0]?.status)
        for (const slug of Object.keys(signings)) assert.isEmpty(yield* stored(slug))
      }),
    runs(3)
  )

  it.effect.prop("is stored byte for byte, if it is signed", [many(honest)], ([all]) =>
    Effect.gen(function*() {
      const { header, right } = signings["hmac"] ?? { header: "", right: () => "" }
      const exchanges = yield* send(
        all.map(({ body, framing, headers }) =>
          request("hmac", [...headers, `${header}: ${right(body, 0)}`], body, framing)
        )
      )
      const bodies = new Map((yield* stored("hmac")).map(({ body, id }) => [id, body]))
      for (const [index, { answers: [answer] }] of exchanges.entries()) {
        assert.include([200, 202], answer?.status, answer?.text)
        const { duplicate, eventId } = yield* Gateway.accepted({
          status: 202,
          headers: new Headers(),
          text: "",
          json: JSON.parse(answer?.text ?? "")
        })
        const kept = bodies.get(eventId)
        assert.isDefined(kept)
        if (!duplicate) assert.isTrue(kept?.equals(all[index]?.body ?? Buffer.alloc(0)))
      }
    }), runs(3))

  it.effect("leaves the gateway as it was", () => Effect.zipRight(unharmed, readable))
})
