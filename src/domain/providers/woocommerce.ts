import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-WC-Webhook-Signature: <base64>`. Source: third parties. */
export const woocommerce: Provider = {
  title: "WooCommerce",
  docs: "https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-wc-webhook-signature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ header: "x-wc-webhook-delivery-id" }]],
    type: [[{ header: "x-wc-webhook-topic" }]]
  })
}
