import * as Keys from "./Keys.ts"
import { type HeaderSender, hmac, inHeader, json, type Sender, unix } from "./Sender.ts"

const inHeaders: ReadonlyArray<HeaderSender> = [
  {
    provider: "stripe",
    keys: Keys.stripe,
    proof: "stripe-signature",
    type: "invoice.paid",
    body: ({ id, type }) => json({ id, object: "event", type, data: { object: { id: "in_1", amount_due: 1_000 } } }),
    headers: (key, body, { at }) => ({
      "stripe-signature": `t=${unix(at)},v1=${hmac(key, `${unix(at)}.${body}`, "hex")}`
    })
  },
  {
    provider: "shopify",
    keys: Keys.text,
    proof: "x-shopify-hmac-sha256",
    type: "orders/create",
    body: ({ id }) => json({ id: 820_982_911, name: "ünïcödé", note: id }),
    headers: (key, body, { id, type }) => ({
      "x-shopify-hmac-sha256": hmac(key, body, "base64"),
      "x-shopify-topic": type,
      "x-shopify-webhook-id": id,
      "x-shopify-event-id": "98880550"
    })
  },
  {
    provider: "paddle",
    keys: Keys.text,
    proof: "paddle-signature",
    type: "transaction.paid",
    body: ({ id, type }) =>
      json({ event_id: id, event_type: type, notification_id: "ntf_01", data: { id: "txn_01", status: "paid" } }),
    headers: (key, body, { at }) => ({
      "paddle-signature": `ts=${unix(at)};h1=${hmac(key, `${unix(at)}:${body}`, "hex")}`
    })
  },
  {
    provider: "square",
    keys: Keys.text,
    proof: "x-square-hmacsha256-signature",
    type: "payment.updated",
    body: ({ id, type }) =>
      json({ merchant_id: "6SSW7HV8K2ST5", type, event_id: id, data: { type: "payment", id: "KkAkhdMs" } }),
    headers: (key, body, { url }) => ({ "x-square-hmacsha256-signature": hmac(key, url + body, "base64") })
  },
  {
    provider: "adyen-platform",
    keys: Keys.hex,
    proof: "hmacsignature",
    type: "balancePlatform.transfer.created",
    body: ({ id, type }) => json({ type, environment: "test", data: { id, status: "authorised" } }),
    headers: (key, body) => ({ hmacsignature: hmac(Buffer.from(key, "hex"), body, "base64") })
  },
  {
    provider: "lemonsqueezy",
    keys: Keys.text,
    proof: "x-signature",
    type: "order_created",
    body: ({ id, type }) => json({ meta: { event_name: type }, data: { type: "orders", id } }),
    headers: (key, body, { type }) => ({ "x-signature": hmac(key, body, "hex"), "x-event-name": type })
  },
  {
    provider: "woocommerce",
    keys: Keys.text,
    proof: "x-wc-webhook-signature",
    type: "order.created",
    body: ({ id }) => json({ id: 1, order_key: id, status: "processing" }),
    headers: (key, body, { id, type }) => ({
      "x-wc-webhook-signature": hmac(key, body, "base64"),
      "x-wc-webhook-delivery-id": id,
      "x-wc-webhook-topic": type
    })
  }
]

const adyen: Sender = {
  provider: "adyen",
  keys: Keys.hex,
  proof: {
    json: ["notificationItems", "0", "NotificationRequestItem", "additionalData", "hmacSignature"]
  },
  type: "AUTHORISATION",
  sign: (key, { id, type, url }) => {
    const signed = `${id}::SluiceECOM:order 1:1000:EUR:${type}:true`
    const item = {
      additionalData: { hmacSignature: hmac(Buffer.from(key, "hex"), signed, "base64") },
      pspReference: id,
      merchantAccountCode: "SluiceECOM",
      merchantReference: "order 1",
      amount: { value: 1_000, currency: "EUR" },
      eventCode: type,
      eventDate: "2026-02-01T12:00:00+01:00",
      reason: "033899:1111:03/2030",
      success: "true"
    }
    return {
      url,
      headers: { "content-type": "application/json" },
      body: json({ live: "false", notificationItems: [{ NotificationRequestItem: item }] })
    }
  }
}

/** Who sends when something is sold. */
export const shops: ReadonlyArray<Sender> = [...inHeaders.map(inHeader), adyen]
