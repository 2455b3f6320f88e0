import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `x-zm-signature: v0=<hex>` over version, timestamp and body. Source: zoom/webhook-sample. */
export const zoom: Provider = {
  title: "Zoom",
  docs: "https://developers.zoom.us/docs/api/webhooks/",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-zm-signature"],
      form: { _tag: "Plain", prefix: "v0=", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("v0:{timestamp}:{raw}")
    },
    timestamp: Option.some({
      source: { header: "x-zm-request-timestamp" },
      unit: "seconds",
      maxAge: 300,
      maxAhead: 300
    }),
    id: Option.none(),
    dedupe: [],
    type: [[{ json: JsonPath.make("$.event") }]]
  })
}
