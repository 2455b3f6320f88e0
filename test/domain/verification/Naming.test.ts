import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import { createHash } from "node:crypto"
import * as JsonPath from "../../../src/domain/JsonPath.ts"
import { type PresetId, providers } from "../../../src/domain/providers/Providers.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import type { Composite } from "../../../src/domain/verification/Scheme.ts"
import { request, type Sent } from "./Requests.ts"

const none: Naming.Overrides = { dedupe: Option.none(), type: Option.none() }

const name = (provider: PresetId, sent: Sent, overrides: Partial<Naming.Overrides> = {}) => {
  const names = Naming.name(providers[provider].scheme({}), { ...none, ...overrides }, request(sent))
  return { id: Option.getOrNull(names.providerEventId), key: names.dedupeKey, type: Option.getOrNull(names.type) }
}

const hashOf = (body: string) => `sha256:${createHash("sha256").update(body).digest("hex")}`

const stripe = "{\"id\":\"evt_1\",\"type\":\"invoice.paid\"}"
const plain = "{\"id\":\"body id\",\"type\":\"body type\"}"

const cases: ReadonlyArray<
  Sent & { readonly name: string; readonly provider: PresetId; readonly expected: ReturnType<typeof name> }
> = [
  {
    name: "stripe: the event's id and type",
    provider: "stripe",
    body: stripe,
    expected: { id: "evt_1", key: "evt_1", type: "invoice.paid" }
  },
  {
    name: "stripe without an id: the body's hash",
    provider: "stripe",
    body: "{\"type\":\"ping\"}",
    expected: { id: null, key: hashOf("{\"type\":\"ping\"}"), type: "ping" }
  },
  {
    name: "stripe with an empty id: the body's hash",
    provider: "stripe",
    body: "{\"id\":\"\",\"type\":\"\"}",
    expected: { id: null, key: hashOf("{\"id\":\"\",\"type\":\"\"}"), type: null }
  },
  {
    name: "github: the delivery's id; the type is the event and its action",
    provider: "github",
    headers: { "x-github-delivery": "72d3162e", "x-github-event": "issues" },
    body: "{\"action\":\"opened\",\"id\":1}",
    expected: { id: "72d3162e", key: "72d3162e", type: "issues.opened" }
  },
  {
    name: "github without an action: the event alone",
    provider: "github",
    headers: { "x-github-delivery": "72d3162e", "x-github-event": "push" },
    body: "{}",
    expected: { id: "72d3162e", key: "72d3162e", type: "push" }
  },
  {
    name: "github, form-encoded: the event alone",
    provider: "github",
    headers: { "x-github-delivery": "72d3162e", "x-github-event": "push" },
    body: "payload=%7B%7D",
    expected: { id: "72d3162e", key: "72d3162e", type: "push" }
  },
  {
    name: "github with the id twice: the body's hash",
    provider: "github",
    headers: { "x-github-delivery": ["one", "two"] },
    body: "{}",
    expected: { id: null, key: hashOf("{}"), type: null }
  },
  {
    name: "standard-webhooks: the message's id and the body's type",
    provider: "standard-webhooks",
    headers: { "webhook-id": "msg_1" },
    body: plain,
    expected: { id: "msg_1", key: "msg_1", type: "body type" }
  },
  {
    name: "hmac: the body's hash",
    provider: "hmac",
    body: plain,
    expected: { id: null, key: hashOf(plain), type: null }
  },
  {
    name: "token: the body's hash",
    provider: "token",
    body: plain,
    expected: { id: null, key: hashOf(plain), type: null }
  },
  {
    name: "an empty body has a hash too",
    provider: "hmac",
    body: "",
    expected: { id: null, key: hashOf(""), type: null }
  }
]

const at = (path: string) => Option.some({ jsonPath: JsonPath.make(path) })
const inHeader = (header: string) => Option.some({ header })

