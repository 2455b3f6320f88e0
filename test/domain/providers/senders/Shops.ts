import { hmac, type Sender, text, unix } from "./Sender.ts"

/** Who sends when something is sold. */
export const shops: ReadonlyArray<Sender> = [
  {
    ...text,
    provider: "shopify",
    body: "{\"id\":820982911946154508,\"name\":\"ünïcödé\"}",
    carries: "x-shopify-hmac-sha256",
    headers: (secret, body) => ({
      "x-shopify-hmac-sha256": hmac(secret, body, "base64"),
      "x-shopify-topic": "orders/create",
      "x-shopify-webhook-id": "b54557e4",
      "x-shopify-event-id": "98880550"
    }),
    dedupeKey: "b54557e4",
    type: "orders/create"
  },
  {
    ...text,
    provider: "paddle",
    body: "{\"event_id\":\"evt_01\",\"event_type\":\"transaction.paid\",\"notification_id\":\"ntf_01\"}",
    carries: "paddle-signature",
    headers: (secret, body, at) => ({
      "paddle-signature": `ts=${unix(at)};h1=${hmac(secret, `${unix(at)}:${body}`, "hex")}`
    }),
    tolerance: [300, 300],
    dedupeKey: "evt_01",
    type: "transaction.paid"
  },
  {
    ...text,
    provider: "square",
    body: "{\"type\":\"payment.updated\",\"event_id\":\"13b867cf\",\"data\":{\"id\":\"KkAkhdMs\"}}",
    carries: "x-square-hmacsha256-signature",
    headers: (secret, body) => ({
      "x-square-hmacsha256-signature": hmac(secret, `https://hooks.example/api/v1/webhooks/one${body}`, "base64")
    }),
    dedupeKey: "13b867cf",
    type: "payment.updated"
  },
  {
    provider: "adyen-platform",
    secret: "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00",
    otherSecret: "00B1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00",
    provesBody: true,
    body: "{\"type\":\"balancePlatform.transfer.created\",\"data\":{\"id\":\"EVJN\"}}",
    carries: "hmacsignature",
    headers: (secret, body) => ({ hmacsignature: hmac(Buffer.from(secret, "hex"), body, "base64") }),
    dedupeKey: "hash",
    type: "balancePlatform.transfer.created"
  },
  {
    ...text,
    provider: "lemonsqueezy",
    body: "{\"data\":{\"id\":\"1\"}}",
    carries: "x-signature",
    headers: (secret, body) => ({ "x-signature": hmac(secret, body, "hex"), "x-event-name": "order_created" }),
    dedupeKey: "hash",
    type: "order_created"
  },
  {
    ...text,
    provider: "woocommerce",
    body: "{\"id\":1}",
    carries: "x-wc-webhook-signature",
    headers: (secret, body) => ({
      "x-wc-webhook-signature": hmac(secret, body, "base64"),
      "x-wc-webhook-delivery-id": "d1",
      "x-wc-webhook-topic": "order.created"
    }),
    dedupeKey: "d1",
    type: "order.created"
  }
]
