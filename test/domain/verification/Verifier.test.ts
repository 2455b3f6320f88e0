import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Record } from "effect"
import { createHmac } from "node:crypto"
import { type PresetId, providers } from "../../../src/domain/providers/Providers.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import { now, request, type Values, verdict, verify } from "./Requests.ts"

const secrets = {
  stripe: "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw",
  github: "the secret of the tests",
  "standard-webhooks": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
  hmac: "the secret of the tests",
  token: "the secret of the tests"
}
type Signer = keyof typeof secrets

// `none` believes everybody.
const anyProvider = FastCheck.constantFrom(...Record.keys(providers).filter((id) => id !== "none"))
// Of a form that every provider takes.
const secret = secrets["standard-webhooks"]
const provider = FastCheck.constantFrom(...Record.keys(secrets))
const signer = FastCheck.constantFrom<Array<Signer>>("stripe", "github", "standard-webhooks", "hmac")

const hex = FastCheck.uint8Array({ minLength: 32, maxLength: 32 }).map((_) => Buffer.from(_).toString("hex"))
const base64 = FastCheck.uint8Array({ minLength: 32, maxLength: 32 }).map((_) => Buffer.from(_).toString("base64"))
const odd = FastCheck.oneof(
  FastCheck.string({ unit: "binary", maxLength: 40 }),
  FastCheck.string({ maxLength: 40 }),
  FastCheck.constantFrom("", "=", ",", "t=,v1=", "v1,", "sha256=", "NaN", "1e400", "\u0000", "\ud800")
)

// Forged ones are right in everything but what takes the secret.
const forged = FastCheck.record({
  "stripe-signature": hex.map((_) => `t=${now / 1_000},v1=${_}`),
  "x-hub-signature-256": hex.map((_) => `sha256=${_}`),
  "x-signature": hex,
  "x-webhook-token": hex,
  "webhook-id": FastCheck.constant("msg_1"),
  "webhook-timestamp": FastCheck.constant(String(now / 1_000)),
  "webhook-signature": base64.map((_) => `v1,${_}`)
})
const headerName = FastCheck.oneof(
  FastCheck.constantFrom("stripe-signature", "x-hub-signature-256", "x-signature", "x-webhook-token"),
  FastCheck.constantFrom("webhook-id", "webhook-timestamp", "webhook-signature", "x-github-event", "x-github-delivery"),
  FastCheck.constantFrom("__proto__", "constructor", "hasOwnProperty", "length", ""),
  FastCheck.string({ unit: "binary", maxLength: 10 })
)
const random = FastCheck.dictionary(headerName, FastCheck.oneof(odd, FastCheck.array(odd, { maxLength: 3 })), {
  maxKeys: 8
})
const headers: FastCheck.Arbitrary<Values> = FastCheck.oneof(
  forged,
  random,
  FastCheck.tuple(forged, random).map(([right, wrong]) =>
    Object.fromEntries([...Object.entries(right), ...Object.entries(wrong)])
  )
)

const body = FastCheck.oneof(
  FastCheck.uint8Array({ maxLength: 200 }),
  FastCheck.json().map((_) => Buffer.from(_)),
  FastCheck.record({ id: FastCheck.jsonValue(), type: FastCheck.jsonValue(), action: FastCheck.jsonValue() })
    .map((_) => Buffer.from(JSON.stringify(_)))
)

const name = (id: PresetId, sent: { readonly headers: Values; readonly body: Uint8Array }) =>
  Naming.name(providers[id].scheme({}), { dedupe: Option.none(), type: Option.none() }, request(sent))

const right = (id: Signer, body: Uint8Array): Values => {
  const mac = (key: string | Uint8Array, before = "") => createHmac("sha256", key).update(before).update(body)
  const seconds = now / 1_000
  switch (id) {
    case "stripe":
      return { "stripe-signature": `t=${seconds},v1=${mac(secrets.stripe, `${seconds}.`).digest("hex")}` }
    case "github":
      return { "x-hub-signature-256": `sha256=${mac(secrets.github).digest("hex")}` }
    case "hmac":
      return { "x-signature": mac(secrets.hmac).digest("hex") }
    case "token":
      return { "x-webhook-token": secrets.token }
    case "standard-webhooks": {
      const key = Buffer.from(secrets[id].slice("whsec_".length), "base64")
      return {
        "webhook-id": "msg_1",
        "webhook-timestamp": String(seconds),
        "webhook-signature": `v1,${mac(key, `msg_1.${seconds}.`).digest("base64")}`
      }
    }
  }
}

describe("verification", () => {
  it.prop(
    "never believes random headers and bodies, and never throws",
    { provider: anyProvider, headers, body },
    (_) => {
      assert.notStrictEqual(verdict(_.provider, [secret], _), "accepted")
    },
    { fastCheck: { numRuns: 1_000 } }
  )

  it.prop("never shows a secret in what it says", { provider: anyProvider, headers, body }, (_) => {
    const said = Either.match(verify(_.provider, [secret], _), { onLeft: ({ detail }) => detail, onRight: () => "" })
    assert.notInclude(said, secret)
    assert.notStrictEqual(said, "")
  })

  it.prop("believes any bytes that are signed, invalid UTF-8 and all", { provider, body }, (_) => {
    assert.strictEqual(
      verdict(_.provider, [secrets[_.provider]], { ..._, headers: right(_.provider, _.body) }),
      "accepted"
    )
  })

  it.prop(
    "refuses them with any one byte changed",
    {
      provider: signer,
      body: FastCheck.uint8Array({ minLength: 1, maxLength: 200 }),
      at: FastCheck.nat(),
      by: FastCheck.integer({ min: 1, max: 255 })
    },
    ({ at, body, by, provider }) => {
      const changed = body.map((byte, index) => index === at % body.length ? byte ^ by : byte)
      const sent = { headers: right(provider, body), body: changed }
      assert.strictEqual(verdict(provider, [secrets[provider]], sent), "signature_mismatch")
    }
  )

  it.prop(
    "goes with a name that PostgreSQL can keep, whatever was sent",
    { provider: anyProvider, headers, body },
    (_) => {
      const { dedupeKey, providerEventId, type } = name(_.provider, _)
      for (const text of [dedupeKey, ...Option.toArray(providerEventId), ...Option.toArray(type)]) {
        assert.isAbove(text.length, 0)
        assert.isAtMost(Buffer.byteLength(text), 1_000)
        assert.notInclude(text, "\u0000")
        assert.strictEqual(Buffer.from(text).toString(), text)
      }
    },
    { fastCheck: { numRuns: 1_000 } }
  )

  it.each(["[", "{\"id\":", "[{\"type\":"])("is not upset by JSON of endless depth made of %s", (opening) => {
    const deep = Buffer.from(opening.repeat(200_000))
    const closed = Buffer.from(`${"[".repeat(200_000)}${"]".repeat(200_000)}`)
    for (const body of [deep, closed]) {
      const sent = { headers: right("stripe", body), body }
      assert.strictEqual(verdict("stripe", [secrets.stripe], sent), "accepted")
      assert.match(name("stripe", sent).dedupeKey, /^sha256:[0-9a-f]{64}$/)
    }
  })
})