describe("naming", () => {
  it.each(cases)("$name", ({ expected, provider, ...sent }) => {
    assert.deepStrictEqual(name(provider, sent), expected)
  })

  it("puts an integration's own choice before the provider's", () => {
    const sent = { headers: { "x-id": "mine" }, body: stripe.replace("}", ",\"kind\":\"own\"}") }
    const names = name("stripe", sent, { dedupe: inHeader("x-id"), type: at("$.kind") })
    assert.deepStrictEqual(names, { id: "mine", key: "mine", type: "own" })
  })

  it("falls back to the provider's where the choice leads nowhere, to something empty or to something repeated", () => {
    for (const headers of [{}, { "x-id": "" }, { "x-id": ["a", "b"] }]) {
      const names = name("stripe", { headers, body: stripe }, { dedupe: inHeader("x-id"), type: at("$.none") })
      assert.deepStrictEqual(names, { id: "evt_1", key: "evt_1", type: "invoice.paid" })
    }
  })

  it.each(["", "{}", "[]", "null", "1.5", "{\"id\":{}}", "{\"id\":null}", "{\"id\":[1]}", "{\"id\":1e400}"])(
    "hashes the body where it has no id: %s",
    (body) => assert.strictEqual(name("stripe", { body }).key, hashOf(body))
  )

  it("takes a whole number for an id, as long as JSON holds it exactly", () => {
    assert.strictEqual(name("stripe", { body: "{\"id\":9007199254740991}" }).key, "9007199254740991")
    const keys = ["9007199254740992", "9007199254740993"].map((id) => name("stripe", { body: `{"id":${id}}` }).key)
    assert.strictEqual(new Set(keys).size, 2)
  })

  it("keeps ids apart that are too long or unfit to be stored as they stand", () => {
    const long = "x".repeat(10_000)
    const ids = [
      long,
      `${long}y`,
      "a\u0000",
      "a\u0001",
      "a?",
      "a\u007f",
      "a\u0085",
      "😀",
      "😁",
      "??",
      "\ud800",
      "\ud801"
    ]
    const named = ids.map((id) => name("stripe", { body: JSON.stringify({ id }) }))
    assert.strictEqual(new Set(named.map(({ key }) => key)).size, ids.length)
    for (const { id, key } of named) {
      assert.isAtMost(key.length, 200)
      assert.isAtMost(id?.length ?? 0, 200)
      assert.match(key, /^[ -~]+$/)
    }
  })

  it.prop(
    "gives one key for one id and another for another, whatever they hold",
    [FastCheck.string({ unit: "binary", minLength: 1 }), FastCheck.string({ unit: "binary", minLength: 1 })],
    ([one, other]) => {
      const key = (id: string, more: string) => name("stripe", { body: JSON.stringify({ id, more }) }).key
      assert.strictEqual(key(one, "first copy"), key(one, "second copy"))
      assert.strictEqual(key(one, "") === key(other, ""), one === other)
    }
  )

  const pair: Composite = [{ json: JsonPath.make("$.a") }, { json: JsonPath.make("$.b") }]
  const composed = (a: unknown, b: unknown) => {
    const scheme = { ...providers.hmac.scheme({}), dedupe: [pair] }
    return Naming.name(scheme, none, request({ body: JSON.stringify({ a, b }) })).dedupeKey
  }
  // Neighbours: the same text divided elsewhere, or escaped by hand.
  const text = FastCheck.string({
    unit: FastCheck.constantFrom("a", ":", "%", "%3A", "%25"),
    minLength: 2,
    maxLength: 6
  })
  const written = FastCheck.constantFrom<Array<(text: string) => string>>(
    (text) => text,
    (text) => text.replaceAll(":", "%3A"),
    (text) => text.replaceAll("%3A", ":"),
    (text) => text.replaceAll("%", "%25"),
    (text) => text.replaceAll("%25", "%")
  )
  const divided = (text: string, at: number): readonly [string, string] => [
    text.slice(0, 1 + at % (text.length - 1)),
    text.slice(1 + at % (text.length - 1)).replace(/^:(?=.)/, "")
  ]

  it.prop("never lets two composites meet in one key", [text, FastCheck.nat(), FastCheck.nat(), written, written], (
    [text, at, elsewhere, writtenA, writtenB]
  ) => {
    const [a, b] = divided(text, at)
    const [c, d] = divided(text, elsewhere)
    const [e, f] = [writtenA(c), writtenB(d)]
    assert.strictEqual(composed(a, b) === composed(e, f), a === e && b === f)
  }, { fastCheck: { numRuns: 2_000 } })

  it("composes only what is complete", () => {
    assert.strictEqual(composed("one", true), "one:true")
    assert.strictEqual(composed("one", undefined), hashOf("{\"a\":\"one\"}"))
    assert.strictEqual(composed("one", ""), hashOf("{\"a\":\"one\",\"b\":\"\"}"))
  })
})
