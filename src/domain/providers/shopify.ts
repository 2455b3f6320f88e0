import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Shopify-Hmac-SHA256: <base64>` by the app's client secret; newer subscriptions drop the `X-`. Source: shopify.dev. */
export const shopify: Provider = {
  title: "Shopify",
  docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-shopify-hmac-sha256", "shopify-hmac-sha256"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ header: "x-shopify-webhook-id" }], [{ header: "shopify-webhook-id" }]],
    type: [[{ header: "x-shopify-topic" }], [{ header: "shopify-topic" }]]
  })
}
