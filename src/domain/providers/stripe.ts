import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…]`, two `v1` while a secret is rolled. Source: stripe-node. */
export const stripe: Provider = {
  title: "Stripe",
  docs: "https://docs.stripe.com/webhooks/signature",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["stripe-signature"],
      form: { _tag: "List", separator: ",", assign: "=", key: "v1" },
      hash: "sha256",
      encoding: "hex",
      // The whole text is the key, `whsec_` included.
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{timestamp}.{raw}")
    },
    timestamp: Option.some({ source: { part: "t" }, unit: "seconds", maxAge: 300, maxAhead: 300 }),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.id") }]],
    type: [[{ json: JsonPath.make("$.type") }]]
  })
}
