import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `Calendly-Webhook-Signature: t=<unix>,v1=<hex>`. Source: Calendly's community, not its docs. */
export const calendly: Provider = {
  title: "Calendly",
  docs: "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["calendly-webhook-signature"],
      form: { _tag: "List", separator: ",", assign: "=", key: "v1" },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{timestamp}.{raw}")
    },
    timestamp: Option.some({ source: { part: "t" }, unit: "seconds", maxAge: 300, maxAhead: 300 }),
    id: Option.none(),
    dedupe: [],
    type: [[{ json: JsonPath.make("$.event") }]]
  })
}
