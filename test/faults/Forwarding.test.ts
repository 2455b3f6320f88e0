import { assert, describe, it } from "@effect/vitest"
import { Webhook } from "standardwebhooks"
import { integrations, secretOf } from "./Integrations.ts"
import { call, delivery, event, failures, sample, webhook } from "./Sample.ts"

const headers = (changes: Readonly<Record<string, string>>) => ({
  calls: [{ ...call, sample: { ...sample, headers: { ...sample.headers, ...changes } } }]
})

describe("what came through", () => {
  it("has the body and the headers that were sent", () => {
    const changed = ["bytes or headers changed"]
    assert.deepStrictEqual(failures({ calls: [{ ...call, hash: "other" }] }), changed)
    for (const name of ["contentType", "id", "integration"]) {
      assert.deepStrictEqual(failures({ calls: [{ ...call, got: { ...call.got, [name]: "" } }] }), changed)
    }
  })

  it("came to whom its delivery is for, and nobody else has one", () => {
    const misdirected = ["misdirected"]
    assert.deepStrictEqual(failures({ calls: [call, { ...call, deliveryId: "another" }] }), misdirected)
    assert.include(failures({ calls: [{ ...call, eventId: "another" }] }), "misdirected")
    assert.include(failures({ calls: [{ ...call, destination: "mail" }] }), "misdirected")
    const idle = { ...delivery, state: "cancelled", attemptCount: 0 }
    assert.deepStrictEqual(
      failures({ deliveries: [delivery, { ...idle, id: "d2", destination: "mail" }] }),
      misdirected
    )
    assert.deepStrictEqual(failures({ deliveries: [delivery, { ...idle, id: "d2" }] }), misdirected)
    assert.deepStrictEqual(failures({ events: [event, { ...event, id: "e2", key: "w-2" }] }), misdirected)
  })

  it("takes the same id of two integrations for two webhooks", () => {
    const answers = webhook.answers.map((_) => ({ ..._, eventId: "e2" }))
    const other = { ...webhook, integration: "stock", wanted: [], answers }
    const events = [event, { ...event, id: "e2", integration: "stock" }]
    assert.deepStrictEqual(failures({ webhooks: [webhook, other], events }), [])
    assert.deepStrictEqual(failures({ webhooks: [webhook, { ...other, answers: webhook.answers }], events }), [
      "false duplicates"
    ])
  })

  it("is signed by the gateway and by the provider", () => {
    const wrong = ["signatures wrong"]
    assert.deepStrictEqual(failures(headers({ "webhook-signature": "v1,AAAA" })), wrong)
    assert.deepStrictEqual(failures(headers({ "webhook-id": "another" })), wrong)
    assert.deepStrictEqual(failures(headers({ "webhook-timestamp": "302" })), wrong)
    assert.deepStrictEqual(failures(headers({ "x-signature": "00" })), wrong)
    assert.deepStrictEqual(failures({ signingSecrets: [] }), wrong)
    assert.deepStrictEqual(failures({ calls: [{ ...call, sample: null }] }), wrong)
    const { "webhook-signature": signature = "" } = sample.headers
    assert.deepStrictEqual(failures(headers({ "webhook-signature": `v1,AAAA ${signature}` })), [])
  })

  it("has the gateway's signature under names of its own where the provider's has the usual ones", () => {
    const { "webhook-signature": signature = "", "webhook-timestamp": timestamp = "" } = sample.headers
    const own = { "sluice-id": "e", "sluice-timestamp": timestamp, "sluice-signature": signature }
    assert.deepStrictEqual(failures(headers({ ...own, "webhook-signature": "the provider's" })), [])
    assert.deepStrictEqual(failures(headers({ ...own, "sluice-signature": "v1,AAAA" })), ["signatures wrong"])
  })
  it("has a provider's signature that was in time when it came in, however late it goes on", () => {
    const integration = integrations.find((_) => _.slug === "payments")
    const { "webhook-signature": signature = "", "webhook-timestamp": timestamp = "" } = sample.headers
    const own = { "sluice-id": "e", "sluice-timestamp": timestamp, "sluice-signature": signature }
    const long = new Date(call.at - 3_600_000)
    const provided = {
      "sluice-integration": "payments",
      "webhook-id": "w-1",
      "webhook-timestamp": String(long.getTime() / 1_000),
      "webhook-signature": new Webhook(integration === undefined ? "" : secretOf(integration))
        .sign("w-1", long, Buffer.from(sample.body, "base64").toString())
    }
    const got = { ...call.got, integration: "payments" }
    const books = {
      webhooks: [{ ...webhook, integration: "payments" }],
      events: [{ ...event, integration: "payments" }]
    }
    const failing = (changes: Readonly<Record<string, string>>) => {
      const [changed] = headers({ ...own, ...provided, ...changes }).calls
      return failures({ ...books, calls: changed === undefined ? [] : [{ ...changed, got }] })
    }
    assert.deepStrictEqual(failing({}), [])
    assert.deepStrictEqual(failing({ "webhook-timestamp": "1" }), ["signatures wrong"])
  })
})
