import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `Paddle-Signature: ts=<unix>;h1=<hex>[;h1=<hex>…]`. A copy is signed anew. Source: paddle-node-sdk. */
export const paddle: Provider = {
  title: "Paddle Billing",
  docs: "https://developer.paddle.com/webhooks/signature-verification",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["paddle-signature"],
      form: { _tag: "List", separator: ";", assign: "=", key: "h1" },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{timestamp}:{raw}")
    },
    timestamp: Option.some({ source: { part: "ts" }, unit: "seconds", maxAge: 300, maxAhead: 300 }),
    id: Option.none(),
    dedupe: [[{ json: JsonPath.make("$.event_id") }]],
    type: [[{ json: JsonPath.make("$.event_type") }]]
  })
}
