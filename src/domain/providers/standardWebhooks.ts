import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `webhook-signature: v1,<base64> [v1,<base64>…]` over id, timestamp and body. Source: the Standard Webhooks specification. */
export const standardWebhooks: Provider = {
  title: "Standard Webhooks",
  docs: "https://www.standardwebhooks.com",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["webhook-signature"],
      form: { _tag: "List", separator: " ", assign: ",", key: "v1" },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "base64", stripPrefix: "whsec_" },
      content: Template.make("{id}.{timestamp}.{raw}")
    },
    timestamp: Option.some({ source: { header: "webhook-timestamp" }, unit: "seconds", maxAge: 300, maxAhead: 300 }),
    id: Option.some({ header: "webhook-id" }),
    dedupe: [[{ header: "webhook-id" }]],
    type: [[{ json: JsonPath.make("$.type") }]]
  })
}
