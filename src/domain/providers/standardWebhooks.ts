import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import type { Scheme } from "../verification/Scheme.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/**
 * `webhook-signature: v1,<base64> [v1,<base64>…]` over id, timestamp and body; Svix puts its own name before the headers'.
 * Source: the Standard Webhooks specification.
 */
export const schemeOf = (names: "webhook" | "svix"): Scheme => ({
  signature: {
    _tag: "Hmac",
    headers: [`${names}-signature`],
    form: { _tag: "List", separator: " ", assign: ",", key: "v1" },
    hash: "sha256",
    encoding: "base64",
    key: { encoding: "base64", stripPrefix: "whsec_" },
    content: Template.make("{id}.{timestamp}.{raw}")
  },
  timestamp: Option.some({ source: { header: `${names}-timestamp` }, unit: "seconds", maxAge: 300, maxAhead: 300 }),
  id: Option.some({ header: `${names}-id` }),
  dedupe: [[{ header: `${names}-id` }]],
  type: [[{ json: JsonPath.make("$.type") }]]
})

export const standardWebhooks: Provider = {
  title: "Standard Webhooks",
  docs: "https://www.standardwebhooks.com",
  ...fixed(schemeOf("webhook"))
}
